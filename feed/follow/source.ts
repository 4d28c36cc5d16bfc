/** A source that can be followed: it answers for windows of the time at which it changed its granules. */
import type { Deletion, Offer } from "../ledger/register.ts";

/** Half-open: [from, to), milliseconds since 1970 UTC by the source's clock. */
export interface Window {
  from: number;
  to: number;
}

export interface Page {
  /** Ascending by `changed`. */
  offers: readonly Offer[];
  /** What gives the next page of the same window; null at its end. */
  next: string | null;
}

export interface FollowSource {
  /** Offers of a full page. */
  readonly pageSize: number;
  /** The source's time. */
  now(): Promise<number>;
  /** How many granules it has in the window; null where it does not say. */
  count(window: Window): Promise<number | null>;
  page(window: Window, next: string | null): Promise<Page>;
  /** What it has in the window, where that costs nothing: then only what differs is read. */
  list?(window: Window): Promise<readonly { sourceId: string; changed: number }[]>;
  /** Offers of some of these, in pages. */
  offers?(sourceIds: ReadonlySet<string>): AsyncIterable<readonly Offer[]>;
  /** Deletions that it tells of itself, made in the window. */
  deletions?(window: Window): AsyncIterable<readonly Deletion[]>;
  /** Whether it still has a granule, by its own id. */
  has?(sourceId: string): Promise<boolean>;
}
