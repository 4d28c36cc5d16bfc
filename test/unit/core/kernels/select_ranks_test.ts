import assert from "node:assert/strict";
import fc from "fast-check";
import { giveBack, roundUp, takeMemory } from "../../../../core/kernels/memory.ts";

/** The medians of cells, as the kernel gives them. */
function medians(cells: readonly (readonly number[])[]): number[] {
  const values = cells.flat();
  const rows = Math.max(256, values.length);
  const memory = takeMemory(2 * roundUp(8 * rows) + 2 * roundUp(8 * (cells.length + 1)) + 32);
  try {
    const x = memory.place(8 * rows), scratch = memory.place(8 * rows);
    const starts = memory.place(4 * (cells.length + 1)), out = memory.place(8 * cells.length);
    const table = memory.place(20);
    new Float64Array(memory.buffer, x, values.length).set(values);
    const begins = new Uint32Array(memory.buffer, starts, cells.length + 1);
    begins[0] = 0;
    cells.forEach(({ length }, k) => begins[k + 1] = begins[k] + length);
    new Float64Array(memory.buffer, table, 1)[0] = -1;
    new Uint32Array(memory.buffer, table + 16, 1)[0] = out;
    memory.kernels.selectRanks(x, starts, cells.length, scratch, table, 1);
    return [...new Float64Array(memory.buffer, out, cells.length)];
  } finally {
    giveBack(memory);
  }
}

function medianOf(cell: readonly number[]): number {
  if (cell.length === 0 || cell.some(Number.isNaN)) return NaN;
  const sorted = cell.toSorted((a, b) => a - b);
  return (sorted[(cell.length - 1) >> 1] + sorted[cell.length >> 1]) / 2;
}

const number = fc.oneof(
  { weight: 20, arbitrary: fc.double({ noNaN: true, min: -1e9, max: 1e9 }) },
  { weight: 10, arbitrary: fc.integer({ min: 1, max: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, Infinity, -Infinity, NaN) },
);

Deno.test("medians of neighbouring cells are those of their sorted values, whatever the cells beside them hold", () => {
  const cell = fc.oneof(
    { weight: 4, arbitrary: fc.array(number, { maxLength: 40 }) },
    { weight: 1, arbitrary: fc.array(number, { minLength: 100, maxLength: 300, size: "max" }) },
  );
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1, maxLength: 9 }), (cells) => {
      assert.deepEqual(medians(cells).map((value) => value + 0), cells.map((one) => medianOf(one) + 0));
    }),
    { seed: 12, numRuns: 400 },
  );
});

Deno.test("every number of rows is sorted", () => {
  for (let rows = 1; rows <= 140; rows++) {
    const descending = Array.from({ length: rows }, (_, i) => rows - i);
    const mixed = Array.from({ length: rows }, (_, i) => 1 + (i * 89) % 97);
    const [first, second] = medians([descending, mixed]);
    assert.deepEqual([first, second], [(rows + 1) / 2, medianOf(mixed)]);
  }
});

Deno.test("of zeros of both signs that stands in the middle which stood first", () => {
  assert.deepEqual(medians([[-0, 0, 0], [0, -0, -0], [5, -0, -7]]), [0, -0, -0]);
});
