/** Parts of the catalog, and the numbers of their changes: what tells a publisher which granules are new to it. */
import { DAY_MS } from "./days.ts";
import { numberOf, type Statements, textOf } from "./engine.ts";
import { insertRows } from "./sql_text.ts";

/** A part of the catalog: a collection's granules of one UTC day. */
export interface PartKey {
  collection: string;
  day: number;
}

/** The day that names a part: granules without a time lie in that of 1970-01-01. */
export function partDay(startMs: number | null): number {
  return startMs === null ? 0 : Math.floor(startMs / DAY_MS);
}

export const keyOf = ({ collection, day }: PartKey) => `${collection} ${day}`;

/**
 * Raises the counts of changes of parts and gives the new ones, by part. A part that a granule was `moved` out of is
 * to be written whole: what it shows of it has no other trace.
 */
export async function stampParts(
  sql: Statements,
  feed: string,
  parts: readonly (PartKey & { moved: boolean })[],
): Promise<Map<string, number>> {
  const distinct = new Map<string, PartKey & { moved: boolean }>();
  for (const part of parts) {
    const moved = part.moved || distinct.get(keyOf(part))?.moved === true;
    distinct.set(keyOf(part), { collection: part.collection, day: part.day, moved });
  }
  const sorted = [...distinct].sort(([a], [b]) => a < b ? -1 : 1).map(([, part]) => part);
  const rows = await insertRows(
    sql,
    "part",
    ["feed", "collection", "day", "changes", "moved"],
    sorted.map(({ collection, day, moved }) => [feed, collection, day, 1, moved ? 1 : 0]),
    `ON CONFLICT (feed, collection, day) DO UPDATE SET changes = part.changes + 1,
       moved = CASE WHEN excluded.moved > 0 THEN part.changes + 1 ELSE part.moved END
     RETURNING collection, day, changes`,
  );
  return new Map(
    rows.map((row) => [
      keyOf({ collection: textOf(row, "collection"), day: numberOf(row, "day") }),
      numberOf(row, "changes"),
    ]),
  );
}
