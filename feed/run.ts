/** One round of a feed: notices first, then a poll, then the catalog. */
import { dayText } from "./ledger/days.ts";
import { publishParts } from "./live/publish.ts";
import type { Deadline } from "./follow/deadline.ts";
import { poll } from "./follow/poll.ts";
import { emptyInbox } from "./notices/inbox.ts";
import type { Feed } from "./open.ts";

interface RunOptions {
  deadline: Deadline;
  acceptAbsent?: boolean;
  onNote?: (note: string) => void;
}

interface RunResult {
  news: number;
  deleted: number;
  /** Notices that could not be read, and stay in the inbox. */
  bad: number;
  more: boolean;
  watermark: string | null;
  short: { day: string; available: number | null; known: number }[];
  /** The number of the catalog's manifest, where the feed keeps one. */
  manifest: number | null;
}

export async function runFeed(feed: Feed, options: RunOptions): Promise<RunResult> {
  const { engine, definition, source } = feed;
  await feed.pull(options.deadline);
  const notices = await emptyInbox(feed);
  const result: RunResult = {
    news: notices.news,
    deleted: notices.deleted,
    bad: notices.bad,
    more: false,
    watermark: null,
    short: [],
    manifest: null,
  };
  if (definition.poll) {
    const polled = await poll({
      engine,
      feed: definition.name,
      source,
      from: definition.startMs,
      settleMs: definition.settleMs,
      deletionsEveryMs: definition.deletionsEveryMs,
      sweepEveryMs: definition.sweepEveryMs,
      deadline: options.deadline,
      ...(options.acceptAbsent ? { mostAbsent: Infinity } : {}),
      onNote: options.onNote,
    });
    result.news += polled.news;
    result.deleted += polled.deleted;
    result.more = polled.more;
    result.watermark = new Date(polled.watermark).toISOString();
    result.short = polled.short.map(({ day, available, known }) => ({ day: dayText(day), available, known }));
  }
  if (definition.catalog !== undefined) {
    const published = await publishParts(engine, definition.name, definition.catalog, definition.cellOrder);
    result.manifest = published.number;
  }
  return result;
}
