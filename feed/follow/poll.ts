/** One poll: extend, walk, settle, deletions, sweep, count days, move the watermark. */
import { DAY_MS, dayOf } from "../ledger/days.ts";
import type { Engine } from "../ledger/engine.ts";
import {
  addSpan,
  type DayCount,
  daysFrom,
  dropSpans,
  ensureFeed,
  expectDay,
  type FeedProgress,
  feedProgress,
  moveSpan,
  openSpans,
  setDay,
  setSweep,
  spansEnd,
  stampFeed,
} from "../ledger/progress.ts";
import { countIn, registerDeletions } from "../ledger/register.ts";
import { type Deadline, DeadlineCame, NO_DEADLINE } from "./deadline.ts";
import { settleMissing, type SettleOptions, settleWindow } from "./settle.ts";
import type { FollowSource, Window } from "./source.ts";
import { cutAtMidnights, watermarkOf } from "./spans.ts";
import { type WalkContext, walkWindow } from "./walk.ts";

interface PollOptions extends SettleOptions {
  engine: Engine;
  feed: string;
  source: FollowSource;
  /** Following begins here when the feed is new. */
  from: number;
  /** How long after its time a granule may still appear or leave. */
  settleMs: number;
  /** How often deletions are asked for, when counts agree. */
  deletionsEveryMs?: number;
  /** How often the settling time is walked whole, though counts agree. */
  sweepEveryMs?: number;
  /** What the feed is, to be kept with its state. */
  definition?: string;
  deadline?: Deadline;
}

interface PollResult {
  /** Offers that said something new. */
  news: number;
  deleted: number;
  /** The deadline came first; another poll goes on. */
  more: boolean;
  watermark: number;
  /** Days whose counts still differ when they have settled. */
  short: DayCount[];
}

const DELETIONS_EVERY_MS = 3_600_000;

/** Brings the ledger up to the source's present. May be ended anywhere, and run by several at once. */
export async function poll(options: PollOptions): Promise<PollResult> {
  const { engine, feed, source, settleMs } = options;
  const context: WalkContext = { engine, feed, source, deadline: options.deadline ?? NO_DEADLINE };
  const result: PollResult = { news: 0, deleted: 0, more: false, watermark: 0, short: [] };
  const now = await source.now();
  const progress = await extend(options, now);
  try {
    result.news += await walkOpenSpans(context);
    const window = { from: Math.max(progress.followedFrom, now - settleMs), to: now };
    const settled = await settleWindow(context, window);
    result.news += settled.news;
    const known = await engine.transaction((sql) => countIn(sql, feed, window.from, window.to));
    const due = now - (progress.deletionsTo ?? -Infinity) >= (options.deletionsEveryMs ?? DELETIONS_EVERY_MS);
    if (due || settled.missing.length > 0 || settled.news > 0) {
      result.deleted += await askDeletions(context, {
        from: Math.max(progress.followedFrom, (progress.deletionsTo ?? progress.followedFrom) - settleMs),
        to: now,
      });
    }
    result.deleted += await settleMissing(context, settled.missing, known, options);
    const swept = await sweep(context, window, progress, options);
    result.news += swept.news;
    result.deleted += swept.deleted;
    await countDays(context, progress.followedFrom, now - settleMs, options);
    await engine.transaction((sql) => stampFeed(sql, feed, { polled: now }));
  } catch (error) {
    if (!(error instanceof DeadlineCame)) throw error;
    result.more = true;
  }
  await engine.transaction(async (sql) => {
    const [first] = await openSpans(sql, feed, progress.followedFrom);
    const watermark = watermarkOf(
      now,
      settleMs,
      result.more ? first?.cursor ?? progress.watermark : first?.cursor ?? null,
    );
    await stampFeed(sql, feed, { watermark });
    await dropSpans(sql, feed, now - settleMs);
    result.watermark = (await feedProgress(sql, feed))?.watermark ?? watermark;
    result.short = (await daysFrom(sql, feed, 0)).filter(isShort);
  });
  return result;
}

/** Adds the spans up to now, before anything is asked in them. */
async function extend(options: PollOptions, now: number) {
  const { engine, feed, from } = options;
  return await engine.transaction(async (sql) => {
    await ensureFeed(sql, feed, from, options.definition ?? "{}");
    const progress = await feedProgress(sql, feed);
    if (progress === null) throw new Error("the feed's row is not there after it was made");
    const end = await spansEnd(sql, feed) ?? progress.followedFrom;
    if (end < now) await addSpan(sql, feed, end, now);
    return progress;
  });
}

async function walkOpenSpans(context: WalkContext): Promise<number> {
  const { engine, feed } = context;
  let news = 0;
  for (const span of await engine.transaction((sql) => openSpans(sql, feed))) {
    const walked = await walkWindow(
      context,
      { from: span.cursor, to: span.to },
      (sql, cursor, last) => moveSpan(sql, feed, span.from, cursor, last),
    );
    news += walked.news;
  }
  return news;
}

async function askDeletions(
  { engine, feed, source, deadline }: WalkContext,
  window: Window,
): Promise<number> {
  if (source.deletions === undefined) return 0;
  let deleted = 0;
  for await (const deletions of source.deletions(window)) {
    deleted += await engine.transaction((sql) => registerDeletions(sql, feed, deletions, Date.now()));
    if (deadline.near) throw new DeadlineCame();
  }
  await engine.transaction((sql) => stampFeed(sql, feed, { deletionsTo: window.to }));
  return deleted;
}

/**
 * Once a day walks the settling time whole, a day at a time, for equal counts can hide one granule gone and
 * one come. A sweep that a deadline ends goes on with the next poll.
 */
async function sweep(context: WalkContext, window: Window, progress: FeedProgress, options: PollOptions) {
  const { engine, feed } = context;
  const result = { news: 0, deleted: 0 };
  if (progress.swept === null) {
    // All was walked just now.
    await engine.transaction((sql) => stampFeed(sql, feed, { swept: window.to }));
    return result;
  }
  if (window.to - progress.swept < (options.sweepEveryMs ?? DAY_MS)) return result;
  const from = Math.max(window.from, progress.sweepAt ?? window.from);
  for (const part of cutAtMidnights({ from, to: window.to })) {
    const { news, missing } = await settleWindow(context, part, true);
    const known = await engine.transaction((sql) => countIn(sql, feed, part.from, part.to));
    result.news += news;
    result.deleted += await settleMissing(context, missing, known, options);
    await engine.transaction((sql) => setSweep(sql, feed, part.to));
  }
  await engine.transaction(async (sql) => {
    await stampFeed(sql, feed, { swept: window.to });
    await setSweep(sql, feed, null);
  });
  return result;
}

/**
 * Counts each day when it has settled, and days that were short again. A day whose counts differ is settled
 * once more by halves before it is called short.
 */
async function countDays(context: WalkContext, from: number, settledTo: number, options: SettleOptions) {
  const { engine, feed, source, deadline } = context;
  const counted = await engine.transaction((sql) => daysFrom(sql, feed, 0));
  const settled = new Set(counted.map(({ day }) => day));
  const days = counted.filter((day) => day.pending || isShort(day)).map(({ day }) => day);
  for (let day = dayOf(from + DAY_MS - 1); (day + 1) * DAY_MS <= settledTo; day += 1) {
    if (!settled.has(day)) days.push(day);
  }
  for (const run of await emptyRuns(engine, feed, days)) {
    if (deadline.near) throw new DeadlineCame();
    const window = { from: run[0] * DAY_MS, to: (run[run.length - 1] + 1) * DAY_MS };
    // One answer of zero counts many days.
    if (run.length > 1 && await source.count(window) === 0) {
      await engine.transaction(async (sql) => {
        for (const day of run) await setDay(sql, feed, { day, available: 0, known: 0 }, Date.now());
      });
    } else for (const day of run) await countDay(context, day, options);
  }
}

/** The days in runs: neighbours of which the ledger has nothing together, any other day alone. */
async function emptyRuns(engine: Engine, feed: string, days: readonly number[]): Promise<number[][]> {
  const runs: number[][] = [];
  let emptyBefore = false;
  await engine.transaction(async (sql) => {
    for (const day of days) {
      const empty = await countIn(sql, feed, day * DAY_MS, (day + 1) * DAY_MS) === 0;
      const last = runs.at(-1);
      if (empty && emptyBefore && last !== undefined && last[last.length - 1] === day - 1) last.push(day);
      else runs.push([day]);
      emptyBefore = empty;
    }
  });
  return runs;
}

async function countDay(context: WalkContext, day: number, options: SettleOptions): Promise<void> {
  const { engine, feed, source, deadline } = context;
  if (deadline.near) throw new DeadlineCame();
  const window = { from: day * DAY_MS, to: (day + 1) * DAY_MS };
  const settled = await settleWindow(context, window);
  let { available } = settled;
  if (settled.news > 0 || settled.missing.length > 0) {
    const known = await engine.transaction((sql) => countIn(sql, feed, window.from, window.to));
    await settleMissing(context, settled.missing, known, options);
    available = await source.count(window);
  }
  await engine.transaction(async (sql) => {
    const known = await countIn(sql, feed, window.from, window.to);
    await setDay(sql, feed, { day, available, known }, Date.now());
  });
}

function isShort(day: DayCount): boolean {
  return day.available !== null && day.available !== day.known;
}

/**
 * Adds the spans of past days, which the next poll walks and counts; what is followed already is left out.
 * Returns how many days were added.
 */
export async function backfill(engine: Engine, feed: string, window: Window): Promise<number> {
  return await engine.transaction(async (sql) => {
    const progress = await feedProgress(sql, feed);
    const to = Math.min(window.to, progress?.followedFrom ?? window.to);
    const days = cutAtMidnights({ from: window.from, to });
    if (days.length > 0) await addSpan(sql, feed, window.from, to);
    for (const { from } of days) await expectDay(sql, feed, dayOf(from));
    return days.length;
  });
}
