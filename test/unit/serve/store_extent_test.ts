/** The box of longitudes and latitudes of stores with more cells than are gone through. */
import assert from "node:assert/strict";
import { PlaneCells } from "../../../core/store/plane_cells.ts";
import type { PlaneLevel } from "../../../core/store/plane.ts";
import { extentOfArrays } from "../../../serve/stores/store_extent.ts";

const ORDER = 12;
const CELLS_A_SIDE = 512;

/** A level over the box `[left, bottom, right, top]` of a reference system; cells need not be square here. */
function levelOver(crs: string, [left, bottom, right, top]: readonly number[]) {
  const side = (right - left) / CELLS_A_SIDE;
  const plane: PlaneLevel = {
    width: CELLS_A_SIDE,
    height: (top - bottom) / side,
    corner: [left, top],
    side,
    column: 0,
    row: 0,
    shardSide: CELLS_A_SIDE,
    chunkSide: CELLS_A_SIDE,
    shardColumns: 1,
    shardRows: 1,
  };
  return { cells: new PlaneCells(ORDER, { crs, resolution: side, origin: [0, 0] }), plane };
}

// What pyproj's transform_bounds says of the boxes, with 2001 points a side.
const BOXES = [
  ["EPSG:32615", [337920, 4872960, 652800, 5210880], [-95.1332, 43.9919, -90.9889, 47.0514]],
  ["EPSG:6933", [-10624000, -2560000, 5888000, 5632000], [-110.1089, -20.4899, 61.0242, 50.2177]],
  ["EPSG:3413", [-256000, -2816000, 384000, -768000], [-63.4349, 64.1919, -18.4349, 82.919]],
  ["EPSG:3413 around the pole", [-128000, -1152000, 128000, 1152000], [-180, 79.3298, 180, 90]],
  // It says 147.5288 to -140.7106: over the antimeridian, where one box has all longitudes.
  ["EPSG:3031 over the antimeridian", [-1152000, -1920000, 896000, -1408000], [
    -180,
    -77.0939,
    180,
    -69.6017,
  ]],
  ["EPSG:4326", [3.84, 44.8, 12.8, 55.04], [3.84, 44.8, 12.8, 55.04]],
] as const;

for (const [name, box, wanted] of BOXES) {
  Deno.test(`a large store's box is that of its arrays: ${name}`, () => {
    const { xmin, ymin, xmax, ymax } = extentOfArrays(levelOver(name.split(" ")[0], box));
    [xmin, ymin, xmax, ymax].forEach((value, i) =>
      assert.ok(Math.abs(value - wanted[i]) < 2e-4, `${value}, not ${wanted[i]}`)
    );
  });
}

Deno.test("the box of a large store of HEALPix cells is the Earth", () => {
  const { cells } = levelOver("EPSG:6933", [0, 0, 512000, 512000]);
  assert.deepEqual(extentOfArrays({ cells, plane: null }), { xmin: -180, ymin: -90, xmax: 180, ymax: 90 });
});
