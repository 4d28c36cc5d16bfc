/**
 * What a source says of granules, written down: the granule's row, the tasks that it asks for, the part
 * of the catalog that must be made again. One transaction with the cursor, so that none is without the others.
 */
import { DAY_MS } from "./days.ts";
import { numberOf, type SqlRow, type Statements, textOf, textOrNull } from "./engine.ts";
import type { GranuleState } from "./schema.ts";
import { insertRows, places } from "./sql_text.ts";

/** A file that a granule's registration puts on the download queue. */
export interface TaskOffer {
  asset: string;
  /** What tells this file from an earlier one of the same name: its checksum, or the time of its change. */
  version: string;
  /** What a downloader needs, as JSON. */
  work: string;
}

/** A granule as a source offers it. */
export interface Offer {
  sourceId: string;
  collection: string;
  id: string;
  /** The time by which windows find it, milliseconds since 1970 UTC by the source's clock. */
  changed: number;
  /** What orders the source's words on it: later ones replace earlier ones. Most sources' `changed`. */
  revised: number;
  startMs: number | null;
  /** Why the feed's filter leaves it out; null when it is kept. */
  leftOut: string | null;
  /** The catalog's row, as JSON. */
  row: string;
  tasks: readonly TaskOffer[];
}

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
];

/**
 * Registers offers; returns how many of them said something new. A granule counts once however often it is
 * offered; what is older than the ledger's own word, a deletion included, changes nothing.
 */
export async function registerOffers(
  sql: Statements,
  feed: string,
  offers: readonly Offer[],
  now: number,
): Promise<number> {
  // Sorted, so that two writers never wait for each other in a circle; distinct, as one statement must be.
  const sorted = newestOfEach(offers);
  if (sorted.length === 0) return 0;
  const former = await placesOf(sql, feed, sorted.map((offer) => offer.sourceId));
  const returned = await insertRows(
    sql,
    "granule",
    COLUMNS,
    sorted.map((offer) => [
      feed,
      offer.sourceId,
      offer.collection,
      offer.id,
      offer.changed,
      offer.revised,
      offer.startMs,
      (offer.leftOut === null ? "live" : "filtered") satisfies GranuleState,
      offer.leftOut,
      offer.row,
      now,
    ]),
    `ON CONFLICT (feed, source_id) DO UPDATE SET collection = excluded.collection, id = excluded.id,
       changed = excluded.changed, revised = excluded.revised, start_ms = excluded.start_ms,
       state = excluded.state, reason = excluded.reason, granule_row = excluded.granule_row,
       seen = excluded.seen
     WHERE excluded.revised > granule.revised
       OR (excluded.revised = granule.revised AND granule.state = 'absent')
     RETURNING source_id, collection, start_ms, state`,
  );
  const bySource = new Map(sorted.map((offer) => [offer.sourceId, offer]));
  const tasks = returned.filter((row) => row.state === "live").flatMap((row) => {
    const offer = bySource.get(textOf(row, "source_id"));
    return (offer?.tasks ?? []).map((task) => ({ offer: offer as Offer, task }));
  });
  await insertRows(
    sql,
    "task",
    ["feed", "source_id", "asset", "version", "id", "day", "work", "state", "attempts", "due"],
    tasks.map(({ offer, task }) => [
      feed,
      offer.sourceId,
      task.asset,
      task.version,
      offer.id,
      Math.floor(offer.changed / DAY_MS),
      task.work,
      "waiting",
      0,
      now,
    ]),
    `ON CONFLICT (feed, source_id, asset, version) DO UPDATE
       SET state = 'waiting', attempts = 0, due = excluded.due WHERE task.state = 'dropped'`,
  );
  const before = returned.flatMap((row) => former.get(textOf(row, "source_id")) ?? []);
  const shown = returned.filter((row) => row.state === "live");
  await markParts(sql, feed, [...shown, ...before]);
  return returned.length;
}

/** A deletion as the source tells it, by its own id of the granule. */
export interface Deletion {
  sourceId: string;
  /** When, by the source's clock. */
  at: number;
  collection: string;
  id: string;
}

/**
 * Registers deletions; returns how many were new. One of a granule that was never seen is kept, so that
 * news of it that come later than the deletion bring nothing back.
 */
export async function registerDeletions(
  sql: Statements,
  feed: string,
  deletions: readonly Deletion[],
  now: number,
): Promise<number> {
  const latest = new Map<string, Deletion>();
  for (const one of deletions) {
    if (one.at >= (latest.get(one.sourceId)?.at ?? -Infinity)) latest.set(one.sourceId, one);
  }
  const sorted = [...latest.values()].sort((a, b) => a.sourceId < b.sourceId ? -1 : 1);
  if (sorted.length === 0) return 0;
  const before = await placesOf(sql, feed, sorted.map((one) => one.sourceId));
  const returned = await insertRows(
    sql,
    "granule",
    COLUMNS,
    sorted.map((one) => [
      feed,
      one.sourceId,
      one.collection,
      one.id,
      one.at,
      one.at,
      null,
      "deleted" satisfies GranuleState,
      null,
      "{}",
      now,
    ]),
    `ON CONFLICT (feed, source_id) DO UPDATE SET state = 'deleted', changed = excluded.changed,
       revised = excluded.revised, seen = excluded.seen
     WHERE excluded.revised >= granule.revised AND granule.state <> 'deleted'
     RETURNING source_id`,
  );
  const changed = returned.map((row) => textOf(row, "source_id"));
  await dropTasks(sql, feed, changed);
  await markParts(sql, feed, changed.flatMap((id) => before.get(id) ?? []));
  return changed.length;
}

/** Marks granules that a whole walk of their time no longer found. They come back when they are seen. */
export async function registerAbsent(
  sql: Statements,
  feed: string,
  sourceIds: readonly string[],
): Promise<number> {
  let count = 0;
  for (const some of inHundreds([...sourceIds].sort())) {
    const rows = await sql.all(
      `UPDATE granule SET state = 'absent' WHERE feed = $1 AND source_id IN (${places(some.length, 2)})
         AND state IN ('live', 'filtered') RETURNING source_id, collection, start_ms`,
      [feed, ...some],
    );
    await dropTasks(sql, feed, rows.map((row) => textOf(row, "source_id")));
    await markParts(sql, feed, rows);
    count += rows.length;
  }
  return count;
}

/** What is no longer there is not fetched. */
async function dropTasks(sql: Statements, feed: string, sourceIds: readonly string[]): Promise<void> {
  for (const some of inHundreds(sourceIds)) {
    await sql.all(
      `UPDATE task SET state = 'dropped' WHERE feed = $1 AND state = 'waiting'
         AND source_id IN (${places(some.length, 2)})`,
      [feed, ...some],
    );
  }
}

/** Where granules lie in the catalog now: a change takes them out of there too. */
async function placesOf(
  sql: Statements,
  feed: string,
  sourceIds: readonly string[],
): Promise<Map<string, SqlRow[]>> {
  const found = new Map<string, SqlRow[]>();
  for (const some of inHundreds(sourceIds)) {
    const rows = await sql.all(
      `SELECT source_id, collection, start_ms FROM granule
       WHERE feed = $1 AND state = 'live' AND source_id IN (${places(some.length, 2)})`,
      [feed, ...some],
    );
    for (const row of rows) found.set(textOf(row, "source_id"), [row]);
  }
  return found;
}

/** The day that names a part: granules without a time lie in that of 1970-01-01. */
function partDay(startMs: number | null): number {
  return startMs === null ? 0 : Math.floor(startMs / DAY_MS);
}

async function markParts(sql: Statements, feed: string, rows: readonly SqlRow[]): Promise<void> {
  const marked = new Map<string, [string, number]>();
  for (const row of rows) {
    const collection = textOf(row, "collection");
    const start = textOrNull(row, "start_ms");
    const day = partDay(start === null ? null : Number(start));
    marked.set(`${collection} ${day}`, [collection, day]);
  }
  const sorted = [...marked].sort(([a], [b]) => a < b ? -1 : 1);
  await insertRows(
    sql,
    "part",
    ["feed", "collection", "day", "dirty", "rows"],
    sorted.map(([, [collection, day]]) => [feed, collection, day, 1, 0]),
    "ON CONFLICT (feed, collection, day) DO UPDATE SET dirty = part.dirty + 1",
  );
}

function newestOfEach(offers: readonly Offer[]): Offer[] {
  const newest = new Map<string, Offer>();
  for (const offer of offers) {
    const known = newest.get(offer.sourceId);
    if (known === undefined || offer.revised > known.revised) newest.set(offer.sourceId, offer);
  }
  return [...newest.values()].sort((a, b) => a.sourceId < b.sourceId ? -1 : 1);
}

function inHundreds<T>(values: readonly T[]): T[][] {
  return Array.from(
    { length: Math.ceil(values.length / 100) },
    (_, i) => values.slice(i * 100, i * 100 + 100),
  );
}

/** The source's ids of the granules that the ledger has for [from, to), kept and left out. */
export async function knownIn(
  sql: Statements,
  feed: string,
  from: number,
  to: number,
): Promise<string[]> {
  const rows = await sql.all(
    `SELECT source_id FROM granule WHERE feed = $1 AND changed >= $2 AND changed < $3
       AND state IN ('live', 'filtered')`,
    [feed, from, to],
  );
  return rows.map((row) => textOf(row, "source_id"));
}

/** The same with the time of each, milliseconds since 1970 UTC. */
export async function knownTimes(
  sql: Statements,
  feed: string,
  from: number,
  to: number,
): Promise<Map<string, number>> {
  const rows = await sql.all(
    `SELECT source_id, changed FROM granule WHERE feed = $1 AND changed >= $2 AND changed < $3
       AND state IN ('live', 'filtered')`,
    [feed, from, to],
  );
  return new Map(rows.map((row) => [textOf(row, "source_id"), numberOf(row, "changed")]));
}

/** How many granules the ledger has for [from, to), kept and left out. */
export async function countIn(sql: Statements, feed: string, from: number, to: number): Promise<number> {
  const [row] = await sql.all(
    `SELECT count(*) AS known FROM granule WHERE feed = $1 AND changed >= $2 AND changed < $3
       AND state IN ('live', 'filtered')`,
    [feed, from, to],
  );
  return numberOf(row, "known");
}
