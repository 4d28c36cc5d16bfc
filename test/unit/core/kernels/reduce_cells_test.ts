import assert from "node:assert/strict";
import fc from "fast-check";
import { giveBack, roundUp, takeMemory } from "../../../../core/kernels/memory.ts";

/** The sum of each cell, and of its squared distances from the mean that is given for it. */
function sums(cells: readonly (readonly number[])[], means: readonly number[]): [number, number][] {
  const values = cells.flat(), { length } = cells;
  const memory = takeMemory(roundUp(8 * values.length) + 4 * roundUp(8 * (length + 1)));
  try {
    const { buffer, kernels } = memory;
    const x = memory.place(8 * values.length), starts = memory.place(4 * (length + 1));
    const mean = memory.place(8 * length), sum = memory.place(8 * length), squares = memory.place(8 * length);
    new Float64Array(buffer, x, values.length).set(values);
    new Float64Array(buffer, mean, length).set(means);
    const begins = new Uint32Array(buffer, starts, length + 1);
    begins[0] = 0;
    cells.forEach((cell, k) => begins[k + 1] = begins[k] + cell.length);
    kernels.sumCells(sum, x, starts, length);
    kernels.squaresCells(squares, x, mean, starts, length);
    const [ofRows, ofSquares] = [
      new Float64Array(buffer, sum, length),
      new Float64Array(buffer, squares, length),
    ];
    return cells.map((_, k) => [ofRows[k], ofSquares[k]]);
  } finally {
    giveBack(memory);
  }
}

Deno.test("the sums of a cell are the same to the last bit, whatever lies beside it", () => {
  const number = fc.oneof(
    { weight: 30, arbitrary: fc.double({ noNaN: true, min: -1e12, max: 1e12 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, -0, 1e308, Infinity, NaN) },
  );
  const cell = fc.record({
    rows: fc.array(number, { maxLength: 30 }),
    mean: fc.integer({ min: -9, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1, maxLength: 9 }), (cells) => {
      const together = sums(cells.map(({ rows }) => rows), cells.map(({ mean }) => mean));
      cells.forEach(({ rows, mean }, k) => assert.deepEqual(together[k], sums([rows], [mean])[0]));
    }),
    { seed: 13, numRuns: 400 },
  );
});

Deno.test("sums give back what rounding takes, in both cells of a pair and in the one that goes on alone", () => {
  const large = [1e16, 1, -1e16, 1], long = [...large, ...large, 2 ** 53, 1, 1];
  assert.deepEqual(sums([large, long, large], [0, 0, 0]).map(([sum]) => sum), [2, 4 + 2 ** 53 + 2, 2]);
});

/** The least and the greatest value of each cell. */
function extremes(cells: readonly (readonly number[])[]): [least: number, greatest: number][] {
  const values = cells.flat(), { length } = cells;
  const memory = takeMemory(roundUp(8 * values.length) + 3 * roundUp(8 * (length + 1)));
  try {
    const { buffer, kernels } = memory;
    const x = memory.place(8 * values.length), starts = memory.place(4 * (length + 1));
    const least = memory.place(8 * length), greatest = memory.place(8 * length);
    new Float64Array(buffer, x, values.length).set(values);
    const begins = new Uint32Array(buffer, starts, length + 1);
    begins[0] = 0;
    cells.forEach((cell, k) => begins[k + 1] = begins[k] + cell.length);
    kernels.extremeCells(least, greatest, x, starts, length);
    const all = new Float64Array(buffer, greatest, length);
    return [...new Float64Array(buffer, least, length)].map((value, k) => [value, all[k]]);
  } finally {
    giveBack(memory);
  }
}

Deno.test("extremes are those of a plain loop: NaN where there is one, the first of zeros", () => {
  const number = fc.oneof(
    { weight: 30, arbitrary: fc.double({ noNaN: true }) },
    { weight: 3, arbitrary: fc.constantFrom(0, -0, Infinity, -Infinity) },
    { weight: 1, arbitrary: fc.constant(NaN) },
  );
  const cell = fc.oneof(
    fc.array(number, { maxLength: 20 }),
    fc.array(fc.constantFrom(0, -0), { minLength: 1, maxLength: 9 }),
  );
  const plain = (rows: readonly number[], none: number, isBeyond: (a: number, b: number) => boolean) =>
    rows.reduce((found, row) => Number.isNaN(found) || isBeyond(found, row) ? found : row, none);
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1, maxLength: 9 }), (cells) => {
      extremes(cells).forEach(([least, greatest], k) => {
        assert.ok(Object.is(least, plain(cells[k], Infinity, (a, b) => a <= b)));
        assert.ok(Object.is(greatest, plain(cells[k], -Infinity, (a, b) => a >= b)));
      });
    }),
    { seed: 5, numRuns: 500 },
  );
});
