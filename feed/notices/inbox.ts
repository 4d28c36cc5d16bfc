/** Makes of the notices in the inbox what they say; one that cannot be read is kept as bad. */
import { GranaryError } from "../../core/errors.ts";
import type { Feed } from "../open.ts";
import { markBadNotice, newNotices, type Notice, settleNotice } from "../ledger/inbox.ts";
import { countGaps } from "../ledger/gaps.ts";
import { stampFeed } from "../ledger/progress.ts";
import { registerDeletions, registerOffers } from "../ledger/register.ts";
import type { NoticeContent, NoticeReader } from "../sources/notice.ts";

const BATCH = 200;

interface Emptied {
  read: number;
  bad: number;
  news: number;
  deleted: number;
}

/**
 * Reads notices until none is new. They are read outside of a transaction, for a source may have to be
 * asked; a notice leaves the inbox in the transaction that registers it, and read twice it says the same.
 */
export async function emptyInbox({ engine, definition, readNotice }: Feed): Promise<Emptied> {
  const total: Emptied = { read: 0, bad: 0, news: 0, deleted: 0 };
  const feed = definition.name;
  for (;;) {
    const notices = await engine.transaction((sql) => newNotices(sql, feed, BATCH));
    const read: [Notice, NoticeContent | string][] = [];
    for (const notice of notices) read.push([notice, await contentOf(notice, readNotice)]);
    await engine.transaction(async (sql) => {
      const now = Date.now();
      const content: NoticeContent = { offers: [], deletions: [] };
      for (const [{ n }, one] of read) {
        if (typeof one === "string") {
          await markBadNotice(sql, n, one);
          total.bad += 1;
          continue;
        }
        content.offers.push(...one.offers);
        content.deletions.push(...one.deletions);
        await settleNotice(sql, n);
      }
      total.news += await registerOffers(sql, feed, content.offers, now);
      total.deleted += await registerDeletions(sql, feed, content.deletions, now);
      if (notices.length > 0) {
        const times = notices.map(({ received }) => received).sort((a, b) => a - b);
        await countGaps(sql, feed, times);
        await stampFeed(sql, feed, { pushed: times[times.length - 1] });
      }
    });
    total.read += notices.length;
    if (notices.length < BATCH) return total;
  }
}

/** What a notice says, or why it cannot be used. What its source could not be asked is tried again. */
async function contentOf(
  { body, received }: Notice,
  readNotice: NoticeReader,
): Promise<NoticeContent | string> {
  try {
    return await readNotice(body, received);
  } catch (error) {
    if (error instanceof GranaryError && error.tag === "input") return error.message;
    throw error;
  }
}
