/** Footprints of frames over the poles, held against GEOS and the outlines of healpy's cells. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { toHex } from "../../cli/io/json.ts";
import { createFootprinter } from "../../catalog/discover/draft/footprinter.ts";
import { emptyExtent } from "../../catalog/footprint/extent.ts";
import { askPython, hasPeer } from "../support/python.ts";
import { withFolder } from "../unit/catalog/sample.ts";

const FRAMES = 200;

/** Repeatable numbers of 0 to 1 (Lehmer, 1951). */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = state * 48271 % 2147483647) / 2147483647;
}

/** Frames of 3 to 12 corners around centres within 18 degrees of a pole, hundredths of a degree. */
function polarFrames(): number[][][] {
  const next = random(20);
  const radians = Math.PI / 180;
  const frames: number[][][] = [];
  while (frames.length < FRAMES) {
    const sign = frames.length % 2 === 0 ? 1 : -1;
    const [centreLat, centreLon] = [sign * (72 + 18 * next()) * radians, 360 * next() * radians];
    const corners = 3 + Math.floor(10 * next());
    const angles = Array.from({ length: corners }, (_, i) => 2 * Math.PI * (i + 0.9 * next()) / corners);
    const ring = angles.map((angle) => {
      const distance = (2 + 20 * next()) * radians;
      // The place at an angle and a distance from the centre.
      const lat = Math.asin(
        Math.sin(centreLat) * Math.cos(distance) +
          Math.cos(centreLat) * Math.sin(distance) * Math.cos(angle),
      );
      const lon = centreLon + Math.atan2(
        Math.sin(angle) * Math.sin(distance) * Math.cos(centreLat),
        Math.cos(distance) - Math.sin(centreLat) * Math.sin(lat),
      );
      const wrapped = ((lon / radians + 180) % 360 + 360) % 360 - 180;
      return [Math.round(wrapped * 100) / 100, Math.round(lat / radians * 100) / 100];
    });
    if (frames.length % 10 === 0) ring[0] = [ring[0][0], sign * 90];
    if (frames.length % 7 === 0) ring.reverse();
    frames.push([...ring, ring[0]]);
  }
  return frames;
}

const PROGRAM = `
import sys, json, math, numpy as np, shapely, healpy
from shapely import wkb
e2 = 0.0066943799901413165; e = math.sqrt(e2)
def q(lat):
    s = np.sin(np.radians(lat)); return (1-e2)*(s/(1-e2*s*s) - np.log((1-e*s)/(1+e*s))/(2*e))
def authalic(lat): return np.degrees(np.arcsin(np.clip(q(lat)/q(90.0), -1, 1)))
def unit(lon, lat):
    a, b = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(b)*np.cos(a), np.cos(b)*np.sin(a), np.sin(b)], -1)
rng = np.random.default_rng(3)
answer = {"invalid": [], "compared": 0, "wrong": [], "missing": [], "excess": []}
for k, (ring, made) in enumerate(json.load(open(sys.argv[1]))):
    g = wkb.loads(bytes.fromhex(made["wkb"]))
    if not g.is_valid: answer["invalid"].append([k, shapely.is_valid_reason(g)])
    # Great circles are straight lines of the gnomonic projection around the frame's middle.
    v = unit(*np.array(ring).T); c = v[:-1].mean(0); c /= np.linalg.norm(c)
    t = np.cross(c, [1,0,0] if abs(c[0]) < .9 else [0,1,0]); t /= np.linalg.norm(t); u = np.cross(c, t)
    d = v @ c
    frame = shapely.Polygon(np.stack([(v @ t)/d, (v @ u)/d], -1))
    if d.min() < .2 or not frame.is_valid: continue
    answer["compared"] += 1
    z = rng.uniform(np.cos(np.arccos(d.min()) + .01), 1, 2000); a = rng.uniform(0, 2*np.pi, z.size); r = np.sqrt(1-z*z)
    p = z[:,None]*c + (r*np.cos(a))[:,None]*t + (r*np.sin(a))[:,None]*u
    pd = p @ c; X, Y = (p @ t)/pd, (p @ u)/pd
    inside = shapely.contains_xy(frame, X, Y)
    lon = np.degrees(np.arctan2(p[:,1], p[:,0])); lat = np.degrees(np.arcsin(np.clip(p[:,2], -1, 1)))
    far = shapely.distance(frame.boundary, shapely.points(X, Y)) > 0.0008
    wrong = int(((shapely.contains_xy(g, lon, lat) != inside) & far).sum())
    if wrong: answer["wrong"].append([k, wrong])
    # Cells meet great circles on the authalic sphere: the frame's corners there, and every cell's outline.
    v = unit(np.array(ring)[:,0], authalic(np.array(ring)[:,1])); d = v @ c
    frame = shapely.Polygon(np.stack([(v @ t)/d, (v @ u)/d], -1)); shapely.prepare(frame)
    near = healpy.query_disc(2**made["order"], c, np.arccos(d.min()) + .03, inclusive=True, nest=True)
    outline = np.moveaxis(healpy.boundaries(2**made["order"], near, step=4, nest=True), 1, 2); d = outline @ c
    cells = shapely.polygons(np.stack([(outline @ t)/d, (outline @ u)/d], -1))
    touched = near[shapely.intersects(frame, cells)]
    have = np.array(made["cells"])
    missing = int(np.setdiff1d(touched, have).size)
    if missing: answer["missing"].append([k, missing])
    answer["excess"].append(have.size/touched.size)
answer["excess"] = max(answer["excess"])
print(json.dumps(answer))`;

interface Answer {
  invalid: unknown[];
  compared: number;
  wrong: unknown[];
  missing: unknown[];
  excess: number;
}

Deno.test(
  "frames over the poles are valid for GEOS, hold what their great circles hold, and their cells are tight",
  {
    ignore: !hasPeer("shapely", "healpy"),
  },
  async () => {
    await withFolder((folder) => {
      const footprint = createFootprinter(8);
      const made = polarFrames().map((ring) => {
        const extent = emptyExtent("geodetic");
        extent.polygons.push({ outer: Float64Array.from(ring.flat()), holes: [] });
        const { geometry, cells, cell_order } = footprint(extent);
        return [ring, { wkb: toHex(geometry!), cells: [...cells].map(Number), order: cell_order }];
      });
      const file = path.join(folder, "frames.json");
      fs.writeFileSync(file, JSON.stringify(made));
      const answer = askPython(PROGRAM, file) as Answer;
      assert.deepEqual([answer.invalid, answer.wrong, answer.missing], [[], [], []]);
      assert.ok(answer.compared > 150, `${answer.compared}`);
      assert.ok(answer.excess < 1.01, `${answer.excess}`);
    });
  },
);
