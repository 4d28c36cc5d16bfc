/** A feed as a server shows it: what it has come to by day, and where what came lies. */
import type { FeedState } from "../../catalog/feed_state.ts";
import type { Geometry } from "../../core/geometry/geometry.ts";

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
