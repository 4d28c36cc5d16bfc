import assert from "node:assert/strict";
import {
  angleAtLatitude,
  EARTH_RADIUS_METRES,
  firstOrbitFrom,
  groundPoint,
  type Orbit,
  ORBIT_SECONDS,
  orbitAt,
  TRACKS_PER_CYCLE,
} from "../../../../products/simulate/orbit.ts";

/** Metres between two points, on a sphere. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const rad = Math.PI / 180;
  const dLat = (b[0] - a[0]) * rad, dLon = (b[1] - a[1]) * rad;
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a[0] * rad) * Math.cos(b[0] * rad) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_RADIUS_METRES * Math.asin(Math.sqrt(h));
}

function pointAt(orbit: Orbit, angle: number, offset = 0): Float64Array {
  const point = new Float64Array(2);
  groundPoint(orbit, angle, offset, point);
  return point;
}

/**
 * Real passes, from ATL06 files of releases 001 to 006: cycle, track, seconds and longitude of the
 * ascending node (orbit_info/crossing_time and lan), and a point of the middle beam pair.
 */
const REAL = [
  [20, 878, 177437285.611, 165.7261, 58.155047, 158.742084],
  [1, 256, 24829431.36, 96.9438, -74.55232, -107.022071],
  [1, 924, 28608560.437, 159.2373, 78.586544, -17.472096],
  [3, 277, 40641819.361, -39.0605, 70.219089, -49.209998],
  [3, 407, 41377278.689, 130.4277, 72.050912, -50.480663],
  [3, 1352, 46723495.676, 130.1682, 72.037907, -50.745601],
] as const;

Deno.test("numbered tracks cross the equator where and when the real ones did", () => {
  for (const [cycle, track, seconds, longitude] of REAL) {
    const orbit = orbitAt((cycle - 1) * TRACKS_PER_CYCLE + track - 1);
    assert.equal(orbit.track, track);
    assert.equal(orbit.cycle, cycle);
    assert.ok(
      Math.abs(orbit.nodeSeconds - seconds) < 15,
      `${cycle}/${track}: ${orbit.nodeSeconds - seconds} s`,
    );
    assert.ok(Math.abs(orbit.nodeLongitudeDegrees - longitude) < 0.002);
  }
});

Deno.test("real observations lie within two kilometres of the track of their number", () => {
  for (const [cycle, track, , , latitude, longitude] of REAL) {
    const orbit = orbitAt((cycle - 1) * TRACKS_PER_CYCLE + track - 1);
    let least = Infinity;
    for (const ascending of [true, false]) {
      const near = angleAtLatitude(latitude, ascending);
      for (let step = -500; step <= 500; step++) {
        least = Math.min(least, distance([latitude, longitude], pointAt(orbit, near + step * 2e-5)));
      }
    }
    assert.ok(least < 2000, `${cycle}/${track}: ${least.toFixed(0)} m`);
  }
});

Deno.test("the track reaches 88 degrees and no further", () => {
  const orbit = orbitAt(0);
  let north = -90, south = 90;
  for (let step = 0; step < 3600; step++) {
    const [latitude] = pointAt(orbit, (step * Math.PI) / 1800);
    north = Math.max(north, latitude), south = Math.min(south, latitude);
  }
  assert.ok(Math.abs(north - 88) < 0.02 && Math.abs(south + 88) < 0.02, `${south} ${north}`);
});

Deno.test("the orbit follows its own end: after one revolution comes the next track's node", () => {
  for (const count of [0, 700, TRACKS_PER_CYCLE - 1]) {
    const end = pointAt(orbitAt(count), 2 * Math.PI - 1e-9), next = pointAt(orbitAt(count + 1), 0);
    assert.ok(distance(end, next) < 1, `${distance(end, next)} m`);
  }
  assert.ok(Math.abs(orbitAt(1).nodeSeconds - orbitAt(0).nodeSeconds - ORBIT_SECONDS) < 1e-3);
});

Deno.test("an offset lies to the left of the flight, at its distance", () => {
  const orbit = orbitAt(0);
  // Northward over the equator: left is west. Southward: left is east.
  assert.ok(pointAt(orbit, 0.1, 3300)[1] < pointAt(orbit, 0.1)[1]);
  assert.ok(pointAt(orbit, Math.PI - 0.1, 3300)[1] > pointAt(orbit, Math.PI - 0.1)[1]);
  for (const angle of [0.1, 1.5, 3, 4.6]) {
    const apart = distance(pointAt(orbit, angle, 1650), pointAt(orbit, angle, -1650));
    assert.ok(Math.abs(apart - 3300) < 25, `${apart}`);
  }
});

Deno.test("the angle at a latitude leads to that latitude", () => {
  const orbit = orbitAt(5);
  for (const latitude of [-79, -50, 0, 27, 59.5, 80, 87.9]) {
    for (const ascending of [true, false]) {
      const angle = angleAtLatitude(latitude, ascending);
      assert.ok(Math.abs(pointAt(orbit, angle)[0] - latitude) < 1e-9);
      const later = pointAt(orbit, angle + 1e-4)[0];
      assert.equal(later > latitude, ascending);
    }
  }
});

Deno.test("the first orbit from a time begins at or after it", () => {
  const seconds = 189_302_400;
  const count = firstOrbitFrom(seconds);
  assert.ok(orbitAt(count).nodeSeconds >= seconds);
  assert.ok(orbitAt(count - 1).nodeSeconds < seconds);
});
