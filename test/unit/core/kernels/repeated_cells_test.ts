import assert from "node:assert/strict";
import fc from "fast-check";
import { makeValues, type NumberDtype } from "../../../../core/element_types.ts";
import { giveBack, takeMemory } from "../../../../core/kernels/memory.ts";
import { repeatedCells } from "../../../../core/kernels/repeated_cells.ts";

Deno.test("cells that repeat the first are counted up to the first of other bits, wherever they lie", () => {
  fc.assert(
    fc.property(
      fc.constantFrom<NumberDtype>("uint8", "int16", "float32", "float64"),
      fc.constantFrom(0, 7, NaN, -9999),
      fc.integer({ min: 0, max: 70 }),
      fc.integer({ min: 0, max: 70 }),
      fc.boolean(),
      (dtype, value, run, rest, isOfKernel) => {
        const length = run + rest;
        const memory = takeMemory(8 * length);
        try {
          const values = isOfKernel
            ? makeValues(dtype, memory.buffer, memory.place(8 * length), length)
            : makeValues(dtype, length);
          values.fill(value, 0, run).fill(3, run).fill(value, run + 1);
          assert.equal(repeatedCells(values), run > 0 ? run : Math.min(rest, 1));
        } finally {
          giveBack(memory);
        }
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("zeros of both signs are not one value in bits", () => {
  assert.equal(repeatedCells(Float32Array.of(0, 0, -0, 0)), 2);
});
