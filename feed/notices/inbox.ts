/** Makes of the notices in the inbox what they say; one that cannot be read is kept as bad. */
import { GranaryError } from "../../core/errors.ts";
import type { Feed } from "../open.ts";
import { markBadNotice, newNotices, settleNotice } from "../ledger/inbox.ts";
import { stampFeed } from "../ledger/progress.ts";
import { registerDeletions, registerOffers } from "../ledger/register.ts";
import { type NoticeContent, readCdseNotice } from "./cdse.ts";

const BATCH = 200;

interface Emptied {
  read: number;
  bad: number;
  news: number;
  deleted: number;
}

/** Reads notices until none is new. A notice leaves the inbox in the transaction that registers it. */
export async function emptyInbox({ engine, definition, offers }: Feed): Promise<Emptied> {
  const total: Emptied = { read: 0, bad: 0, news: 0, deleted: 0 };
  const feed = definition.name;
  for (;;) {
    const count = await engine.transaction(async (sql) => {
      const notices = await newNotices(sql, feed, BATCH);
      const now = Date.now();
      const content: NoticeContent = { offers: [], deletions: [] };
      for (const { n, body } of notices) {
        const read = contentOf(body, offers);
        if (typeof read === "string") {
          await markBadNotice(sql, n, read);
          total.bad += 1;
          continue;
        }
        content.offers.push(...read.offers);
        content.deletions.push(...read.deletions);
        await settleNotice(sql, n);
      }
      total.news += await registerOffers(sql, feed, content.offers, now);
      total.deleted += await registerDeletions(sql, feed, content.deletions, now);
      if (notices.length > 0) await stampFeed(sql, feed, { pushed: now });
      return notices.length;
    });
    total.read += count;
    if (count < BATCH) return total;
  }
}

function contentOf(body: string, offers: Feed["offers"]): NoticeContent | string {
  try {
    return readCdseNotice(body, offers);
  } catch (error) {
    if (error instanceof GranaryError && error.tag === "input") return error.message;
    throw error;
  }
}
