import assert from "node:assert/strict";
import fc from "fast-check";
import { KernelMemory } from "../../../../core/kernels/memory.ts";
import { Gatherer, type PlacedSegment } from "../../../../aggregate/engine/gather.ts";
import { layOutSegment, segmentBytes } from "../../../../aggregate/engine/segment.ts";

/** Rows of a parent in one segment: child indices; values follow from granule, group and row. */
interface Part {
  rank: number;
  children: number[];
}

const COLUMNS = 3;
const parts = fc.uniqueArray(
  fc.record({
    rank: fc.integer({ min: 0, max: 6 }),
    children: fc.array(fc.integer({ min: 0, max: 4095 }), { minLength: 1, maxLength: 8 }),
  }),
  { selector: ({ rank }) => rank, minLength: 1, maxLength: 5 },
);
const segments = fc.uniqueArray(
  fc.record({
    granule: fc.integer({ min: 0, max: 5 }),
    group: fc.integer({ min: 0, max: 3 }),
    parts,
    widths: fc.array(fc.constantFrom(4, 8), { minLength: COLUMNS, maxLength: COLUMNS }),
  }),
  { selector: ({ granule, group }) => 10 * granule + group, minLength: 1, maxLength: 12 },
);

const value = (granule: number, group: number, row: number, column: number) =>
  granule * 1000 + group * 100 + row + column / 4;

function place(granule: number, group: number, of: Part[], widths: readonly number[], childBytes: 2 | 4) {
  const sorted = [...of].sort((a, b) => a.rank - b.rank);
  const rows = sorted.reduce((sum, { children }) => sum + children.length, 0);
  const shape = { parents: sorted.length, rows, childBytes, widths: Uint8Array.from(widths) };
  const segment = layOutSegment(new ArrayBuffer(segmentBytes(shape)), 0, shape);
  segment.ranks.set(sorted.map(({ rank }) => rank));
  segment.counts.set(sorted.map(({ children }) => children.length));
  segment.children.set(sorted.flatMap(({ children }) => children));
  segment.columns.forEach((column, c) => {
    for (let row = 0; row < rows; row++) column[row] = value(granule, group, row, c);
  });
  return { granule, group, segment };
}

/** Every parent as plain arrays, copied before the scratch is used again. */
function gathered(gatherer: Gatherer, placed: readonly PlacedSegment[]) {
  return [
    ...function* () {
      for (const { rank, rows, children, columns } of gatherer.parents(placed, COLUMNS)) {
        yield {
          rank,
          children: [...children.subarray(0, rows)],
          columns: columns.map((column) => [...column.subarray(0, rows)]),
        };
      }
    }(),
  ];
}

Deno.test("parents come by rank, their rows by granule, group and row, whatever order segments arrive in", () => {
  fc.assert(
    fc.property(
      segments,
      fc.constantFrom<2 | 4>(2, 4),
      fc.infiniteStream(fc.nat()),
      (list, childBytes, keys) => {
        const placed = list.map(({ granule, group, parts, widths }) =>
          place(granule, group, parts, widths, childBytes)
        );
        const expected = new Map<number, { children: number[]; columns: number[][] }>();
        for (
          const { granule, group, parts } of [...list].sort((a, b) =>
            a.granule - b.granule || a.group - b.group
          )
        ) {
          let row = 0;
          for (const { rank, children } of [...parts].sort((a, b) => a.rank - b.rank)) {
            const parent = expected.get(rank) ??
              { children: [], columns: Array.from({ length: COLUMNS }, () => []) };
            expected.set(rank, parent);
            for (const child of children) {
              parent.children.push(child);
              parent.columns.forEach((column, c) => column.push(value(granule, group, row, c)));
              row += 1;
            }
          }
        }
        const wanted = [...expected].sort(([a], [b]) => a - b).map(([rank, parent]) => ({ rank, ...parent }));
        const shuffled = placed.map((segment) => ({ segment, key: keys.next().value }))
          .sort((a, b) => a.key - b.key).map(({ segment }) => segment);
        assert.deepEqual(gathered(new Gatherer(), shuffled), wanted);
      },
    ),
    { seed: 5 },
  );
});

Deno.test("a gatherer's scratch keeps nothing of the shards before, in a memory of kernels or elsewhere", () => {
  const memory = new KernelMemory();
  fc.assert(
    fc.property(fc.array(segments, { minLength: 2, maxLength: 4 }), (shards) => {
      const reused = new Gatherer();
      // Parents of more than eight rows are too many for it.
      const inMemory = new Gatherer((rows, bytes) => {
        if (rows > 10) return undefined;
        memory.reserve(bytes);
        return memory;
      });
      for (const shard of shards) {
        const placed = shard.map(({ granule, group, parts, widths }) =>
          place(granule, group, parts, widths, 2)
        );
        const wanted = gathered(new Gatherer(), placed);
        assert.deepEqual(gathered(reused, placed), wanted);
        assert.deepEqual(gathered(inMemory, placed), wanted);
      }
    }),
    { seed: 6 },
  );
});

Deno.test("no segments are no parents", () => {
  assert.deepEqual(gathered(new Gatherer(), []), []);
});
