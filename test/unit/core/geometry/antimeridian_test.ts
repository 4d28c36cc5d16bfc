import assert from "node:assert/strict";
import fc from "fast-check";
import {
  inRing,
  signedArea,
  splitLine,
  splitPolygon,
  wrapLongitude,
} from "../../../../core/geometry/antimeridian.ts";
import type { Polygon, Position, Ring } from "../../../../core/geometry/geometry.ts";

function within(polygons: readonly Polygon[], point: Position): boolean {
  return polygons.some(({ coordinates: [outer, ...holes] }) =>
    inRing(point, outer) && !holes.some((hole) => inRing(point, hole))
  );
}

const ringArea = (ring: Ring): number => Math.abs(signedArea(ring)) / 2;
const areaOf = (polygons: readonly Polygon[]): number =>
  polygons.reduce(
    (sum, { coordinates: [outer, ...holes] }) =>
      sum + ringArea(outer) - holes.reduce((inner, hole) => inner + ringArea(hole), 0),
    0,
  );

function checkForm(polygons: readonly Polygon[]): void {
  for (const { coordinates } of polygons) {
    coordinates.forEach((ring, index) => {
      assert.deepEqual(ring[0], ring[ring.length - 1], "closed");
      assert.ok(ring.length >= 4);
      assert.ok(ring.every(([x, y]) => Math.abs(x) <= 180 && Math.abs(y) <= 90), "in range");
      assert.equal(signedArea(ring) > 0, index === 0, "outer rings counterclockwise, holes clockwise");
    });
  }
}

Deno.test("a box across the antimeridian becomes two, whatever its winding and closing", () => {
  const box: Ring = [[170, 0], [-170, 0], [-170, 10], [170, 10]];
  for (const ring of [box, [...box, box[0]], [...box].reverse()]) {
    const split = splitPolygon([ring]);
    checkForm(split);
    assert.equal(split.length, 2);
    assert.equal(areaOf(split), 200);
    assert.ok(within(split, [175, 5]) && within(split, [-175, 5]));
    assert.ok(!within(split, [0, 5]) && !within(split, [165, 5]));
  }
});

Deno.test("a hole across the antimeridian is cut out of both halves", () => {
  const split = splitPolygon([
    [[170, 0], [-170, 0], [-170, 10], [170, 10]],
    [[175, 2], [175, 8], [-175, 8], [-175, 2]],
    [[171, 1], [172, 1], [172, 2], [171, 2]],
  ]);
  checkForm(split);
  assert.equal(areaOf(split), 200 - 60 - 1);
  assert.ok(!within(split, [178, 5]) && !within(split, [-178, 5]) && !within(split, [171.5, 1.5]));
  assert.ok(within(split, [172, 5]) && within(split, [179, 1]));
});

Deno.test("a ring around a pole is closed over the nearer one, or over the one that is given", () => {
  const north = splitPolygon([[[0, 80], [90, 80], [180, 80], [-90, 80]]]);
  checkForm(north);
  assert.ok(within(north, [45, 89]) && within(north, [-170, 85]) && within(north, [179, 81]));
  assert.ok(!within(north, [45, 79]) && !within(north, [0, -85]));
  assert.equal(areaOf(north), 3600);
  const south = splitPolygon([[[0, -70], [-90, -70], [180, -70], [90, -70]]]);
  assert.ok(within(south, [10, -80]) && !within(south, [10, -60]));
  const all = splitPolygon([[[0, 80], [90, 80], [180, 80], [-90, 80]]], { pole: "south" });
  assert.ok(within(all, [45, -80]) && !within(all, [45, 85]));
});

Deno.test("rings of fewer than three places enclose nothing", () => {
  assert.deepEqual(splitPolygon([[[1, 1], [2, 2], [1, 1]]]), []);
  assert.deepEqual(splitPolygon([]), []);
});

/** A star around a centre: simple, not convex, its radii drawn at random. */
const star = fc.record({
  x: fc.double({ min: -180, max: 180, noNaN: true }),
  y: fc.double({ min: -50, max: 50, noNaN: true }),
  radii: fc.array(fc.double({ min: 1, max: 30, noNaN: true }), { minLength: 3, maxLength: 24 }),
});

Deno.test("splitting keeps the area, and every point on its side", () => {
  fc.assert(
    fc.property(
      star,
      fc.array(
        fc.tuple(
          fc.double({ min: -40, max: 40, noNaN: true }),
          fc.double({ min: -40, max: 40, noNaN: true }),
        ),
      ),
      ({ x, y, radii }, offsets) => {
        const whole: Ring = radii.map((radius, i) => {
          const angle = 2 * Math.PI * i / radii.length;
          return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
        });
        const split = splitPolygon([whole.map(([px, py]) => [wrapLongitude(px), py])]);
        checkForm(split);
        assert.ok(Math.abs(areaOf(split) - ringArea(whole)) < 1e-6 * Math.max(1, ringArea(whole)));
        for (const [dx, dy] of offsets) {
          const near = whole.some(([px, py], i) => {
            const [qx, qy] = whole[(i + 1) % whole.length] as [number, number];
            const length = Math.hypot(qx - px, qy - py);
            return length > 0 &&
              Math.abs((qx - px) * (y + dy - py) - (qy - py) * (x + dx - px)) / length < 1e-6;
          });
          const longitude = wrapLongitude(x + dx);
          if (near || Math.abs(Math.abs(longitude) - 180) < 1e-6) continue;
          assert.equal(within(split, [longitude, y + dy]), inRing([x + dx, y + dy], whole));
        }
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("a line is cut where it crosses, at the latitude where it crosses", () => {
  assert.deepEqual(splitLine([[170, 0], [-170, 10]]), [[[170, 0], [180, 5]], [[-180, 5], [-170, 10]]]);
  assert.deepEqual(splitLine([[-170, 0], [170, 10], [160, 10]]), [
    [[-170, 0], [-180, 5]],
    [[180, 5], [170, 10], [160, 10]],
  ]);
  assert.deepEqual(splitLine([[170, 0], [180, 1], [170, 2]]), [[[170, 0], [180, 1], [170, 2]]]);
  assert.deepEqual(splitLine([[10, 1], [10, 1]]), []);
  assert.deepEqual(splitLine([[350, 1], [370, 1]]), [[[-10, 1], [10, 1]]]);
});

Deno.test("an orbit twice around the globe is cut at every crossing and keeps its length", () => {
  const track: Position[] = [];
  for (let i = 0; i <= 720; i++) track.push([wrapLongitude(100 + i), 80 * Math.sin(i / 50)]);
  const parts = splitLine(track);
  assert.equal(parts.length, 3);
  const width = parts.reduce((sum, part) => sum + part[part.length - 1][0] - part[0][0], 0);
  assert.ok(Math.abs(width - 720) < 1e-9);
  assert.ok(parts.every((part) => part.every(([x]) => Math.abs(x) <= 180)));
});
