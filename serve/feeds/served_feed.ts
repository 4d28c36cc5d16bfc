/** A feed as a server shows it: what it has come to by day, and where what came lies. */
import type { Geometry } from "../../core/geometry/geometry.ts";

/** Counts of a UTC day. */
export interface FeedDay {
  day: string;
  available: number | null;
  known: number;
  kept: number;
  filtered: number;
  deleted: number;
  downloaded: number;
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
  silent: boolean;
  /** The oldest first. */
  days: readonly FeedDay[];
}

export interface FeedFootprint {
  id: string;
  collection: string;
  /** The UTC day of its last change. */
  day: string;
  start: string | null;
  geometry: Geometry;
}

export interface ServedFeed {
  readonly name: string;
  state(days: number): Promise<FeedState>;
  /** Of granules that are kept and changed in the last days, the newest first. */
  footprints(days: number, most: number): Promise<readonly FeedFootprint[]>;
}
