import assert from "node:assert/strict";
import { crsOfCode } from "../../../../../core/raster/crs/codes.ts";
import { transformer } from "../../../../../core/raster/crs/transform.ts";
import { columnPlaces } from "../../../../../core/raster/warp/column_places.ts";
import { buildLines } from "../../../../../core/raster/warp/lines.ts";
import type { Place } from "../../../../../core/raster/warp/mesh.ts";
import { eachRow } from "../../../../../core/raster/warp/target.ts";

/** Cells of 100 m of UTM zone 21 at pixels of a Web Mercator tile in Greenland. */
function countedPlace(): { place: Place; count: () => number } {
  const { forward } = transformer(crsOfCode("EPSG:3857"), crsOfCode("EPSG:32621"));
  let count = 0;
  const place: Place = (x, y) => {
    count++;
    const [east, north] = forward(-6574807 + 1223 * (x + 0.5), 12523442 - 1223 * (y + 0.5));
    return [(east - 373185) / 100, (8286015 - north) / 100];
  };
  return { place, count: () => count };
}

Deno.test("every pixel lies on one line, no farther from its place than GDAL allows itself", () => {
  const { place } = countedPlace();
  const size = { width: 256, height: 256 };
  const found = new Float64Array(2 * 256 * 256).fill(NaN);
  eachRow(buildLines(size, place), size.width, (index, count, u, v, du, dv) => {
    for (let k = 0; k < count; k++) {
      assert.ok(Number.isNaN(found[2 * (index + k)]), "a pixel of two lines");
      found.set([u + k * du, v + k * dv], 2 * (index + k));
    }
  });
  for (let i = 0; i < 256 * 256; i += 7) {
    const [u, v] = place(i % 256, Math.floor(i / 256));
    // The rule looks at the middle of a line; its quarters are no farther than that of a parabola.
    assert.ok(Math.abs(found[2 * i] - u) + Math.abs(found[2 * i + 1] - v) <= 0.126, `pixel ${i}`);
  }
});

Deno.test("columns are good to a thousandth of a cell by a tenth of the exact places; a bend keeps its own", () => {
  const { place, count } = countedPlace();
  const quick = columnPlaces(place, 256);
  const asked = Array.from({ length: 256 }, (_, y) => quick(100, y));
  assert.ok(count() < 40, `${count()} exact places`);
  asked.forEach(([u, v], y) => {
    const exact = place(100, y);
    assert.ok(Math.abs(u - exact[0]) < 1e-3 && Math.abs(v - exact[1]) < 1e-3, `row ${y}`);
  });
  const bent = columnPlaces((x, y) => [x, Math.abs(y - 71.3)], 256);
  const lost = columnPlaces((x, y) => [x, y < 90 ? y : NaN], 256);
  for (let y = 0; y < 256; y++) {
    assert.equal(bent(3, y)[1], Math.abs(y - 71.3));
    assert.equal(lost(3, y)[1], y < 90 ? y : NaN);
  }
});
