/**
 * Which bytes of a catalog stay when rows are laid onto it: row groups of which no row goes are copied as they
 * are, others are written again without the rows that go, and the new rows follow behind them, in row groups that
 * are sorted within. Once many rows lie behind, everything is sorted again; so a row is written a few times in its
 * life, whatever the catalog's size.
 */
import { ROW_GROUP_ROWS } from "../schema.ts";

/** A catalog of so many rows is sorted whole each time: it costs a second or two. */
const SMALL_ROWS = 3 * ROW_GROUP_ROWS;
/** More rows than this share of the catalog's do not stay unsorted behind it. */
const MOST_BEHIND = 1 / 8;
/** Where more rows than this share would be written again, all are. */
const MOST_REWRITTEN = 1 / 2;

/** Row groups [from, to), by their places in the file. */
interface GroupRange {
  from: number;
  to: number;
  /** As bytes, or without the rows that go. */
  kind: "copy" | "rewrite";
}

export interface LayPlan {
  ranges: GroupRange[];
  /** The first row that is sorted anew together with the new ones, all that follow with it. */
  tail: number;
  /** Rows of the result that lie in the order of cells, from its beginning. */
  sortedRows: number;
}

interface Laying {
  /** Rows of each row group. */
  groups: readonly number[];
  /** Rows from the beginning that lie in the order of cells. */
  sortedRows: number;
  /** The numbers of the rows that go, ascending. */
  gone: readonly number[];
  added: number;
}

/** Null where all rows are to be sorted again. */
export function planLaying({ groups, sortedRows, gone, added }: Laying): LayPlan | null {
  let total = 0;
  const starts = groups.map((rows) => (total += rows) - rows);
  if (total <= SMALL_ROWS) return null;
  // Rows that other tools moved to other row groups are told by no boundary.
  if (sortedRows !== total && !starts.includes(sortedRows)) return null;
  const last = groups.length - 1;
  const open = added > 0 && starts[last] >= sortedRows && groups[last] < ROW_GROUP_ROWS;
  const kept = open ? last : groups.length;
  const tail = open ? starts[last] : total;

  const ranges: GroupRange[] = [];
  let rewritten = 0;
  let goneSorted = 0;
  for (let group = 0, next = 0; group < kept; group++) {
    const first = next;
    while (next < gone.length && gone[next] < starts[group] + groups[group]) next += 1;
    const kind = next > first ? "rewrite" : "copy";
    if (kind === "rewrite") rewritten += groups[group];
    if (starts[group] < sortedRows) goneSorted += next - first;
    const before = ranges.at(-1);
    if (before?.kind === kind) before.to = group + 1;
    else ranges.push({ from: group, to: group + 1, kind });
  }
  const behind = total - sortedRows + added;
  if (behind > MOST_BEHIND * total || rewritten > MOST_REWRITTEN * total) return null;
  return { ranges, tail, sortedRows: sortedRows - goneSorted };
}
