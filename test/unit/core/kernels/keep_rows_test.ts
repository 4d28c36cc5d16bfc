import assert from "node:assert/strict";
import fc from "fast-check";
import { giveBack, takeMemory } from "../../../../core/kernels/memory.ts";

interface Row {
  parent: number;
  passes: number;
  alive: number;
}

interface Kept {
  list: number[];
  runs: [parent: number, start: number][];
  misplaced: number;
  filtered: number;
  empty: number;
}

/** By a plain loop. */
function keptOf(rows: readonly Row[]): Kept {
  const kept: Kept = { list: [], runs: [], misplaced: 0, filtered: 0, empty: 0 };
  rows.forEach(({ parent, passes, alive }, i) => {
    if (!(parent >= 0)) kept.misplaced += 1;
    else if (passes === 0) kept.filtered += 1;
    else if (alive === 0) kept.empty += 1;
    else {
      if (kept.runs.at(-1)?.[0] !== parent) kept.runs.push([parent, kept.list.length]);
      kept.list.push(i);
    }
  });
  return kept;
}

const ROOM = 100;

/** By the kernel, and the rows that are gathered in place. */
function byKernel(rows: readonly Row[]): { kept: Kept; gathered: number[][] } {
  const { length } = rows;
  const memory = takeMemory(9 * 8 * ROOM);
  try {
    const { buffer, kernels } = memory;
    const place = () => memory.place(8 * ROOM);
    const parents = place(), passes = place(), alive = place(), list = place(), runParents = place();
    const runStarts = place(), fours = place(), eights = place(), halves = place();
    new Float64Array(buffer, parents, length).set(rows.map(({ parent }) => parent));
    new Uint8Array(buffer, passes, length).set(rows.map(({ passes }) => passes));
    new Uint32Array(buffer, alive, length).set(rows.map(({ alive }) => alive));
    kernels.keepRows(parents, passes, alive, length, list, runParents, runStarts, 0);
    const [misplaced, filtered, empty, count, runs] = new Uint32Array(buffer, 0, 5);
    const starts = [...new Uint32Array(buffer, runStarts, runs + 1)];
    assert.equal(starts.pop(), count);
    const numbers = Array.from({ length }, (_, i) => i);
    new Float32Array(buffer, fours, length).set(numbers);
    new Float64Array(buffer, eights, length).set(numbers);
    new Uint32Array(buffer, halves, length).set(numbers.map((i) => i + 0x50000));
    kernels.gather4(fours, list, count, fours);
    kernels.gather8(eights, list, count, eights);
    kernels.gatherHalves(halves, list, count, halves);
    return {
      kept: {
        list: [...new Uint32Array(buffer, list, count)],
        runs: starts.map((start, r) => [new Float64Array(buffer, runParents, runs)[r], start]),
        misplaced,
        filtered,
        empty,
      },
      gathered: [
        [...new Float32Array(buffer, fours, count)],
        [...new Float64Array(buffer, eights, count)],
        [...new Uint16Array(buffer, halves, count)],
      ],
    };
  } finally {
    giveBack(memory);
  }
}

Deno.test("rows are kept and cut into runs as by a plain loop, and gathered where they lie", () => {
  const row = fc.record({
    parent: fc.oneof(
      { weight: 9, arbitrary: fc.constant(7) },
      { weight: 1, arbitrary: fc.constantFrom(0, 7, 8, 2 ** 40, -1) },
    ),
    passes: fc.constantFrom(1, 1, 1, 1, 0),
    alive: fc.constantFrom(1, 1, 1, 0xffffffff, 0x80000000, 0),
  });
  fc.assert(
    fc.property(fc.array(row, { maxLength: ROOM - 1, size: "max" }), (rows) => {
      const { kept, gathered } = byKernel(rows), wanted = keptOf(rows);
      assert.deepEqual(kept, wanted);
      for (const values of gathered) assert.deepEqual(values, wanted.list);
    }),
    { seed: 4, numRuns: 500 },
  );
});
