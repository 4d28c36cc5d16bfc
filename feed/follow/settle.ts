/**
 * Settling: for some days after its time a granule may still appear in a source, or leave it. As long as
 * the source's count and the ledger's agree nothing is asked; where they differ, the window is halved until
 * its parts are short enough to be walked whole and compared.
 */
import { countIn, knownIn, knownTimes, registerAbsent, registerOffers } from "../ledger/register.ts";
import { DeadlineCame } from "./deadline.ts";
import { halves } from "./spans.ts";
import { type WalkContext, walkWindow } from "./walk.ts";
import type { Window } from "./source.ts";

export interface SettleOptions {
  /** More than this many may not vanish in one poll, unless they are a small share of what is known. */
  mostAbsent?: number;
  onNote?: ((note: string) => void) | undefined;
}

interface Settled {
  /** What the source counted before anything was walked; null where it does not count. */
  available: number | null;
  news: number;
  /** Granules that the ledger has and a whole walk did not find. */
  missing: string[];
}

/** Granules that may vanish in one poll without anybody's word: so many, or this share. */
const MOST_ABSENT = 10;
const MOST_ABSENT_SHARE = 0.01;

/** Makes the ledger agree with the source in the window; with `whole`, even where the counts agree. */
export async function settleWindow(
  context: WalkContext,
  window: Window,
  whole = false,
): Promise<Settled> {
  const { engine, feed, source } = context;
  if (source.list !== undefined) return await settleByList(context, window);
  const available = await source.count(window);
  const known = await engine.transaction((sql) => countIn(sql, feed, window.from, window.to));
  if (!whole && (available === null || available === known)) return { available, news: 0, missing: [] };
  const parts = halves(window);
  const few = Math.max(available ?? 0, known) <= source.pageSize;
  if (whole || few || parts === null) {
    const before = await engine.transaction((sql) => knownIn(sql, feed, window.from, window.to));
    const { seen, news } = await walkWindow(context, window, async () => {});
    return { available, news, missing: before.filter((id) => !seen.has(id)) };
  }
  const result: Settled = { available, news: 0, missing: [] };
  for (const part of parts) {
    const settled = await settleWindow(context, part);
    result.news += settled.news;
    result.missing.push(...settled.missing);
  }
  return result;
}

/** Compares a listing with the ledger, and reads what is new in it. */
async function settleByList(context: WalkContext, window: Window): Promise<Settled> {
  const { engine, feed, source, deadline } = context;
  const listed = await source.list?.(window) ?? [];
  const known = await engine.transaction((sql) => knownTimes(sql, feed, window.from, window.to));
  const news = new Set(
    listed.filter(({ sourceId, changed }) => known.get(sourceId) !== changed).map(({ sourceId }) => sourceId),
  );
  const here = new Set(listed.map(({ sourceId }) => sourceId));
  const settled: Settled = {
    available: listed.length,
    news: 0,
    missing: [...known.keys()].filter((id) => !here.has(id)),
  };
  if (news.size === 0) return settled;
  for await (const offers of source.offers?.(news) ?? []) {
    if (deadline.near) throw new DeadlineCame();
    settled.news += await engine.transaction((sql) => registerOffers(sql, feed, offers, Date.now()));
  }
  return settled;
}

/**
 * Marks as absent what the source itself says is gone. Where it cannot be asked, the walk's word counts. Many
 * at once are more likely a fault of the source's than deletions: then none is marked, and that is noted.
 */
export async function settleMissing(
  { engine, feed, source }: WalkContext,
  missing: readonly string[],
  known: number,
  options: SettleOptions = {},
): Promise<number> {
  if (missing.length === 0) return 0;
  const most = options.mostAbsent ?? Math.max(MOST_ABSENT, Math.floor(known * MOST_ABSENT_SHARE));
  if (missing.length > most) {
    options.onNote?.(
      `${missing.length} granules are no longer found, more than ${most} at once: none was taken out ` +
        "(granary feed run --accept-absent takes them out)",
    );
    return 0;
  }
  const gone: string[] = [];
  for (const id of missing) if (source.has === undefined || !await source.has(id)) gone.push(id);
  return await engine.transaction((sql) => registerAbsent(sql, feed, gone));
}
