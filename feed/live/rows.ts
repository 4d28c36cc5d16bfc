/** The rows of a feed's catalog, read from its ledger: one of each (collection, id), the one that was revised last. */
import type { GranuleRow } from "../../catalog/granule.ts";
import { numberOf, type SqlRow, type Statements, textOf } from "../ledger/engine.ts";
import type { PartKey } from "../ledger/parts.ts";
import { places } from "../ledger/sql_text.ts";
import { decodeRow } from "../sources/row_json.ts";

const PAGE = 1000;
const NAMES_AT_ONCE = 500;

/** Of two live granules of one name the one that was revised last is the catalog's. */
const NEWEST = `NOT EXISTS (SELECT 1 FROM granule AS other WHERE other.feed = granule.feed
  AND other.collection = granule.collection AND other.id = granule.id AND other.state = 'live'
  AND (other.revised > granule.revised
    OR (other.revised = granule.revised AND other.source_id > granule.source_id)))`;

/** All live rows. */
export async function* liveRows(sql: Statements, feed: string): AsyncGenerator<GranuleRow> {
  for (let after = "";;) {
    const rows = await sql.all(
      `SELECT source_id, granule_row FROM granule WHERE feed = $1 AND state = 'live' AND source_id > $2
         AND ${NEWEST} ORDER BY source_id LIMIT $3`,
      [feed, after, PAGE],
    );
    for (const row of rows) yield decodeRow(textOf(row, "granule_row"));
    if (rows.length < PAGE) return;
    after = textOf(rows[rows.length - 1], "source_id");
  }
}

/** The live rows of one part. */
export async function* partRows(
  sql: Statements,
  feed: string,
  { collection, day }: PartKey,
): AsyncGenerator<GranuleRow> {
  for (let change = -1, after = "";;) {
    const rows = await sql.all(
      `SELECT source_id, change, granule_row FROM granule
       WHERE feed = $1 AND collection = $2 AND part_day = $3 AND (change, source_id) > ($4, $5)
         AND state = 'live' AND ${NEWEST} ORDER BY change, source_id LIMIT $6`,
      [feed, collection, day, change, after, PAGE],
    );
    for (const row of rows) yield decodeRow(textOf(row, "granule_row"));
    if (rows.length < PAGE) return;
    const last = rows[rows.length - 1];
    change = numberOf(last, "change");
    after = textOf(last, "source_id");
  }
}

/** A part as the ledger has it. */
export interface PartState extends PartKey {
  changes: number;
  /** The change by which a granule left it for another part. */
  moved: number;
}

export async function partStates(sql: Statements, feed: string): Promise<PartState[]> {
  const rows = await sql.all(
    "SELECT collection, day, changes, moved FROM part WHERE feed = $1 ORDER BY collection, day",
    [feed],
  );
  return rows.map((row) => ({
    collection: textOf(row, "collection"),
    day: numberOf(row, "day"),
    changes: numberOf(row, "changes"),
    moved: numberOf(row, "moved"),
  }));
}

/** How many granules of a part changed after `written`. */
export async function countChanged(
  sql: Statements,
  feed: string,
  { collection, day }: PartKey,
  written: number,
): Promise<number> {
  const [row] = await sql.all(
    "SELECT count(*) AS changed FROM granule WHERE feed = $1 AND collection = $2 AND part_day = $3 AND change > $4",
    [feed, collection, day, written],
  );
  return numberOf(row, "changed");
}

/** Names of a part's granules that changed after `written`; `shown` where its file may hold them. */
export async function changedNames(
  sql: Statements,
  feed: string,
  { collection, day }: PartKey,
  written: number,
): Promise<Map<string, { shown: boolean }>> {
  const rows = await sql.all(
    `SELECT id, min(first_change) AS first FROM granule
     WHERE feed = $1 AND collection = $2 AND part_day = $3 AND change > $4 GROUP BY id`,
    [feed, collection, day, written],
  );
  return new Map(rows.map((row) => [textOf(row, "id"), { shown: numberOf(row, "first") <= written }]));
}

/** Which parts hold other granules of the names that changed in a part after `written`. */
export async function partsOfNamesakes(
  sql: Statements,
  feed: string,
  { collection, day }: PartKey,
  written: number,
): Promise<PartKey[]> {
  const rows = await sql.all(
    // SQLite takes the tables of a CROSS JOIN in their order; it would begin with the whole collection.
    `SELECT DISTINCT other.part_day AS day FROM granule CROSS JOIN granule AS other
     WHERE granule.feed = $1 AND granule.collection = $2 AND granule.part_day = $3 AND granule.change > $4
       AND other.feed = granule.feed AND other.collection = granule.collection AND other.id = granule.id
       AND other.part_day <> granule.part_day`,
    [feed, collection, day, written],
  );
  return rows.map((row) => ({ collection, day: numberOf(row, "day") }));
}

/** Those of a collection's names that more than one granule has. */
export async function sharedNames(
  sql: Statements,
  feed: string,
  collection: string,
  names: readonly string[],
): Promise<string[]> {
  const shared: string[] = [];
  await byNames(names, async (some) => {
    const rows = await sql.all(
      `SELECT id FROM granule WHERE feed = $1 AND collection = $2 AND id IN (${places(some.length, 3)})
       GROUP BY id HAVING count(*) > 1`,
      [feed, collection, ...some],
    );
    shared.push(...rows.map((row) => textOf(row, "id")));
  });
  return shared;
}

/** The live rows of a collection's names. */
export async function* namedRows(
  sql: Statements,
  feed: string,
  collection: string,
  names: readonly string[],
): AsyncGenerator<GranuleRow> {
  for (let at = 0; at < names.length; at += NAMES_AT_ONCE) {
    const some = names.slice(at, at + NAMES_AT_ONCE);
    const rows: SqlRow[] = await sql.all(
      `SELECT granule_row FROM granule WHERE feed = $1 AND collection = $2 AND id IN (${
        places(some.length, 3)
      })
         AND state = 'live' AND ${NEWEST}`,
      [feed, collection, ...some],
    );
    for (const row of rows) yield decodeRow(textOf(row, "granule_row"));
  }
}

async function byNames(
  names: readonly string[],
  work: (some: readonly string[]) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < names.length; at += NAMES_AT_ONCE) await work(names.slice(at, at + NAMES_AT_ONCE));
}
