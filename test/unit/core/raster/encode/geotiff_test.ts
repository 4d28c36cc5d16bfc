import assert from "node:assert/strict";
import { countingSource } from "../../../../support/memory_source.ts";
import { crsOfCode } from "../../../../../core/raster/crs/codes.ts";
import { openGeotiff } from "../../../../../core/geotiff/open.ts";
import { encodeGeotiff } from "../../../../../core/raster/encode/geotiff.ts";
import type { GridValues } from "../../../../../core/raster/grid.ts";
import { outputOfBox } from "../../../../../core/raster/pixels.ts";

const [WIDTH, HEIGHT] = [300, 270];
const OUTPUT = outputOfBox(crsOfCode("EPSG:32615"), [5e5, 5.3e6, 5.3e5, 5.327e6], WIDTH, HEIGHT);
const KINDS = [Uint8Array, Int16Array, Uint16Array, Int32Array, Float32Array, Float64Array] as const;

Deno.test("values, masks and places come back from the reader, of every type and size", async () => {
  for (const Kind of KINDS) {
    const bands = [1, 2].map((b): GridValues =>
      new Kind(Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i * 7 * b) % 251))
    );
    const mask = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => i % 5 === 0 ? 0 : 1);
    const bytes = encodeGeotiff({ width: WIDTH, height: HEIGHT, bands, masks: [mask, mask] }, OUTPUT, true);
    const file = await openGeotiff(countingSource("made.tif", bytes), "made.tif");
    const [grid] = file.grids;
    assert.deepEqual([grid.width, grid.height, grid.crs.code], [WIDTH, HEIGHT, "EPSG:32615"]);
    assert.deepEqual(grid.affine.map((value) => Math.round(value * 1e6) / 1e6), [
      100,
      0,
      5e5,
      0,
      -100,
      5.327e6,
    ]);
    assert.equal(grid.bands.length, 2);
    const window = await grid.readWindow({ level: 0, x: 0, y: 0, width: WIDTH, height: HEIGHT });
    assert.deepEqual(window.bands, bands);
    assert.deepEqual(Array.from(window.mask ?? [], (value) => value === 0 ? 0 : 1), [...mask]);
    await file.close();
  }
});
