import assert from "node:assert/strict";
import fc from "fast-check";
import { giveBack, roundUp, takeMemory } from "../../../../core/kernels/memory.ts";

/** The quantiles of cells, as the kernel gives them; a q below 0 asks for the median. */
function quantiles(cells: readonly (readonly number[])[], asked: readonly number[]): number[][] {
  const values = cells.flat(), { length } = asked;
  const rows = Math.max(256, values.length), results = roundUp(8 * (cells.length + 1));
  const memory = takeMemory(
    roundUp(8 * rows) + roundUp(12 * (rows + 16)) + (length + 1) * results + roundUp(20 * length),
  );
  try {
    const x = memory.place(8 * rows), scratch = memory.place(12 * (rows + 16));
    const starts = memory.place(4 * (cells.length + 1)), outs = asked.map(() => memory.place(results));
    const table = memory.place(20 * length);
    new Float64Array(memory.buffer, x, values.length).set(values);
    const begins = new Uint32Array(memory.buffer, starts, cells.length + 1);
    begins[0] = 0;
    cells.forEach((cell, k) => begins[k + 1] = begins[k] + cell.length);
    new Float64Array(memory.buffer, table, length).set(asked);
    new Uint32Array(memory.buffer, table + 16 * length, length).set(outs);
    memory.kernels.selectRanks(x, starts, cells.length, scratch, table, length);
    return outs.map((out) => [...new Float64Array(memory.buffer, out, cells.length)]);
  } finally {
    giveBack(memory);
  }
}

const medians = (cells: readonly (readonly number[])[]): number[] => quantiles(cells, [-1])[0];

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

Deno.test("medians of cells of float32 are those of their sorted values, beside cells of other values or none too", () => {
  const single = fc.float({ noNaN: true }).map((value) => value === 0 ? 1.5 : value);
  const cell = fc.oneof(
    { weight: 12, arbitrary: fc.array(single, { minLength: 1, maxLength: 40 }) },
    { weight: 4, arbitrary: fc.array(single, { minLength: 110, maxLength: 140, size: "max" }) },
    { weight: 1, arbitrary: fc.array(number, { maxLength: 40 }) },
  );
  fc.assert(
    fc.property(fc.array(cell, { minLength: 4, maxLength: 40, size: "max" }), (cells) => {
      assert.deepEqual(medians(cells).map((value) => value + 0), cells.map((one) => medianOf(one) + 0));
    }),
    { seed: 3, numRuns: 200 },
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

Deno.test("every sixteenth of cells that lie side by side stands where sorting puts it", () => {
  const sixteenths = Array.from({ length: 17 }, (_, i) => i / 16);
  const sizes = fc.record({ one: fc.integer({ min: 0, max: 7 }), other: fc.integer({ min: 0, max: 7 }) });
  fc.assert(
    fc.property(sizes, fc.infiniteStream(fc.integer({ min: 1, max: 99 })), ({ one, other }, stream) => {
      const cells = [one, other].map((parts) =>
        Array.from({ length: 16 * parts + 1 }, () => stream.next().value)
      );
      const wanted = cells.map((cell) => {
        const sorted = cell.toSorted((a, b) => a - b);
        return sixteenths.map((q) => sorted[q * (cell.length - 1)]);
      });
      const found = quantiles(cells, sixteenths);
      assert.deepEqual([0, 1].map((k) => found.map((values) => values[k])), wanted);
    }),
    { seed: 4, numRuns: 300 },
  );
});

Deno.test("of zeros of both signs that stands in the middle which stood first", () => {
  assert.deepEqual(medians([[-0, 0, 0], [0, -0, -0], [5, -0, -7]]), [0, -0, -0]);
});

Deno.test("ranks of a cell that stands alone, of any number of rows, are where sorting puts them", () => {
  const sixteenths = Array.from({ length: 17 }, (_, i) => i / 16);
  for (const most of [3, 1e6]) {
    for (const rows of [1, 2, 3, 17, 33, 128, 129, 130, 145, 255, 257, 305, 1009, 1023, 1024, 1025, 1601]) {
      const cell = Array.from({ length: rows }, (_, i) => 0.5 + (i * 7919 + (i >> 3) * 104_729) % most);
      if (rows > 100) [cell[7], cell[rows - 9]] = [Infinity, -Infinity];
      assert.deepEqual(medians([cell]), [medianOf(cell)], `${rows} rows`);
      if (rows % 16 !== 1) continue;
      const sorted = cell.toSorted((a, b) => a - b), inside = sixteenths.slice(1, -1);
      assert.deepEqual(
        quantiles([cell], inside).flat(),
        inside.map((q) => sorted[q * (rows - 1)]),
        `${rows} rows`,
      );
    }
  }
});
