/** How far a feed has followed its source: the feed's row, the spans of time to walk, the days counted. */
import { numberOf, type SqlRow, type Statements } from "./engine.ts";

export interface FeedProgress {
  /** Where following began; nothing before it is looked for unless a backfill asks. */
  followedFrom: number;
  /** Everything that the source had changed before it is in the ledger. */
  watermark: number;
  polled: number | null;
  pushed: number | null;
  /** When the settling time was last walked whole. */
  swept: number | null;
  /** A sweep has come so far. */
  sweepAt: number | null;
  /** Deletions up to here were asked for. */
  deletionsTo: number | null;
}

/** Makes the feed's row where it is missing. */
export async function ensureFeed(sql: Statements, feed: string, followedFrom: number, definition: string) {
  await sql.all(
    `INSERT INTO feed (name, followed_from, watermark, definition) VALUES ($1, $2, $3, $4)
     ON CONFLICT (name) DO NOTHING`,
    [feed, followedFrom, followedFrom, definition],
  );
}

export async function feedProgress(sql: Statements, feed: string): Promise<FeedProgress | null> {
  const [row] = await sql.all("SELECT * FROM feed WHERE name = $1", [feed]);
  if (row === undefined) return null;
  return {
    followedFrom: numberOf(row, "followed_from"),
    watermark: numberOf(row, "watermark"),
    polled: wholeOrNull(row, "polled"),
    pushed: wholeOrNull(row, "pushed"),
    swept: wholeOrNull(row, "swept"),
    sweepAt: wholeOrNull(row, "sweep_at"),
    deletionsTo: wholeOrNull(row, "deletions_to"),
  };
}

function wholeOrNull(row: SqlRow, column: string): number | null {
  return row[column] === null || row[column] === undefined ? null : Number(row[column]);
}

const STAMPS = { polled: "polled", pushed: "pushed", swept: "swept", deletionsTo: "deletions_to" } as const;

/** Sets times of the feed's row; none goes back. */
export async function stampFeed(
  sql: Statements,
  feed: string,
  stamps: Partial<Record<keyof typeof STAMPS | "watermark", number>>,
): Promise<void> {
  for (const [name, time] of Object.entries(stamps)) {
    const column = name === "watermark" ? name : STAMPS[name as keyof typeof STAMPS];
    await sql.all(
      `UPDATE feed SET ${column} = $1 WHERE name = $2 AND (${column} IS NULL OR ${column} < $3)`,
      [time, feed, time],
    );
  }
}

/** Notes how far a sweep has come; null when none is under way. */
export async function setSweep(sql: Statements, feed: string, at: number | null): Promise<void> {
  await sql.all("UPDATE feed SET sweep_at = $1 WHERE name = $2", [at, feed]);
}

interface Span {
  from: number;
  to: number;
  /** What lies before it in the span is in the ledger. */
  cursor: number;
}

/** Adds a span to walk; one that starts at the same time stays as it is. */
export async function addSpan(sql: Statements, feed: string, from: number, to: number): Promise<void> {
  await sql.all(
    `INSERT INTO span (feed, from_ms, to_ms, cursor_ms, walked) VALUES ($1, $2, $3, $4, 0)
     ON CONFLICT (feed, from_ms) DO NOTHING`,
    [feed, from, to, from],
  );
}

/** The end of the last span, or null when there is none. */
export async function spansEnd(sql: Statements, feed: string): Promise<number | null> {
  const [row] = await sql.all("SELECT max(to_ms) AS at FROM span WHERE feed = $1", [feed]);
  return row === undefined ? null : wholeOrNull(row, "at");
}

/** Spans that are not walked to their end, oldest first. */
export async function openSpans(sql: Statements, feed: string, from = 0): Promise<Span[]> {
  const rows = await sql.all(
    `SELECT from_ms, to_ms, cursor_ms FROM span WHERE feed = $1 AND walked = 0 AND from_ms >= $2
     ORDER BY from_ms`,
    [feed, from],
  );
  return rows.map((row) => ({
    from: numberOf(row, "from_ms"),
    to: numberOf(row, "to_ms"),
    cursor: numberOf(row, "cursor_ms"),
  }));
}

/** Moves a span's cursor on, never back, and closes the span when it is walked. */
export async function moveSpan(
  sql: Statements,
  feed: string,
  from: number,
  cursor: number,
  walked: boolean,
): Promise<void> {
  await sql.all(
    `UPDATE span SET cursor_ms = $1 WHERE feed = $2 AND from_ms = $3 AND cursor_ms < $4`,
    [cursor, feed, from, cursor],
  );
  if (walked) await sql.all("UPDATE span SET walked = 1 WHERE feed = $1 AND from_ms = $2", [feed, from]);
}

/** Drops walked spans that end before `before`; the last span stays, for its end is where the next begins. */
export async function dropSpans(sql: Statements, feed: string, before: number): Promise<void> {
  await sql.all(
    `DELETE FROM span WHERE feed = $1 AND walked = 1 AND to_ms < $2
       AND to_ms < (SELECT max(to_ms) FROM span WHERE feed = $3)`,
    [feed, before, feed],
  );
}

export interface DayCount {
  day: number;
  /** What the source counts; null where it does not count. */
  available: number | null;
  known: number;
  /** A backfill asked for it, and it was not counted yet. */
  pending: boolean;
}

/** Marks a past day as one to count. */
export async function expectDay(sql: Statements, feed: string, day: number): Promise<void> {
  await sql.all(
    `INSERT INTO day (feed, day, available, known, checked) VALUES ($1, $2, NULL, 0, 0)
     ON CONFLICT (feed, day) DO UPDATE SET checked = 0`,
    [feed, day],
  );
}

export async function setDay(
  sql: Statements,
  feed: string,
  count: Omit<DayCount, "pending">,
  checked: number,
): Promise<void> {
  await sql.all(
    `INSERT INTO day (feed, day, available, known, checked) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (feed, day) DO UPDATE SET available = excluded.available, known = excluded.known,
       checked = excluded.checked`,
    [feed, count.day, count.available, count.known, checked],
  );
}

/** Days counted from `fromDay` on. */
export async function daysFrom(sql: Statements, feed: string, fromDay: number): Promise<DayCount[]> {
  const rows = await sql.all(
    "SELECT day, available, known, checked FROM day WHERE feed = $1 AND day >= $2 ORDER BY day",
    [feed, fromDay],
  );
  return rows.map((row) => ({
    day: numberOf(row, "day"),
    available: wholeOrNull(row, "available"),
    known: numberOf(row, "known"),
    pending: numberOf(row, "checked") === 0,
  }));
}
