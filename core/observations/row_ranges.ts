/** Arithmetic of row ranges: ascending, disjoint. */
import type { Hdf5Values } from "../hdf5/contract.ts";
import type { RowRange } from "./contract.ts";

/** The elements of `values` in `ranges`, one after the other. */
export function takeRanges<T extends Hdf5Values>(values: T, ranges: readonly RowRange[]): T {
  if (ranges.length === 1 && ranges[0].start === 0 && ranges[0].count === values.length) return values;
  let rows = 0;
  for (const { count } of ranges) rows += count;
  const taken = new (values.constructor as new (length: number) => T)(rows);
  let filled = 0;
  for (const { start, count } of ranges) {
    taken.set(values.subarray(start, start + count) as never, filled);
    filled += count;
  }
  return taken;
}

/** `inner` counts positions among the rows of `outer`; the result counts rows of the dataset. */
export function rowsOf(outer: readonly RowRange[], inner: readonly RowRange[]): RowRange[] {
  const rows: RowRange[] = [];
  let k = 0;
  let passed = 0;
  for (const { start, count } of inner) {
    let from = start;
    while (from < start + count) {
      while (from >= passed + outer[k].count) passed += outer[k++].count;
      const within = from - passed;
      const take = Math.min(start + count - from, outer[k].count - within);
      rows.push({ start: outer[k].start + within, count: take });
      from += take;
    }
  }
  return rows;
}
