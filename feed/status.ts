/** What a feed has come to: a row a day, and where it stands. */
import type { FeedDay, FeedState } from "../catalog/feed_state.ts";
import { DAY_MS, dayText } from "./ledger/days.ts";
import { type Engine, numberOf, textOf } from "./ledger/engine.ts";
import { noticeCounts } from "./ledger/inbox.ts";
import { usualSilence } from "./ledger/gaps.ts";
import { daysFrom, feedProgress, openSpans } from "./ledger/progress.ts";
import { type TaskCounts, taskCounts } from "./ledger/tasks.ts";

export interface FeedStatus extends FeedState {
  /** Spans of time that are not walked to their end. */
  open: number;
  tasks: TaskCounts;
  /** Milliseconds that the oldest due task has waited. */
  queueAgeMs: number;
  notices: { waiting: number; bad: number };
}

export async function feedStatus(
  engine: Engine,
  feed: string,
  days: number,
  /** What `push.silent` says. */
  silentMs?: number,
  now = Date.now(),
): Promise<FeedStatus> {
  const fromDay = Math.floor(now / DAY_MS) - days + 1;
  return await engine.snapshot(async (sql) => {
    const progress = await feedProgress(sql, feed);
    const table = new Map<number, FeedDay>();
    const at = (day: number): FeedDay => {
      const known = table.get(day);
      if (known !== undefined) return known;
      const made: FeedDay = {
        day: dayText(day),
        available: null,
        known: 0,
        kept: 0,
        filtered: 0,
        deleted: 0,
        downloaded: 0,
        failed: 0,
        dead: 0,
        short: false,
      };
      table.set(day, made);
      return made;
    };
    const granules = await sql.all(
      `SELECT changed / ${DAY_MS} AS day, state, count(*) AS granules FROM granule
       WHERE feed = $1 AND changed >= $2 GROUP BY changed / ${DAY_MS}, state`,
      [feed, fromDay * DAY_MS],
    );
    for (const row of granules) {
      const day = at(numberOf(row, "day"));
      const count = numberOf(row, "granules");
      const state = textOf(row, "state");
      if (state === "live") day.kept += count;
      else if (state === "filtered") day.filtered += count;
      else day.deleted += count;
      if (state === "live" || state === "filtered") day.known += count;
    }
    const tasks = await sql.all(
      `SELECT day, state, CASE WHEN error IS NULL THEN 0 ELSE 1 END AS failed, count(*) AS tasks FROM task
       WHERE feed = $1 AND day >= $2 GROUP BY day, state, CASE WHEN error IS NULL THEN 0 ELSE 1 END`,
      [feed, fromDay],
    );
    for (const row of tasks) {
      const day = at(numberOf(row, "day"));
      const count = numberOf(row, "tasks");
      const state = textOf(row, "state");
      if (state === "done") day.downloaded += count;
      else if (state === "dead") day.dead += count;
      else if (state === "waiting" && numberOf(row, "failed") === 1) day.failed += count;
    }
    for (const count of await daysFrom(sql, feed, fromDay)) {
      if (count.pending) continue;
      const day = at(count.day);
      day.available = count.available;
      day.short = count.available !== null && count.available !== count.known;
    }
    const counts = await taskCounts(sql, feed);
    const silence = await usualSilence(sql, feed, silentMs);
    return {
      feed,
      watermark: timeText(progress?.watermark),
      polled: timeText(progress?.polled),
      pushed: timeText(progress?.pushed),
      silent: silence !== null && silence.since !== null && silence.since + silence.lengthMs <= now,
      open: (await openSpans(sql, feed)).length,
      tasks: counts,
      queueAgeMs: counts.oldestDue === null ? 0 : Math.max(0, now - counts.oldestDue),
      notices: await noticeCounts(sql, feed),
      days: [...table].sort(([a], [b]) => a - b).map(([, day]) => day),
    };
  });
}

function timeText(time: number | null | undefined): string | null {
  return time === null || time === undefined ? null : new Date(time).toISOString();
}
