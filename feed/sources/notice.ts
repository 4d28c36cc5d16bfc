/** What a notice says. */
import type { Deletion, Offer } from "../ledger/register.ts";

export interface NoticeContent {
  offers: Offer[];
  deletions: Deletion[];
}

/**
 * Makes of a notice's body what it says; it may ask the source for what the notice leaves out. Throws an
 * input error that says why the notice cannot be used.
 */
export type NoticeReader = (body: string, received: number) => Promise<NoticeContent>;
