import assert from "node:assert/strict";
import fc from "fast-check";
import { makeValues, type NumberDtype } from "../../../../core/element_types.ts";
import { copyRows } from "../../../../core/kernels/copy_rows.ts";
import { giveBack, takeMemory } from "../../../../core/kernels/memory.ts";

const SIZE = 12;

Deno.test("rows are those of a plain loop, within a kernel's memory and between others, forwards and backwards", () => {
  fc.assert(
    fc.property(
      fc.constantFrom<NumberDtype>("uint8", "int16", "float32", "float64"),
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 5, max: SIZE }),
      fc.integer({ min: 5, max: SIZE }),
      fc.boolean(),
      fc.boolean(),
      (dtype, width, rows, stride, toStride, isBackwards, isOfKernel) => {
        const cells = SIZE * SIZE;
        const memory = takeMemory(2 * cells * 8);
        try {
          const make = () =>
            isOfKernel
              ? makeValues(dtype, memory.buffer, memory.place(cells * 8), cells)
              : makeValues(dtype, cells);
          const source = make(), target = make();
          for (let i = 0; i < cells; i++) source[i] = i % 101, target[i] = 7;
          const start = isBackwards ? 4 * toStride : 3;
          const step = isBackwards ? -toStride : toStride;
          const expected = Array.from(target);
          for (let y = 0; y < rows; y++) {
            for (let x = 0; x < width; x++) expected[start + y * step + x] = source[2 + y * stride + x];
          }
          copyRows(
            { values: source, start: 2, stride },
            { values: target, start, stride: step },
            width,
            rows,
          );
          assert.deepEqual(Array.from(target), expected);
        } finally {
          giveBack(memory);
        }
      },
    ),
    { numRuns: 200 },
  );
});
