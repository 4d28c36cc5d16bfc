/** One round of a feed: notices first, then a poll, then the catalog. */
import { formatSeconds } from "../core/units.ts";
import { dayText } from "./ledger/days.ts";
import { publishParts } from "./live/publish.ts";
import { silencePollDue, usualSilence } from "./ledger/gaps.ts";
import type { Deadline } from "./follow/deadline.ts";
import { refilterLeftOut } from "./refilter.ts";
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
  const refiltered = await refilterLeftOut(feed, options.deadline, options.onNote);
  await feed.pull(options.deadline);
  const notices = await emptyInbox(feed);
  const result: RunResult = {
    news: notices.news + refiltered,
    deleted: notices.deleted,
    bad: notices.bad,
    more: false,
    watermark: null,
    short: [],
    manifest: null,
  };
  const silent = await engine.transaction((sql) =>
    silencePollDue(sql, definition.name, definition.push.silentMs)
  );
  const woken = silent !== null && silent.at <= Date.now();
  if (woken) options.onNote?.(await silenceWords(feed));
  if (definition.poll || woken) {
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
  if (feed.catalog !== undefined) {
    const { name, cellOrder } = definition;
    const published = await publishParts({ engine, feed: name, target: feed.catalog, cellOrder });
    result.manifest = published.number;
  }
  return result;
}

async function silenceWords({ engine, definition: { name, push } }: Feed): Promise<string> {
  const silence = await engine.transaction((sql) => usualSilence(sql, name, push.silentMs));
  if (silence === null || silence.since === null) return `${name}: nothing was pushed yet; polling`;
  return `${name}: nothing was pushed for ${formatSeconds((Date.now() - silence.since) / 1000)}, ` +
    `${push.silentMs === undefined ? "the longest that is usual" : "push.silent"} is ` +
    `${formatSeconds(silence.lengthMs / 1000)}; polling`;
}

/**
 * When a feed that polled at `polled`, by this machine's clock, has to poll again because its push is silent;
 * infinity where that cannot be said.
 */
export async function silenceDue({ engine, definition }: Feed, polled: number): Promise<number> {
  const { name, push } = definition;
  const due = await engine.transaction((sql) => silencePollDue(sql, name, push.silentMs));
  return due === null ? Infinity : Math.max(due.at, polled + due.lengthMs);
}
