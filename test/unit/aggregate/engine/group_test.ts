import assert from "node:assert/strict";
import fc from "fast-check";
import { CellGrouper, coarsen } from "../../../../aggregate/engine/group.ts";

const CELLS = 256;

/** Rows of several parents that use one grouper after the other. */
const parents = fc.array(
  fc.array(fc.integer({ min: 0, max: CELLS - 1 }), { minLength: 1, maxLength: 300 }),
  { minLength: 1, maxLength: 4 },
);

/** Row numbers in order of cell, equal cells in row order: what the groups have to be. */
function sortedRows(children: readonly number[], shift: number): number[] {
  return children.map((_, row) => row)
    .sort((a, b) => (children[a] >> shift) - (children[b] >> shift) || a - b);
}

Deno.test("grouping is a stable sort by cell, for either width of index and value", () => {
  fc.assert(
    fc.property(parents, fc.boolean(), (lists, wide) => {
      const grouper = new CellGrouper(CELLS);
      for (const list of lists) {
        const rows = list.length;
        const children = wide ? Uint32Array.from(list) : Uint16Array.from(list);
        // Scratch is longer than its rows, and what lies behind them does not count.
        const padded = wide ? new Uint32Array(rows + 7) : new Uint16Array(rows + 7);
        padded.set(children);
        const { cells, starts } = grouper.group(padded, rows);
        const order = sortedRows(list, 0);
        const distinct = [...new Set(list)].sort((a, b) => a - b);
        assert.deepEqual([...cells], distinct);
        assert.deepEqual([...starts], [
          ...distinct.map((cell) => order.findIndex((row) => list[row] === cell)),
          rows,
        ]);
        for (const Kind of [Float32Array, Float64Array]) {
          const from = new Kind(list.map((_, row) => row));
          const into = new Kind(rows);
          grouper.place(from, into, rows);
          assert.deepEqual([...into], order);
        }
      }
    }),
    { seed: 3 },
  );
});

Deno.test("coarser groups are those of sorting by the coarser cell", () => {
  fc.assert(
    fc.property(parents, fc.integer({ min: 0, max: 4 }), ([list], steps) => {
      const grouper = new CellGrouper(CELLS);
      const finest = grouper.group(Uint16Array.from(list), list.length);
      const { cells, starts } = coarsen(finest, steps);
      const coarse = list.map((cell) => cell >> (2 * steps)).sort((a, b) => a - b);
      const distinct = [...new Set(coarse)];
      assert.deepEqual([...cells], distinct);
      assert.deepEqual([...starts], [...distinct.map((cell) => coarse.indexOf(cell)), list.length]);
    }),
    { seed: 4 },
  );
});
