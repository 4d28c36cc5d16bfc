import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import h5wasm from "h5wasm";
import {
  groundTrack,
  ICESAT2,
  type OrbitExtent,
  orbitOfProduct,
  type OrbitParameters,
  orbitParameters,
  pointAt,
} from "../../../products/orbits.ts";
import { hasSharedData, sharedData } from "../../shared_data.ts";

/** Great-circle distance in kilometres, on a sphere of 6371 km. */
function distanceKm(lon0: number, lat0: number, lon1: number, lat1: number): number {
  const rad = Math.PI / 180;
  const h = Math.sin((lat1 - lat0) * rad / 2) ** 2 +
    Math.cos(lat0 * rad) * Math.cos(lat1 * rad) * Math.sin((lon1 - lon0) * rad / 2) ** 2;
  return 2 * 6371 * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** How far a point lies from the nearest point of a finely cut track. */
function offTrackKm(track: Float64Array, lon: number, lat: number): number {
  let nearest = Infinity;
  for (let i = 0; i + 3 < track.length; i += 2) {
    const [x0, y0, y1] = [track[i], track[i + 1], track[i + 3]];
    const dx = ((track[i + 2] - x0 + 540) % 360) - 180;
    for (let step = 0; step <= 20; step += 1) {
      const t = step / 20;
      nearest = Math.min(nearest, distanceKm(x0 + dx * t, y0 + (y1 - y0) * t, lon, lat));
    }
  }
  return nearest;
}

/** ICESat-2's granule regions: start and end latitude and direction (ATL03 data dictionary). */
const REGIONS: Record<number, [number, "A" | "D", number, "A" | "D"]> = {
  2: [27, "A", 59.5, "A"],
  3: [59.5, "A", 80, "A"],
  5: [80, "D", 59.5, "D"],
  10: [-50, "D", -79, "D"],
};

const GRANULES = hasSharedData
  ? ["atl06", "atl08"].flatMap((folder) =>
    fs.readdirSync(sharedData(folder)).filter((name) => name.endsWith(".h5")).map((name) =>
      `${folder}/${name}`
    )
  )
  : [];

Deno.test({
  name: "observations of real granules lie within 6 km of the track that their orbit gives",
  ignore: !hasSharedData,
  fn: async () => {
    const { FS } = await h5wasm.ready;
    let granules = 0;
    for (const granule of GRANULES) {
      const region = Number(/_\d{6}(\d\d)_/.exec(granule)![1]);
      const [startLatitude, startDirection, endLatitude, endDirection] = REGIONS[region];
      const name = path.basename(granule);
      FS.writeFile(name, fs.readFileSync(sharedData(granule)));
      const file = new h5wasm.File(name, "r");
      const values = (at: string) => (file.get(at) as { value: ArrayLike<number> } | null)?.value;
      const extent: OrbitExtent = {
        ascendingCrossing: Number(values("orbit_info/lan")![0]),
        startLatitude,
        startDirection,
        endLatitude,
        endDirection,
      };
      const track = groundTrack(extent, ICESAT2)!;
      for (const beam of ["gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"]) {
        for (const group of ["land_ice_segments", "land_segments"]) {
          const latitude = values(`${beam}/${group}/latitude`);
          const longitude = values(`${beam}/${group}/longitude`);
          if (latitude === undefined || longitude === undefined) continue;
          for (const at of [0, latitude.length >> 1, latitude.length - 1]) {
            if (!(Math.abs(latitude[at]) <= 90)) continue;
            const off = offTrackKm(track, longitude[at], latitude[at]);
            assert.ok(off < 6, `${granule} ${beam}: ${off.toFixed(2)} km from the track`);
          }
        }
      }
      file.close();
      FS.unlink(name);
      granules += 1;
    }
    assert.equal(granules, GRANULES.length);
    assert.ok(granules >= 12);
  },
});

Deno.test("a track passes its node northward and comes back one shift further west", () => {
  const [lon, lat] = pointAt(0, 31.016, ICESAT2);
  assert.ok(Math.abs(lon - 31.016) < 1e-12 && Math.abs(lat) < 1e-12);
  assert.ok(pointAt(1, 0, ICESAT2)[1] > 0);
  // 1,387 revolutions are 91 turns of the earth: the track closes.
  const [closed] = pointAt(360 * 1387, 10, ICESAT2);
  assert.ok(Math.abs(closed - 10) < 1e-6);
});

Deno.test("a retrograde orbit's highest latitude is its inclination's supplement", () => {
  const [, highest] = pointAt(90, 0, ICESAT2);
  // Geocentric 88 degrees is geodetic 88.0067 (tan 88 / 0.99330562).
  assert.ok(Math.abs(highest - 88.0134) < 0.01, String(highest));
});

const extent = (start: number, a: "A" | "D", end: number, b: "A" | "D"): OrbitExtent => ({
  ascendingCrossing: 0,
  startLatitude: start,
  startDirection: a,
  endLatitude: end,
  endDirection: b,
});

Deno.test("the fourteen regions of an orbit join and make one revolution", () => {
  const bounds: [number, "A" | "D"][] = [
    [0, "A"],
    [27, "A"],
    [59.5, "A"],
    [80, "A"],
    [80, "D"],
    [59.5, "D"],
    [27, "D"],
    [0, "D"],
    [-27, "D"],
    [-50, "D"],
    [-79, "D"],
    [-79, "A"],
    [-50, "A"],
    [-27, "A"],
    [0, "A"],
  ];
  let vertices = 0;
  for (let i = 0; i + 1 < bounds.length; i += 1) {
    const track = groundTrack(extent(...bounds[i], ...bounds[i + 1]), ICESAT2)!;
    vertices += track.length / 2;
    if (i + 2 === bounds.length) break;
    const following = groundTrack(extent(...bounds[i + 1], ...bounds[i + 2]), ICESAT2)!;
    const end = offTrackKm(following, track[track.length - 2], track[track.length - 1]);
    assert.ok(end < 1, `region ${i + 1} ends ${end.toFixed(2)} km off the next`);
  }
  // 360 degrees at a quarter of a degree, and the margins of fourteen parts.
  assert.ok(vertices > 1440 && vertices < 1440 + 14 * 5, String(vertices));
});

Deno.test("a part that ends in the south ascending belongs to the node that its orbit began with", () => {
  const track = groundTrack(extent(-50, "A", -27, "A"), ICESAT2)!;
  // Nine tenths of a revolution on, the track lies some 21 degrees west of the node and 3 more.
  const middle = Math.floor(track.length / 4) * 2;
  assert.ok(track[middle] < -15 && track[middle] > -30, String(track[middle]));
});

Deno.test("an extent that the orbit never reaches has no track", () => {
  const low: OrbitParameters = orbitParameters(51.6, 92.9, 100)!;
  assert.equal(groundTrack(extent(0, "A", 70, "A"), low), null);
  assert.notEqual(groundTrack(extent(0, "A", 51.7, "A"), low), null);
  assert.equal(groundTrack({ ...extent(0, "A", 10, "A"), ascendingCrossing: NaN }, ICESAT2), null);
});

Deno.test("parameters out of range are none", () => {
  assert.equal(orbitParameters(0, 94, 36), null);
  assert.equal(orbitParameters(92, 94, NaN), null);
  assert.equal(orbitParameters(92, 5, 36), null);
  const stated = orbitParameters(92, 94.29, 36)!;
  // The period of the collection's metadata leaves the node's precession out: 0.02 degrees an orbit.
  assert.ok(Math.abs(stated.nodeShiftDegrees - ICESAT2.nodeShiftDegrees) < 0.03);
});

Deno.test("missions are identified by their products' names", () => {
  for (const name of ["ATL06.005", "SC:ATL08.005:1", "ATLAS/ICESat-2 L3A Land Ice Height V005"]) {
    assert.equal(orbitOfProduct(name), ICESAT2, name);
  }
  for (const name of ["MOD02QKM.6.1", "ATLANTIS", null]) assert.equal(orbitOfProduct(name), null);
});
