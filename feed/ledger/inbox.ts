/** Notices as they came, kept before anything is made of them: what cannot be read is kept as bad, not lost. */
import { numberOf, type Statements, textOf } from "./engine.ts";
import { insertRows } from "./sql_text.ts";

export interface Notice {
  n: number;
  source: string;
  received: number;
  body: string;
}

/** Keeps notices in the order given. */
export async function keepNotices(
  sql: Statements,
  feed: string,
  notices: readonly Omit<Notice, "n">[],
): Promise<void> {
  await insertRows(
    sql,
    "inbox",
    ["feed", "source", "received", "body", "state"],
    notices.map(({ source, received, body }) => [feed, source, received, body, "new"]),
    "",
  );
}

/** The oldest notices that nothing was made of yet. */
export async function newNotices(sql: Statements, feed: string, limit: number): Promise<Notice[]> {
  const rows = await sql.all(
    `SELECT n, source, received, body FROM inbox WHERE feed = $1 AND state = 'new' ORDER BY n LIMIT $2
     FOR UPDATE SKIP LOCKED`,
    [feed, limit],
  );
  return rows.map((row) => ({
    n: numberOf(row, "n"),
    source: textOf(row, "source"),
    received: numberOf(row, "received"),
    body: textOf(row, "body"),
  }));
}

/** A notice that was read; its body is dropped, for the granule's row holds what it said. */
export async function settleNotice(sql: Statements, n: number): Promise<void> {
  await sql.all("DELETE FROM inbox WHERE n = $1", [n]);
}

/** A notice that cannot be read stays, with the reason. */
export async function markBadNotice(sql: Statements, n: number, error: string): Promise<void> {
  await sql.all("UPDATE inbox SET state = 'bad', error = $1 WHERE n = $2", [error.slice(0, 1000), n]);
}

/** Bad notices are tried again. */
export async function requeueNotices(sql: Statements, feed: string): Promise<number> {
  const rows = await sql.all(
    "UPDATE inbox SET state = 'new', error = NULL WHERE feed = $1 AND state = 'bad' RETURNING n",
    [feed],
  );
  return rows.length;
}

/** How many notices wait and how many are bad. */
export async function noticeCounts(sql: Statements, feed: string): Promise<{ waiting: number; bad: number }> {
  const rows = await sql.all(
    "SELECT state, count(*) AS notices FROM inbox WHERE feed = $1 GROUP BY state",
    [feed],
  );
  const counts = new Map(rows.map((row) => [textOf(row, "state"), numberOf(row, "notices")]));
  return { waiting: counts.get("new") ?? 0, bad: counts.get("bad") ?? 0 };
}
