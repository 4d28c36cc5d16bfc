import assert from "node:assert/strict";
import fc from "fast-check";
import { KernelMemory } from "../../../../core/kernels/memory.ts";
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
        assert.deepEqual([...grouper.order], order);
      }
    }),
    { seed: 3 },
  );
});

Deno.test("children in a memory of kernels are grouped as elsewhere, alone in their cells or in runs along a track", () => {
  const memory = new KernelMemory();
  const run = fc.record({
    cell: fc.integer({ min: 0, max: CELLS - 1 }),
    length: fc.integer({ min: 1, max: 30 }),
  });
  fc.assert(
    fc.property(
      fc.array(run, { minLength: 1, maxLength: 40 }),
      fc.boolean(),
      fc.constantFrom(CELLS, 4 * CELLS),
      (runs, wide, most) => {
        const list = runs.flatMap(({ cell, length }) => new Array<number>(length).fill(cell));
        const rows = list.length, [inMemory, elsewhere] = [new CellGrouper(most), new CellGrouper(most)];
        memory.reserve(inMemory.bytesFor(rows) + 4 * rows + 32);
        // What is left there from before does not count.
        new Uint8Array(memory.buffer).fill(7);
        const at = memory.place(4 * rows);
        const children = wide
          ? new Uint32Array(memory.buffer, at, rows)
          : new Uint16Array(memory.buffer, at, rows);
        children.set(list);
        inMemory.layOut(rows, memory);
        const found = inMemory.group(children, rows), wanted = elsewhere.group(Uint16Array.from(list), rows);
        assert.equal(found.cells.buffer, memory.buffer);
        assert.deepEqual([...found.cells], [...wanted.cells]);
        assert.deepEqual([...found.starts], [...wanted.starts]);
        assert.deepEqual([...inMemory.order], sortedRows(list, 0));
      },
    ),
    { seed: 8 },
  );
});

Deno.test("a parent that is its own only cell is one group", () => {
  const memory = new KernelMemory(), grouper = new CellGrouper(1);
  memory.reserve(grouper.bytesFor(5) + 64);
  const children = new Uint16Array(memory.buffer, memory.place(10), 5).fill(0);
  grouper.layOut(5, memory);
  const { cells, starts } = grouper.group(children, 5);
  assert.deepEqual([[...cells], [...starts], [...grouper.order]], [[0], [0, 5], [0, 1, 2, 3, 4]]);
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
