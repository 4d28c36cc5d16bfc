/** Walks a window page by page, in order of time; every page is one transaction with the cursor. */
import type { Engine, Statements } from "../ledger/engine.ts";
import { registerOffers } from "../ledger/register.ts";
import { type Deadline, DeadlineCame } from "./deadline.ts";
import type { FollowSource, Window } from "./source.ts";

export interface WalkContext {
  engine: Engine;
  feed: string;
  source: FollowSource;
  deadline: Deadline;
}

interface Walked {
  /** The source's ids that the walk saw. */
  seen: Set<string>;
  /** Offers that said something new. */
  news: number;
}

/**
 * Registers all that the source has in the window. `onPage` runs in each page's transaction, with the time up
 * to which all is registered. The next page is asked for by time, so that what enters or leaves before it
 * moves nothing; only among granules of one millisecond does the source's own next page count.
 */
export async function walkWindow(
  { engine, feed, source, deadline }: WalkContext,
  window: Window,
  onPage: (sql: Statements, cursor: number, last: boolean) => Promise<void>,
): Promise<Walked> {
  const seen = new Set<string>();
  let news = 0;
  let from = window.from;
  let next: string | null = null;
  for (;;) {
    if (deadline.near) throw new DeadlineCame();
    const page = await source.page({ from, to: window.to }, next);
    const last = page.next === null;
    const end = page.offers.length === 0 ? from : page.offers[page.offers.length - 1].changed;
    const cursor = last ? window.to : Math.max(from, end);
    news += await engine.transaction(async (sql) => {
      const count = await registerOffers(sql, feed, page.offers, Date.now());
      await onPage(sql, cursor, last);
      return count;
    });
    for (const offer of page.offers) seen.add(offer.sourceId);
    if (last) return { seen, news };
    const stuck = cursor === from;
    next = stuck ? page.next : null;
    from = cursor;
  }
}
