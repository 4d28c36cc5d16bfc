/**
 * What a source says of granules, written down: the granule's row, the tasks that it asks for, the change of its
 * part of the catalog. One transaction with the cursor, so that none is without the others.
 */
import { DAY_MS } from "./days.ts";
import { numberOf, type Statements, textOf } from "./engine.ts";
import type { GranuleState } from "./schema.ts";
import { putGranules } from "./put_granules.ts";
import { keyOf, partDay, type PartKey, stampParts } from "./parts.ts";
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

const SAME_PART = "granule.collection = excluded.collection AND granule.part_day = excluded.part_day";

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
  const known = await wordsOn(sql, feed, sorted.map((offer) => offer.sourceId));
  const news = sorted.filter((offer) => saysMore(offer, known.get(offer.sourceId)));
  if (news.length === 0) return 0;
  const again = news.filter((offer) => known.has(offer.sourceId)).map((offer) => offer.sourceId);
  const former = await wordsOn(sql, feed, again, "FOR UPDATE");
  const stamps = await stampParts(
    sql,
    feed,
    news.flatMap((offer) => {
      const before = former.get(offer.sourceId);
      // One that was deleted a moment ago may still stand in a file of its part.
      const moved = before !== undefined && before.change > 0 && isElsewhere(offer, before);
      return [
        ...(offer.leftOut === null || before?.state === "live" ? [{ ...placeOf(offer), moved: false }] : []),
        ...(moved ? [{ ...before, moved: true }] : []),
      ];
    }),
  );
  const { written, missed } = await putGranules(
    sql,
    known,
    news.map((offer) => {
      const place = placeOf(offer);
      const shows = offer.leftOut === null || former.get(offer.sourceId)?.state === "live";
      const change = shows ? stamps.get(keyOf(place)) ?? 0 : 0;
      return [
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
        place.day,
        change,
        change,
      ];
    }),
    // What was in the part before may stand in a file of it; a granule that came from elsewhere does not.
    `SET collection = excluded.collection, id = excluded.id,
       changed = excluded.changed, revised = excluded.revised, start_ms = excluded.start_ms,
       state = excluded.state, reason = excluded.reason, granule_row = excluded.granule_row,
       seen = excluded.seen, part_day = excluded.part_day,
       change = CASE WHEN ${SAME_PART} AND granule.change > excluded.change
         THEN granule.change ELSE excluded.change END,
       first_change = CASE WHEN ${SAME_PART} THEN granule.first_change ELSE excluded.first_change END
     WHERE excluded.revised > granule.revised
       OR (excluded.revised = granule.revised AND granule.state = 'absent')`,
  );
  const bySource = new Map(news.map((offer) => [offer.sourceId, offer]));
  await queueTasks(
    sql,
    feed,
    written.filter((row) => row.state === "live").flatMap((row) =>
      bySource.get(textOf(row, "source_id")) ?? []
    ),
    now,
  );
  if (missed.length === 0) return written.length;
  return written.length +
    await registerOffers(sql, feed, missed.flatMap((id) => bySource.get(id) ?? []), now);
}

/** Puts the files of offers that are kept on the download queue. */
export async function queueTasks(
  sql: Statements,
  feed: string,
  offers: readonly Offer[],
  now: number,
): Promise<void> {
  await insertRows(
    sql,
    "task",
    ["feed", "source_id", "asset", "version", "id", "day", "work", "state", "attempts", "due"],
    offers.flatMap((offer) =>
      offer.tasks.map((task) => [
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
      ])
    ),
    `ON CONFLICT (feed, source_id, asset, version) DO UPDATE
       SET state = 'waiting', attempts = 0, due = excluded.due WHERE task.state = 'dropped'`,
  );
}

const placeOf = (offer: Offer): PartKey => ({ collection: offer.collection, day: partDay(offer.startMs) });

/** Raises the counts of changes of the parts of offers; gives the new number of each offer's part. */
export async function stampOffers(
  sql: Statements,
  feed: string,
  offers: readonly Offer[],
): Promise<(offer: Offer) => number> {
  const stamps = await stampParts(sql, feed, offers.map((offer) => ({ ...placeOf(offer), moved: false })));
  return (offer) => stamps.get(keyOf(placeOf(offer))) ?? 0;
}

/** Whether an offer says more than the ledger knows. */
function saysMore(offer: Offer, known: Word | undefined): boolean {
  return known === undefined || offer.revised > known.revised ||
    (offer.revised === known.revised && known.state === "absent");
}

/** Whether what a catalog shows of a granule under its former name or place has to go. */
function isElsewhere(offer: Offer, before: Word): boolean {
  return offer.id !== before.id || offer.collection !== before.collection ||
    partDay(offer.startMs) !== before.day;
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
  const all = [...latest.values()].sort((a, b) => a.sourceId < b.sourceId ? -1 : 1);
  const known = await wordsOn(sql, feed, all.map((one) => one.sourceId), "FOR UPDATE");
  const sorted = all.filter((one) => {
    const word = known.get(one.sourceId);
    return word === undefined || (one.at >= word.revised && word.state !== "deleted");
  });
  if (sorted.length === 0) return 0;
  const stamps = await stampParts(sql, feed, sorted.flatMap((one) => shownPlace(known.get(one.sourceId))));
  const { written, missed } = await putGranules(
    sql,
    known,
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
      0,
      changeOf(stamps, known.get(one.sourceId)),
      0,
    ]),
    `SET state = 'deleted', changed = excluded.changed,
       revised = excluded.revised, seen = excluded.seen,
       change = CASE WHEN excluded.change > granule.change THEN excluded.change ELSE granule.change END
     WHERE excluded.revised >= granule.revised AND granule.state <> 'deleted'`,
  );
  await dropTasks(sql, feed, written.map((row) => textOf(row, "source_id")));
  if (missed.length === 0) return written.length;
  return written.length +
    await registerDeletions(sql, feed, missed.flatMap((id) => latest.get(id) ?? []), now);
}

/** Marks granules that a whole walk of their time no longer found. They come back when they are seen. */
export async function registerAbsent(
  sql: Statements,
  feed: string,
  sourceIds: readonly string[],
): Promise<number> {
  const known = await wordsOn(sql, feed, [...sourceIds].sort(), "FOR UPDATE");
  const absent = [...known].filter(([, { state }]) => state === "live" || state === "filtered");
  const stamps = await stampParts(sql, feed, absent.flatMap(([, word]) => shownPlace(word)));
  const byChange = Map.groupBy(absent, ([, word]) => changeOf(stamps, word));
  for (const [change, words] of byChange) {
    for (const some of inHundreds(words.map(([id]) => id))) {
      await sql.all(
        `UPDATE granule SET state = 'absent', change = CASE WHEN change < $1 THEN $2 ELSE change END
         WHERE feed = $3 AND source_id IN (${places(some.length, 4)})`,
        [change, change, feed, ...some],
      );
    }
  }
  await dropTasks(sql, feed, absent.map(([id]) => id));
  return absent.length;
}

/** The part that shows a granule, if one does. */
function shownPlace(word: Word | undefined): (PartKey & { moved: boolean })[] {
  return word === undefined || word.state !== "live" ? [] : [{ ...word, moved: false }];
}

function changeOf(stamps: ReadonlyMap<string, number>, word: Word | undefined): number {
  return word === undefined || word.state !== "live" ? 0 : stamps.get(keyOf(word)) ?? 0;
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

/** What the ledger says of a granule. */
interface Word extends PartKey {
  id: string;
  revised: number;
  state: string;
  change: number;
}

async function wordsOn(
  sql: Statements,
  feed: string,
  sourceIds: readonly string[],
  lock: "FOR UPDATE" | "" = "",
): Promise<Map<string, Word>> {
  const found = new Map<string, Word>();
  for (const some of inHundreds(sourceIds)) {
    const rows = await sql.all(
      `SELECT source_id, collection, id, part_day, revised, state, change FROM granule
       WHERE feed = $1 AND source_id IN (${places(some.length, 2)})${lock && ` ORDER BY source_id ${lock}`}`,
      [feed, ...some],
    );
    for (const row of rows) {
      found.set(textOf(row, "source_id"), {
        collection: textOf(row, "collection"),
        id: textOf(row, "id"),
        day: numberOf(row, "part_day"),
        revised: numberOf(row, "revised"),
        state: textOf(row, "state"),
        change: numberOf(row, "change"),
      });
    }
  }
  return found;
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
