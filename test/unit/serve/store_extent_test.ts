/** The box of longitudes and latitudes of stores with more cells than are gone through. */
import assert from "node:assert/strict";
import { PlaneCells } from "../../../core/store/plane_cells.ts";
import type { PlaneLevel } from "../../../core/store/plane.ts";
import { cellsIn } from "../../../core/store/levels.ts";
import { extentAround } from "../../../core/store/plane.ts";
import { cellOf } from "../../../core/projected/grid.ts";
import { FolderTarget } from "../../../core/access/folder_target.ts";
import type { StoreSpec } from "../../../core/store/contract.ts";
import { openStore } from "../../../core/store/open.ts";
import { extentOfArrays, storeExtent } from "../../../serve/stores/store_extent.ts";
import { fixtureSpec, planeSpec, writeFixture } from "../../interop/store_fixture.ts";
import { withFolder } from "../catalog/sample.ts";

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

Deno.test("the box of a store is around its valued cells where its arrays reach over the pole", () =>
  withFolder(async (folder) => {
    // Tiles of 32 km from the pole outward, in arrays of 640 x 640 cells that hold it.
    const parents = [[1030, 1030], [1041, 1041]].map(([column, row]) => cellOf(column, row));
    const levels = [16];
    const spec: StoreSpec = planeSpec();
    const extent = extentAround([...parents, cellOf(1022, 1022)], 11, 4, levels);
    await writeFixture(
      { ...spec, parents, levels, plane: { ...spec.plane!, extent } },
      new FolderTarget(folder),
    );
    const store = await openStore(folder);
    assert.ok(cellsIn(store.levels[0]) > 200_000);
    const box = await storeExtent(store, null);
    // pyproj's transform_bounds of the square that holds both tiles.
    [-26.528, 82.486, 26.558, 87.489].forEach((wanted, i) => {
      const value = [box.xmin, box.ymin, box.xmax, box.ymax][i];
      assert.ok(Math.abs(value - wanted) < 0.5, `${value}, not ${wanted}`);
    });
    await store.close();
  }));

// What healpy's boundaries say of these cells of order 2; each is sixteen parents of order 4.
const HEALPIX_BOXES = [
  [10, [0, 30, 22.5, 54.34091]],
  [168, [-180, -66.44354, -150, -41.81031]],
  [191, [-56.25, -19.47122, -33.75, 0]],
] as const;

/** Ancestors that the box is made of may lie half of their quarter of a degree on either side of the cells. */
const ANCESTOR_DEGREES = 0.5;

for (const windows of [null, { starts: [0, 86400, 172800, 259200], ends: [86400, 172800, 259200, 345600] }]) {
  for (const [cell, wanted] of windows === null ? HEALPIX_BOXES : HEALPIX_BOXES.slice(1, 2)) {
    const name = `the box of a large store of HEALPix cells is around cell 2/${cell}`;
    Deno.test(`${name}${windows === null ? "" : " in windows of time"}`, () =>
      withFolder(async (folder) => {
        const spec: StoreSpec = {
          ...fixtureSpec("compact", "geodetic"),
          parents: Array.from({ length: 16 }, (_, child) => 16 * cell + child),
          levels: [windows === null ? 11 : 10],
          ...(windows === null ? {} : { time: windows }),
        };
        await writeFixture(spec, new FolderTarget(folder));
        const store = await openStore(folder);
        assert.ok(store.levels[0].length * (windows?.starts.length ?? 1) > 200_000);
        const { xmin, ymin, xmax, ymax } = await storeExtent(store, await store.windows());
        [xmin, ymin, xmax, ymax].forEach((value, i) =>
          assert.ok(Math.abs(value - wanted[i]) < ANCESTOR_DEGREES, `${value}, not ${wanted[i]}`)
        );
        await store.close();
      }));
  }
}
