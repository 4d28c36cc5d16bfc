/** Warps as GDAL makes them (rasterio.warp.reproject), of smooth values, so that places may differ a little. */
import assert from "node:assert/strict";
import { crsOfCode } from "../../core/raster/crs/codes.ts";
import type { Affine } from "../../core/raster/grid.ts";
import { readWarped } from "../../core/raster/warp/read.ts";
import type { Resampling } from "../../core/raster/warp/resampling.ts";
import { levelGrid } from "../support/level_grid.ts";
import { askPython, hasPeer } from "../support/python.ts";

const REPROJECT = `
import json, sys, numpy as np
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject
asked = json.loads(sys.argv[1])
rows, columns = np.mgrid[0:120, 0:150]
source = 100 + 40 * np.sin(columns / 9) + 30 * np.cos(rows / 7) + 0.2 * columns
out = []
for method, pixel, size in asked["cases"]:
    found = np.full((size, size), np.nan)
    reproject(source, found, src_transform=Affine(30, 0, 500000, 0, -30, 5330000), src_crs="EPSG:32615",
              dst_transform=Affine(pixel, 0, asked["left"], 0, -pixel, asked["top"]), dst_crs="EPSG:3857",
              resampling=Resampling[method], dst_nodata=np.nan, tolerance=0)
    out.append([None if np.isnan(v) else v for v in found.ravel().tolist()])
print(json.dumps(out))
`;

/** Within the source, which lies at 93 W, 48 N. */
const LEFT = -10_352_000;
const TOP = 6_125_900;

/** Methods, metres a pixel (a cell has 45 there), pixels a side, and by how much values may differ. */
const CASES: readonly (readonly [Resampling, number, number, number])[] = [
  ["bilinear", 20, 64, 0.05],
  ["cubic", 20, 64, 0.05],
  ["cubic_spline", 20, 64, 0.05],
  ["lanczos", 20, 64, 0.05],
  ["average", 180, 16, 1.5],
  ["bilinear", 180, 16, 1.5],
  ["rms", 180, 16, 1.5],
  ["med", 180, 16, 5],
];

Deno.test({
  name: "kernels and areas give GDAL's values of a smooth field",
  ignore: !hasPeer("rasterio"),
  async fn() {
    const affine: Affine = [30, 0, 500000, 0, -30, 5330000];
    const values = Float64Array.from({ length: 150 * 120 }, (_, i) => {
      const [row, column] = [Math.floor(i / 150), i % 150];
      return 100 + 40 * Math.sin(column / 9) + 30 * Math.cos(row / 7) + 0.2 * column;
    });
    const grid = levelGrid({
      crs: crsOfCode("EPSG:32615"),
      affine,
      levels: [{ width: 150, height: 120, bands: [values] }],
    });
    const cases = CASES.map(([method, pixel, size]) => [method, pixel, size]);
    const theirs = askPython(
      REPROJECT,
      JSON.stringify({ cases, left: LEFT, top: TOP }),
    ) as (number | null)[][];
    for (const [c, [resampling, pixel, size, slack]] of CASES.entries()) {
      const output = {
        crs: crsOfCode("EPSG:3857"),
        affine: [pixel, 0, LEFT, 0, -pixel, TOP] as Affine,
        width: size,
        height: size,
      };
      const { bands: [band], masks: [mask] } = await readWarped(grid, output, { resampling }) ??
        assert.fail();
      let [compared, worst] = [0, 0];
      theirs[c].forEach((value, i) => {
        if (value === null || mask[i] === 0) return;
        compared++;
        worst = Math.max(worst, Math.abs(value - band[i]));
      });
      assert.ok(compared >= 0.9 * size * size, `${resampling}: ${compared} compared`);
      assert.ok(worst <= slack, `${resampling} at ${pixel} m: ${worst}`);
    }
  },
});
