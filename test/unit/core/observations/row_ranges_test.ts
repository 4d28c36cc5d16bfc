import assert from "node:assert/strict";
import fc from "fast-check";
import type { RowRange } from "../../../../core/observations/contract.ts";
import { rowsOf, takeRanges } from "../../../../core/observations/row_ranges.ts";

const rowsIn = (ranges: readonly RowRange[]) =>
  ranges.flatMap(({ start, count }) => Array.from({ length: count }, (_, i) => start + i));

/** Ascending, disjoint ranges below about 100. */
const someRanges = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 6 })), { maxLength: 8 }).map(
  (steps) => {
    const ranges: RowRange[] = [];
    let at = 0;
    for (const [gap, count] of steps) {
      ranges.push({ start: at + gap, count });
      at += gap + count;
    }
    return ranges;
  },
);

Deno.test("ranges among the rows of other ranges are the same rows, counted in the dataset", () => {
  fc.assert(fc.property(someRanges, someRanges, (outer, inner) => {
    const all = rowsIn(outer);
    const within = inner.map(({ start, count }) => ({
      start: Math.min(start, all.length),
      count: Math.max(0, Math.min(start + count, all.length) - Math.min(start, all.length)),
    })).filter(({ count }) => count > 0);
    assert.deepEqual(rowsIn(rowsOf(outer, within)), rowsIn(within).map((row) => all[row]));
  }));
});

Deno.test("the elements of ranges come one after the other, in the same type", () => {
  const values = Float32Array.of(0, 1, 2, 3, 4, 5);
  assert.deepEqual(
    takeRanges(values, [{ start: 1, count: 2 }, { start: 5, count: 1 }]),
    Float32Array.of(1, 2, 5),
  );
  assert.deepEqual(takeRanges(values, []), new Float32Array(0));
  assert.equal(takeRanges(values, [{ start: 0, count: 6 }]), values);
});
