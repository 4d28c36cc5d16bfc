import assert from "node:assert/strict";
import fc from "fast-check";
import { makeValues } from "../../../../../core/element_types.ts";
import { INTEGER_RANGES } from "../../../../../core/raster/integer_range.ts";
import { giveBack, takeMemory } from "../../../../../core/kernels/memory.ts";
import { fold, type OverviewMethod } from "../../../../../core/geotiff/write/fold.ts";
import type { GridDtype, GridValues } from "../../../../../core/raster/grid.ts";

function folded(
  method: OverviewMethod,
  dtype: GridDtype,
  nodata: number | null,
  width: number,
  values: GridValues,
): number[] {
  const height = values.length / width;
  const stride = (width + 1) >> 1;
  const to = values.slice(0, stride * ((height + 1) >> 1)).fill(77);
  fold(method, dtype, nodata, width, height, { values, start: 0, stride: width }, {
    values: to,
    start: 0,
    stride,
  });
  return [...to];
}

Deno.test("an average takes valid cells only, and none of them gives nodata", () => {
  const cells = new Float32Array([1, 2, -9, -9, 3, -9, -9, -9]);
  assert.deepEqual(folded("average", "float32", -9, 4, cells), [2, -9]);
  assert.deepEqual(folded("average", "float32", NaN, 2, new Float32Array([NaN, 4, NaN, NaN])), [4]);
  assert.deepEqual(folded("average", "float32", null, 2, new Float32Array([NaN, NaN, NaN, NaN])), [NaN]);
});

Deno.test("means of integers are rounded half away from zero", () => {
  assert.deepEqual(folded("average", "uint8", null, 2, new Uint8Array([1, 2, 1, 2])), [2]);
  assert.deepEqual(folded("average", "int16", null, 2, new Int16Array([-1, -2, -1, -2])), [-2]);
  assert.deepEqual(folded("average", "int16", null, 2, new Int16Array([-1, -1, -1, -2])), [-1]);
  assert.deepEqual(folded("average", "int16", null, 2, new Int16Array([-1, -2, -2, -2])), [-2]);
});

Deno.test("a mean that falls on the nodata value stays a valid cell", () => {
  assert.deepEqual(folded("average", "int16", 0, 2, new Int16Array([-1, 1, -1, 1])), [1]);
  assert.deepEqual(folded("average", "uint8", 255, 2, new Uint8Array([254, 254, 255, 255])), [254]);
  const [value] = folded("average", "float32", 0, 2, new Float32Array([-1, 1, 0, 0]));
  assert.ok(value !== 0 && Math.abs(value) < 1e-40, String(value));
});

Deno.test("the mode is the most frequent valid value, of equals the first to be so frequent", () => {
  assert.deepEqual(folded("mode", "uint8", 0, 2, new Uint8Array([7, 3, 3, 7])), [3]);
  assert.deepEqual(folded("mode", "uint8", 0, 2, new Uint8Array([7, 3, 5, 9])), [7]);
  assert.deepEqual(folded("mode", "uint8", 0, 2, new Uint8Array([7, 3, 3, 0])), [3]);
  assert.deepEqual(folded("mode", "uint8", 0, 2, new Uint8Array([0, 0, 0, 5])), [5]);
  assert.deepEqual(folded("mode", "uint8", 0, 2, new Uint8Array([0, 0, 0, 0])), [0]);
});

Deno.test("nearest takes the upper left cell, nodata or not", () => {
  assert.deepEqual(folded("nearest", "int8", -1, 4, new Int8Array([-1, 2, 3, 4, 5, 6, 7, 8])), [-1, 3]);
});

Deno.test("odd edges are decided by the cells that are there", () => {
  const cells = new Uint16Array([1, 3, 10, 5, 7, 20, 100, 200, 300]);
  assert.deepEqual(folded("average", "uint16", null, 3, cells), [4, 15, 150, 300]);
  assert.deepEqual(folded("mode", "uint16", null, 3, cells), [1, 10, 100, 300]);
  assert.deepEqual(folded("nearest", "uint16", null, 3, cells), [1, 10, 100, 300]);
});

Deno.test("the kernel's averages are bit for bit those of the plain loop", () => {
  const most = 40;
  const cell = fc.oneof(
    { weight: 4, arbitrary: fc.float() },
    fc.constantFrom(-9, -9, 0, -0, NaN, Infinity, -Infinity, 4.5, -22.5),
  );
  const shape = fc.record({
    width: fc.integer({ min: 1, max: most }),
    height: fc.integer({ min: 1, max: 3 }),
  });
  const memory = takeMemory(2 * most * 3 * 4 + 64);
  const bits = (values: GridValues) => [...new Uint32Array(Float32Array.from(values).buffer)];
  fc.assert(fc.property(
    shape,
    fc.constantFrom(-9, NaN, 0, Infinity, null),
    fc.array(cell, { minLength: most * 3, maxLength: most * 3 }),
    ({ width, height }, nodata, cells) => {
      memory.reserve(0);
      const plain = Float32Array.from(cells.slice(0, width * height));
      const columns = (width + 1) >> 1, length = columns * ((height + 1) >> 1);
      const from = new Float32Array(memory.buffer, memory.place(plain.byteLength), plain.length);
      from.set(plain);
      const wanted = new Float32Array(length);
      const found = new Float32Array(memory.buffer, memory.place(4 * length), length);
      for (const [values, to] of [[plain, wanted], [from, found]]) {
        const block = { values, start: 0, stride: width };
        fold("average", "float32", nodata, width, height, block, { values: to, start: 0, stride: columns });
      }
      assert.deepEqual(bits(found), bits(wanted));
    },
  ));
  giveBack(memory);
});

Deno.test("the kernels' averages of integers are those of the plain loop, to the ends of each type", () => {
  const most = 9;
  const memory = takeMemory(2 * most * 3 * 4 + 64);
  for (const dtype of ["int8", "uint8", "int16", "uint16", "int32", "uint32"] as const) {
    const [least, greatest] = INTEGER_RANGES[dtype]!;
    const cell = fc.oneof(
      fc.integer({ min: Math.max(least, -4), max: 4 }).map((value) => Math.max(least, value)),
      fc.constantFrom(least, least + 1, greatest - 1, greatest),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: most }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(null, 0, 1, least, greatest),
        fc.array(cell, { minLength: most * 3, maxLength: most * 3 }),
        (width, height, nodata, cells) => {
          memory.reserve(0);
          const columns = (width + 1) >> 1, length = columns * ((height + 1) >> 1);
          const plain = makeValues(dtype, width * height);
          plain.set(cells.slice(0, plain.length));
          const from = makeValues(dtype, memory.buffer, memory.place(plain.byteLength), plain.length);
          from.set(plain);
          const wanted = makeValues(dtype, length);
          const found = makeValues(dtype, memory.buffer, memory.place(wanted.byteLength), length);
          for (const [values, to] of [[plain, wanted], [from, found]]) {
            const block = { values, start: 0, stride: width };
            fold("average", dtype, nodata, width, height, block, { values: to, start: 0, stride: columns });
          }
          assert.deepEqual([...found], [...wanted], dtype);
        },
      ),
    );
  }
  giveBack(memory);
});
