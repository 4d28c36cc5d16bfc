/** What a feed keeps, as it was last filtered by; and granules that were left out, to be filtered again. */
import type { GranuleState } from "./schema.ts";
import { numberOf, type Statements, textOf } from "./engine.ts";
import { type Offer, queueTasks, stampOffers } from "./register.ts";

/** The rules by which granules were left out; null where none are known. */
export async function filteredBy(sql: Statements, feed: string): Promise<string | null> {
  const [row] = await sql.all("SELECT rules FROM filtered_by WHERE feed = $1", [feed]);
  return row === undefined ? null : textOf(row, "rules");
}

export async function setFilteredBy(sql: Statements, feed: string, rules: string): Promise<void> {
  await sql.all(
    "INSERT INTO filtered_by (feed, rules) VALUES ($1, $2) ON CONFLICT (feed) DO UPDATE SET rules = excluded.rules",
    [feed, rules],
  );
}

interface LeftOut {
  sourceId: string;
  changed: number;
  revised: number;
  row: string;
}

/** Granules that are left out, by their ids after `after`; those that gave no row can never be kept. */
export async function leftOutAfter(
  sql: Statements,
  feed: string,
  after: string,
  limit: number,
): Promise<LeftOut[]> {
  const rows = await sql.all(
    `SELECT source_id, changed, revised, granule_row FROM granule
     WHERE feed = $1 AND source_id > $2 AND state = 'filtered' AND granule_row <> '{}'
     ORDER BY source_id LIMIT $3`,
    [feed, after, limit],
  );
  return rows.map((row) => ({
    sourceId: textOf(row, "source_id"),
    changed: numberOf(row, "changed"),
    revised: numberOf(row, "revised"),
    row: textOf(row, "granule_row"),
  }));
}

/**
 * Keeps granules that were left out and now fit, with their files on the queue, and notes the new reason of others.
 * What was said of one meanwhile stands. Returns how many are kept now.
 */
export async function registerRefiltered(
  sql: Statements,
  feed: string,
  offers: readonly Offer[],
  now: number,
): Promise<number> {
  const fit = offers.filter(({ leftOut }) => leftOut === null);
  const stamps = await stampOffers(sql, feed, fit);
  const kept: Offer[] = [];
  for (const offer of offers) {
    const state = (offer.leftOut === null ? "live" : "filtered") satisfies GranuleState;
    const change = offer.leftOut === null ? stamps(offer) : 0;
    const rows = await sql.all(
      `UPDATE granule SET state = $1, reason = $2, change = CASE WHEN change < $3 THEN $4 ELSE change END
       WHERE feed = $5 AND source_id = $6 AND revised = $7 AND state = 'filtered' RETURNING source_id`,
      [state, offer.leftOut, change, change, feed, offer.sourceId, offer.revised],
    );
    if (offer.leftOut === null && rows.length > 0) kept.push(offer);
  }
  await queueTasks(sql, feed, kept, now);
  return kept.length;
}
