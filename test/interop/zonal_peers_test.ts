/** Polygons burnt into rasters, as GDAL does it (rasterio.features). */
import assert from "node:assert/strict";
import { coveredPixels, coverWeights } from "../../core/raster/zonal/cover.ts";
import { askPython, hasPeer } from "../support/python.ts";

const WIDTH = 40;
const HEIGHT = 30;

const RASTERIZE = `
import json, sys
import numpy as np
from rasterio.features import rasterize
from rasterio.transform import Affine
width, height = 40, 30
out = []
for rings in json.loads(sys.argv[1]):
    shape = {"type": "Polygon", "coordinates": rings}
    def burn(scale, all_touched):
        return rasterize([(shape, 1)], out_shape=(height * scale, width * scale), fill=0, dtype="uint8",
                         transform=Affine.scale(1 / scale), all_touched=all_touched)
    fine = burn(10, True).reshape(height, 10, width, 10).sum(axis=(1, 3)) / 100
    out.append({"centre": burn(1, False).ravel().tolist(), "touched": burn(1, True).ravel().tolist(),
                "weights": fine.ravel().tolist()})
print(json.dumps(out))
`;

/** Star-shaped rings about a middle, by a fixed sequence. */
function star(seed: number): number[][] {
  let state = seed;
  const random = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
  const [x, y] = [5 + 30 * random(), 5 + 20 * random()];
  const corners = 3 + Math.floor(9 * random());
  const ring = Array.from({ length: corners }, (_, i) => {
    const angle = 2 * Math.PI * (i + 0.8 * random()) / corners;
    const radius = 1 + 16 * random();
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
  return [...ring, ring[0]];
}

Deno.test({
  name: "pixels by centre and by touch, and weights of parts, are GDAL's",
  ignore: !hasPeer("rasterio"),
  fn() {
    const box = (
      x0: number,
      y0: number,
      x1: number,
      y1: number,
    ) => [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]];
    const polygons = [
      ...Array.from({ length: 120 }, (_, i) => [star(i + 1)]),
      [box(0, 0, 40, 30)],
      [box(3, 4, 20, 9)],
      [box(2.25, 3.5, 17.75, 20.125)],
      [box(1, 1, 30, 25), box(5.5, 5.4, 12.5, 20.9)],
      [box(-10, -10, 4.4, 60)],
    ];
    const peer = askPython(RASTERIZE, JSON.stringify(polygons)) as Record<string, number[]>[];
    polygons.forEach((rings, i) => {
      const outline = rings.map((ring) => Float64Array.from(ring.flat()));
      assert.deepEqual([...coveredPixels(outline, WIDTH, HEIGHT, "centre")], peer[i].centre, `polygon ${i}`);
      assert.deepEqual(
        [...coveredPixels(outline, WIDTH, HEIGHT, "touched")],
        peer[i].touched,
        `polygon ${i}`,
      );
      coverWeights(outline, WIDTH, HEIGHT).forEach((weight, p) => {
        assert.ok(Math.abs(weight - peer[i].weights[p]) < 1e-6, `polygon ${i}, pixel ${p}`);
      });
    });
  },
});
