/** Cells of projected grids: ids, edges and places, against arithmetic of the test's own and places that PROJ computed. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { assignProjected, CellFinder } from "../../../../core/projected/assign.ts";
import { cellOf, columnAndRow, edgesOf, finestOrder, sideOf } from "../../../../core/projected/grid.ts";
import { mappingAttributes } from "../../../../core/projected/mapping.ts";
import { CellPlaces } from "../../../../core/projected/places.ts";

const GREENLAND = { crs: "EPSG:3413", resolution: 1000, origin: [0, 0] as [number, number] };

Deno.test("an id is column and row bit by bit, and the cell above has a quarter of it", () => {
  const place = fc.integer({ min: 0, max: 2 ** 24 - 1 });
  fc.assert(
    fc.property(place, place, (column, row) => {
      let wanted = 0n;
      for (let bit = 0n; bit < 24n; bit++) {
        wanted |= (BigInt(column) >> bit & 1n) << 2n * bit | (BigInt(row) >> bit & 1n) << 2n * bit + 1n;
      }
      const id = cellOf(column, row);
      assert.equal(BigInt(id), wanted);
      assert.deepEqual(columnAndRow(id), [column, row]);
      assert.deepEqual(columnAndRow(Math.floor(id / 4)), [column >> 1, row >> 1]);
    }),
    { seed: 13 },
  );
});

Deno.test("cells are squares around the origin, rows go south, and every order's edges are among the finer ones'", () => {
  const grid = { crs: "EPSG:32633", resolution: 25, origin: [500_012.5, -3] as [number, number] };
  const finest = finestOrder(grid);
  const middle = 2 ** finest / 2;
  assert.deepEqual(edgesOf(grid, finest, [middle, middle]), grid.origin);
  assert.deepEqual(edgesOf(grid, finest, [middle + 3, middle + 1]), [500_087.5, -28]);
  for (let order = 1; order < finest; order++) {
    assert.equal(sideOf(grid, order), 2 * sideOf(grid, order + 1));
    assert.deepEqual(edgesOf(grid, order, [2 ** order / 2, 2 ** order / 2]), grid.origin);
  }
});

// x and y by pyproj 3.7.2 (PROJ 9.5).
const PLACES: [crs: string, longitude: number, latitude: number, x: number, y: number][] = [
  ["EPSG:3413", -49.5, 71.25, -160_741.30, -2_042_411.90],
  ["EPSG:3031", 12.25, -80.5, 219_492.25, 1_010_920.03],
  ["EPSG:6931", 100, 65, 2_726_497.45, 480_755.06],
  ["EPSG:6932", -170, -75.125, -287_633.62, -1_631_251.31],
  ["EPSG:6933", 179.5, -33.3, 17_319_287.31, -4_018_441.75],
  ["EPSG:32633", 16.75, 48.2, 630_034.54, 5_340_010.40],
];

Deno.test("a place lies in the cell that floors of PROJ's x and y name", () => {
  for (const [crs, longitude, latitude, x, y] of PLACES) {
    const grid = { crs, resolution: 250, origin: [100, 30] as [number, number] };
    const finder = new CellFinder(grid);
    assert.ok(finder.find(longitude, latitude), crs);
    const half = 2 ** finestOrder(grid) / 2;
    assert.deepEqual(
      [finder.column - half, finder.row - half],
      [Math.floor((x - 100) / 250), Math.floor((30 - y) / 250)],
      crs,
    );
  }
});

Deno.test("a cell's centre and corners lie where it is, and rows that have no place have no cell", () => {
  const finder = new CellFinder(GREENLAND);
  const places = new CellPlaces(GREENLAND, finestOrder(GREENLAND));
  const longitude = Float64Array.of(-49.5, NaN, 12, 400), latitude = Float64Array.of(71.25, 80, 91, 70);
  const out = { parent: new Float64Array(4), child: new Uint32Array(4) };
  assignProjected(longitude, latitude, finder, 7, out);
  assert.deepEqual([...out.parent.subarray(1)], [-1, -1, -1]);
  const id = out.parent[0] * 4 ** 7 + out.child[0];
  const [x, y] = places.centre(id);
  assert.ok(finder.find(x, y));
  assert.equal(cellOf(finder.column, finder.row), id);
  assert.ok(Math.abs(x + 49.5) < 0.02 && Math.abs(y - 71.25) < 0.01);
  for (const [lon, lat] of places.corners(id)) {
    assert.ok(Math.abs(lon + 49.5) < 0.04 && Math.abs(lat - 71.25) < 0.02);
  }
});

Deno.test("a place on an edge has one cell, the one south-east of it, whatever the last bits of a projection", () => {
  // The grid's meridian, and the two that its diagonals are not: x or y are 0 but for a rounding.
  for (const [longitude, column, row] of [[-45, 0, 1], [45, 1, 0], [135, 0, -1], [-135, -1, 0]]) {
    const finder = new CellFinder(GREENLAND);
    assert.ok(finder.find(longitude, 80));
    const half = 2 ** finestOrder(GREENLAND) / 2;
    const [ownColumn, ownRow] = [finder.column - half, finder.row - half];
    if (column === 0) assert.equal(ownColumn, 0, String(longitude));
    else assert.equal(Math.sign(ownColumn), column);
    if (row === 0) assert.equal(ownRow, 0, String(longitude));
    else assert.equal(Math.sign(ownRow), row);
  }
});

Deno.test("the grid mapping names methods and parameters as CF does", () => {
  const of = (crs: string) => mappingAttributes({ crs });
  const polar = of("EPSG:3031");
  assert.equal(polar.grid_mapping_name, "polar_stereographic");
  assert.equal(polar.standard_parallel, -71);
  assert.equal(polar.latitude_of_projection_origin, -90);
  assert.equal(of("EPSG:6931").grid_mapping_name, "lambert_azimuthal_equal_area");
  assert.equal(of("EPSG:6933").standard_parallel, 30);
  const zone = of("EPSG:32733");
  assert.equal(zone.grid_mapping_name, "transverse_mercator");
  assert.equal(zone.longitude_of_central_meridian, 15);
  assert.equal(zone.false_northing, 10_000_000);
  assert.equal(zone.inverse_flattening, 298.257223563);
});
