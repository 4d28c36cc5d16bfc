/** Boxes of planes as longitudes and latitudes. */
import assert from "node:assert/strict";
import { crsOfCode } from "../../../core/raster/crs/codes.ts";
import { areaOfPlaneBox } from "../../../serve/area/lonlat_area.ts";

const HALF = 6378137 * Math.PI;
const MERCATOR = crsOfCode("EPSG:3857");

function near(found: number, wanted: number): void {
  assert.ok(Math.abs(found - wanted) < 1e-5, `${found}, not ${wanted}`);
}

Deno.test("a Mercator tile's box is that of its index, and the whole map's is the whole Earth", () => {
  const latitude = (row: number, n: number) =>
    Math.atan(Math.sinh(Math.PI * (1 - 2 * row / n))) * 180 / Math.PI;
  for (const [z, x, y] of [[0, 0, 0], [1, 1, 1], [2, 3, 0], [8, 134, 90], [14, 16383, 9000]]) {
    const n = 2 ** z;
    const side = 2 * HALF / n;
    const [left, top] = [-HALF + x * side, HALF - y * side];
    const area = areaOfPlaneBox(MERCATOR, [left, top - side, left + side, top]);
    assert.equal(area?.boxes.length, 1);
    const [{ xmin, ymin, xmax, ymax }] = area?.boxes ?? [];
    near(xmin, x / n * 360 - 180);
    near(xmax, (x + 1) / n * 360 - 180);
    near(ymin, latitude(y + 1, n));
    near(ymax, latitude(y, n));
  }
});

Deno.test("a box over the map's edge is two, and one wider than the map takes nearly all longitudes", () => {
  const over = areaOfPlaneBox(MERCATOR, [0.95 * HALF, 0, 1.05 * HALF, 1e6])?.boxes ?? [];
  assert.deepEqual(over.map(({ xmin, xmax }) => [Math.round(xmin), Math.round(xmax)]), [[171, 180], [
    -180,
    -171,
  ]]);
  const wide = areaOfPlaneBox(MERCATOR, [-1.5 * HALF, 0, 1.5 * HALF, 1e6])?.boxes ?? [];
  assert.ok(wide.reduce((sum, { xmin, xmax }) => sum + xmax - xmin, 0) > 340);
});
