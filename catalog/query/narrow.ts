/**
 * Which rows of a catalog's file a selection looks at. Where the file lies elsewhere and every row group costs requests:
 * the row groups that may hold a row of it, by the statistics of the footer, and later those that hold its rows.
 */
import { rangesAt } from "../../core/cells/cell_ranges.ts";
import type { LatitudeConvention } from "../../core/cells/convention.ts";
import type { GroupStatistics, StatedColumn } from "../file/group_statistics.ts";
import type { Catalog } from "../file/open_catalog.ts";
import { type RowSpan, spansAround } from "../file/row_spans.ts";
import type { GranuleFilter } from "./filter.ts";

/** DuckDB passes over what lies between spans, and compares each vector's rows with every one. */
const MOST_SPANS = 16;

/** What of a question statistics can tell. */
interface Asked extends Pick<GranuleFilter, "start" | "end"> {
  order: number;
  convention: LatitudeConvention;
}

/** The row groups that may hold what is asked, or an unknown extent; null for all. */
export async function groupsAsked(
  catalog: Catalog,
  options: Asked,
  allowed: ReadonlySet<number> | undefined,
): Promise<RowSpan[] | null> {
  if (allowed === undefined && options.start === undefined && options.end === undefined) return null;
  const rangesOf = new Map<number, ReturnType<typeof rangesAt>>();
  const touches = (group: GroupStatistics): boolean => {
    if (allowed === undefined || mayLackCells(group)) return true;
    const order = onlyValue(group, "cell_order");
    const cells = group.columns.get("cells");
    if (order === undefined || cells == null || cells.least === null || cells.greatest === null) return true;
    // Beyond this, statistics are rounded here.
    if (cells.greatest >= Number.MAX_SAFE_INTEGER) return true;
    const ranges = rangesOf.get(order) ?? rangesAt(order, allowed, options.order, options.convention);
    rangesOf.set(order, ranges);
    const { least, greatest } = cells;
    return ranges.some(({ first, last }) => first <= greatest && last >= least);
  };
  return await groupsWhere(catalog, (group) => isInTime(group, options) && touches(group));
}

/** Where the rows lie that were found: spans of them, or the row groups of a file that comes in parts; null for all. */
export async function spansOfRows(
  catalog: Catalog,
  rows: ReadonlySet<number>,
): Promise<RowSpan[] | null> {
  const sorted = Float64Array.from(rows).sort();
  if (await catalog.groups() === null) {
    // Numbers of rows of several files are made from two, and pass over nothing.
    return catalog.paths.length === 1 ? spansAround(sorted, MOST_SPANS) : null;
  }
  let at = 0;
  return await groupsWhere(catalog, ({ first, rows }) => {
    const before = at;
    while (at < sorted.length && sorted[at] < first + rows) at += 1;
    return at > before;
  });
}

async function groupsWhere(
  catalog: Catalog,
  isWanted: (group: GroupStatistics) => boolean,
): Promise<RowSpan[] | null> {
  const groups = await catalog.groups();
  if (groups === null) return null;
  const wanted = groups.filter(isWanted);
  return wanted.length === groups.length ? null : joined(wanted);
}

/** Spans that follow each other without a gap are one. */
function joined(spans: readonly RowSpan[]): RowSpan[] {
  const longer: RowSpan[] = [];
  for (const { first, rows } of spans) {
    const last = longer.at(-1);
    if (last !== undefined && last.first + last.rows === first) last.rows += rows;
    else longer.push({ first, rows });
  }
  return longer;
}

/** A row with a box has cells (the writer sees to it). */
function mayLackCells({ columns }: GroupStatistics): boolean {
  return columns.get("xmin")?.nulls !== 0;
}

function onlyValue({ columns }: GroupStatistics, column: StatedColumn): number | undefined {
  const { least, greatest } = columns.get(column) ?? { least: null, greatest: null };
  return least !== null && least === greatest ? least : undefined;
}

/** A granule's time is in columns of which some may be null: no bound of it is beyond those of all. */
function isInTime(group: GroupStatistics, { start, end }: Asked): boolean {
  const times = (["start_datetime", "end_datetime", "datetime"] as const).flatMap((column) => {
    const found = group.columns.get(column);
    return found === undefined || found.nulls === group.rows ? [] : [found];
  });
  if (times.length === 0) return true;
  if (times.some(({ least, greatest }) => least === null || greatest === null)) return true;
  const latest = Math.max(...times.map(({ greatest }) => greatest!));
  const earliest = Math.min(...times.map(({ least }) => least!));
  return (start === undefined || latest >= Math.round(start * 1000)) &&
    (end === undefined || earliest <= Math.round(end * 1000));
}
