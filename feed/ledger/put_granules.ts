/** Rows of granules, new ones and known ones, where other processes write at the same time. */
import { type SqlRow, type SqlValue, type Statements, textOf } from "./engine.ts";
import { insertRows } from "./sql_text.ts";

/** Columns of a row of granules, in the order of its values. */
const COLUMNS = [
  "feed",
  "source_id",
  "collection",
  "id",
  "changed",
  "revised",
  "start_ms",
  "state",
  "reason",
  "granule_row",
  "seen",
  "part_day",
  "change",
  "first_change",
];
const SOURCE_ID = COLUMNS.indexOf("source_id");

const CONFLICT = "ON CONFLICT (feed, source_id) DO";
const RETURNING = "RETURNING source_id, state";

interface Put {
  /** `source_id` and `state` of the rows that say something new. */
  written: SqlRow[];
  /**
   * The source's ids of granules that another process has registered since they were looked up. They are to be looked up
   * again: one may lie in a part of its own, which has to be told of what changes.
   */
  missed: string[];
}

/** Inserts granules that are not `known`, and updates those that are, as `update` says. */
export async function putGranules(
  sql: Statements,
  known: ReadonlyMap<string, unknown>,
  rows: readonly (readonly SqlValue[])[],
  update: string,
): Promise<Put> {
  const idOf = (row: readonly SqlValue[]) => String(row[SOURCE_ID]);
  const fresh = rows.filter((row) => !known.has(idOf(row)));
  const again = rows.filter((row) => known.has(idOf(row)));
  const inserted = await insertRows(sql, "granule", COLUMNS, fresh, `${CONFLICT} NOTHING ${RETURNING}`);
  const updated = await insertRows(
    sql,
    "granule",
    COLUMNS,
    again,
    `${CONFLICT} UPDATE ${update} ${RETURNING}`,
  );
  const ids = new Set(inserted.map((row) => textOf(row, "source_id")));
  return { written: [...inserted, ...updated], missed: fresh.map(idOf).filter((id) => !ids.has(id)) };
}
