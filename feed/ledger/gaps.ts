/**
 * How far apart a feed's notices come, as counts by length: enough to tell an unusual silence, in a few rows
 * however many notices came.
 */
import { numberOf, type Statements } from "./engine.ts";
import { feedProgress } from "./progress.ts";
import { insertRows } from "./sql_text.ts";

/** Lengths differ by a fourth of a power of two: to 19 %. */
const STEPS_A_DOUBLING = 4;
/** Fewer gaps have no 99th of a hundred. */
const FEWEST_GAPS = 100;
/** When so many are counted all counts are halved, so that a cadence of long ago is forgotten. */
const MOST_GAPS = 10_000;
const USUAL_SHARE = 0.99;
/** A shorter silence is none: notices come in bursts. */
const SHORTEST_SILENCE_MS = 600_000;

const stepOf = (gapMs: number) => Math.ceil(Math.log2(Math.max(1, gapMs)) * STEPS_A_DOUBLING);
const lengthOf = (step: number) => Math.ceil(2 ** (step / STEPS_A_DOUBLING));

/** Counts the gaps between notices received at `times`, ascending, the first after that of before. */
export async function countGaps(sql: Statements, feed: string, times: readonly number[]): Promise<void> {
  let last = (await feedProgress(sql, feed))?.pushed ?? null;
  const counts = new Map<number, number>();
  for (const time of times) {
    if (last !== null && time >= last) {
      counts.set(stepOf(time - last), (counts.get(stepOf(time - last)) ?? 0) + 1);
    }
    last = Math.max(last ?? time, time);
  }
  const rows = [...counts].sort(([a], [b]) => a - b).map(([step, gaps]) => [feed, step, gaps]);
  if (rows.length === 0) return;
  await insertRows(
    sql,
    "push_gap",
    ["feed", "step", "gaps"],
    rows,
    "ON CONFLICT (feed, step) DO UPDATE SET gaps = push_gap.gaps + excluded.gaps",
  );
  const [total] = await sql.all("SELECT sum(gaps) AS gaps FROM push_gap WHERE feed = $1", [feed]);
  if (numberOf(total, "gaps") > MOST_GAPS) {
    await sql.all("UPDATE push_gap SET gaps = gaps / 2 WHERE feed = $1", [feed]);
  }
}

interface Silence {
  /** Since when nothing was heard; null where nothing ever was. */
  since: number | null;
  /** So long is usual. */
  lengthMs: number;
}

/**
 * How long the feed's push may be silent: 99 of 100 of its own gaps are no longer, unless it is `stated`. Null
 * where too few notices came to say.
 */
export async function usualSilence(
  sql: Statements,
  feed: string,
  stated: number | undefined,
): Promise<Silence | null> {
  const since = (await feedProgress(sql, feed))?.pushed ?? null;
  if (stated !== undefined) return { since, lengthMs: stated };
  const rows = await sql.all("SELECT step, gaps FROM push_gap WHERE feed = $1 ORDER BY step", [feed]);
  const total = rows.reduce((sum, row) => sum + numberOf(row, "gaps"), 0);
  if (since === null || total < FEWEST_GAPS) return null;
  let counted = 0;
  for (const row of rows) {
    counted += numberOf(row, "gaps");
    if (counted < total * USUAL_SHARE) continue;
    return { since, lengthMs: Math.max(SHORTEST_SILENCE_MS, lengthOf(numberOf(row, "step"))) };
  }
  return null;
}

/** When a poll is due because the push is silent: never twice in the same length of silence. */
export async function silencePollDue(
  sql: Statements,
  feed: string,
  stated: number | undefined,
): Promise<{ at: number; lengthMs: number } | null> {
  const silence = await usualSilence(sql, feed, stated);
  if (silence === null) return null;
  const polled = (await feedProgress(sql, feed))?.polled ?? -Infinity;
  const { lengthMs } = silence;
  return { at: Math.max(silence.since ?? -Infinity, polled) + lengthMs, lengthMs };
}
