/** `mask: valid_range`: values outside of the range that a variable states as valid are read as none. */
import assert from "node:assert/strict";
import { axis, madeGrid, wholeBands } from "./grid_files.ts";

type Typed = Uint8Array | Int16Array | Float32Array;

function grid(data: Typed, about: Record<string, Typed | Float64Array>, mask: boolean) {
  return madeGrid((file) => {
    axis(file, "lat", [1, 0], { units: "degrees_north" });
    axis(file, "lon", [0, 1, 2, 3], { units: "degrees_east" });
    const made = file.create_dataset({ name: "v", data, shape: [2, 4] });
    made.create_attribute("DimensionNames", "lat,lon");
    for (const [name, value] of Object.entries(about)) made.create_attribute(name, value, [value.length]);
  }, mask ? { mask: "valid_range" } : {});
}

Deno.test("flags above the valid range become the fill, in stored or in unpacked units", async () => {
  const cells = Uint8Array.of(0, 1, 250, 251, 252, 253, 254, 255);
  // As SSMIS has it: no fill value, flags above the range.
  const plain = { valid_range: Uint8Array.of(0, 250) };
  const kept = await grid(cells, plain, false);
  assert.equal(kept.nodata, null);
  assert.deepEqual((await wholeBands(kept))[0], cells);
  const masked = await grid(cells, plain, true);
  assert.equal(masked.nodata, 255);
  assert.deepEqual((await wholeBands(masked))[0], Uint8Array.of(0, 1, 250, 255, 255, 255, 255, 255));
  assert.ok(masked.notes.some((note) => /outside of its valid range \(0 to 250 as stored\)/.test(note)));
  // The netCDF User Guide: limits of the type of scale_factor, wider than the cells, are of unpacked values.
  const unpacked = {
    scale_factor: Float64Array.of(0.2),
    add_offset: Float64Array.of(0),
    valid_min: Float64Array.of(0.2),
    valid_max: Float64Array.of(50),
  };
  const physical = await grid(cells, unpacked, true);
  assert.deepEqual((await wholeBands(physical))[0], Uint8Array.of(255, 1, 250, 255, 255, 255, 255, 255));
});

Deno.test("a stated fill stands for what is outside, floats get NaN, and no range changes nothing", async () => {
  const cells = Int16Array.of(-999, -5, 0, 7, 100, 101, 32767, -32768);
  const filled = await grid(cells, {
    _FillValue: Int16Array.of(-999),
    valid_min: Int16Array.of(0),
    valid_max: Int16Array.of(100),
  }, true);
  assert.equal(filled.nodata, -999);
  assert.deepEqual((await wholeBands(filled))[0], Int16Array.of(-999, -999, 0, 7, 100, -999, -999, -999));
  const floats = Float32Array.of(-1, 0, 0.5, 1, 2, NaN, Infinity, -Infinity);
  const range = { valid_range: Float32Array.of(0, 1) };
  const real = await grid(floats, range, true);
  assert.ok(Number.isNaN(real.nodata));
  assert.deepEqual((await wholeBands(real))[0], Float32Array.of(NaN, 0, 0.5, 1, NaN, NaN, NaN, NaN));
  const without = await grid(cells, {}, true);
  assert.equal(without.nodata, null);
  assert.deepEqual((await wholeBands(without))[0], cells);
});
