/** The subscription whose queue a feed reads. */
import { type Statements, textOf } from "./engine.ts";

export async function rememberSubscription(sql: Statements, feed: string, id: string): Promise<void> {
  await sql.all(
    "INSERT INTO subscription (feed, id) VALUES ($1, $2) ON CONFLICT (feed) DO UPDATE SET id = excluded.id",
    [feed, id],
  );
}

export async function forgetSubscription(sql: Statements, feed: string, id: string): Promise<void> {
  await sql.all("DELETE FROM subscription WHERE feed = $1 AND id = $2", [feed, id]);
}

export async function rememberedSubscription(sql: Statements, feed: string): Promise<string | null> {
  const [row] = await sql.all("SELECT id FROM subscription WHERE feed = $1", [feed]);
  return row === undefined ? null : textOf(row, "id");
}
