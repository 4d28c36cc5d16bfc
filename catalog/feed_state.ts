/** What a feed has come to, as its ledger counts it and as a server shows it. */

/** Counts of a UTC day. */
export interface FeedDay {
  day: string;
  /** What the source counted when the day had settled; null before, and where it does not count. */
  available: number | null;
  /** Kept and left out by the filter. */
  known: number;
  kept: number;
  filtered: number;
  /** Deleted at the source, or no longer found there. */
  deleted: number;
  downloaded: number;
  /** Downloads that failed and will be tried again. */
  failed: number;
  dead: number;
  short: boolean;
}

export interface FeedState {
  feed: string;
  /** Everything before it is known. */
  watermark: string | null;
  polled: string | null;
  pushed: string | null;
  /** Nothing was pushed for longer than is usual. */
  silent: boolean;
  /** The oldest first. */
  days: readonly FeedDay[];
}
