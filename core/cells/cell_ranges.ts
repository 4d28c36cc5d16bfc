/** Sets of parent cells as ranges of ids at the orders that a catalog stores, for DuckDB's filters. */
import type { LatitudeConvention } from "./convention.ts";
import { parentAt } from "./healpix.ts";
import { neighbours } from "./neighbours.ts";

/** Ids from `first` to `last`, both included. */
interface CellRange {
  first: number;
  last: number;
}

/** Cells of this order are several times wider than the 14.3 km between the conventions. */
const NEAR_ORDER = 7;

/** More ranges are joined at their narrowest gaps: a filter of a few hundred is fast, of thousands not. */
const MAX_RANGES = 200;

/**
 * Cells at min(`parentOrder`, 7) that hold or touch one of `parents`: whatever lies in no such cell is
 * farther from every parent than the conventions are from each other.
 */
export function cellsNear(
  parents: Iterable<number>,
  parentOrder: number,
): { order: number; cells: Set<number> } {
  const order = Math.min(parentOrder, NEAR_ORDER);
  const holding = new Set<number>();
  for (const parent of parents) holding.add(parentAt(parent, parentOrder, order));
  const cells = new Set(holding);
  for (const cell of holding) {
    for (const beside of neighbours(cell, order)) if (beside >= 0) cells.add(beside);
  }
  return { order, cells };
}

/**
 * Ranges of ids at `cellOrder`, at most 200, ascending, that hold every authalic cell which may have an
 * observation of one of `parents` (ids at `parentOrder`, read in `convention`). A superset.
 */
export function rangesAt(
  cellOrder: number,
  parents: Iterable<number>,
  parentOrder: number,
  convention: LatitudeConvention,
): CellRange[] {
  const { order, cells } = convention === "geodetic"
    ? cellsNear(parents, parentOrder)
    : { order: parentOrder, cells: new Set(parents) };
  const sorted = Float64Array.from(cells).sort();
  const scale = 4 ** (cellOrder - order);
  const ranges: CellRange[] = [];
  for (const cell of sorted) {
    const first = Math.floor(cell * scale);
    const last = scale >= 1 ? first + scale - 1 : first;
    const before = ranges[ranges.length - 1];
    if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last);
    else ranges.push({ first, last });
  }
  return fewer(ranges, MAX_RANGES);
}

/** At most `most` ranges, joined over their narrowest gaps. */
function fewer(ranges: CellRange[], most: number): CellRange[] {
  if (ranges.length <= most) return ranges;
  const gaps = ranges.slice(1).map((range, i) => range.first - ranges[i].last);
  const widest = new Set(gaps.map((_, i) => i).sort((a, b) => gaps[b] - gaps[a]).slice(0, most - 1));
  const joined: CellRange[] = [{ ...ranges[0] }];
  for (let i = 1; i < ranges.length; i++) {
    if (widest.has(i - 1)) joined.push({ ...ranges[i] });
    else joined[joined.length - 1].last = ranges[i].last;
  }
  return joined;
}
