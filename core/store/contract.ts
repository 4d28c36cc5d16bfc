/** What the engine asks of the store room. */
import type { ArrayDtype } from "../zarr/element.ts";
import type { LatitudeConvention } from "../cells/convention.ts";
import type { StorePlane } from "./plane.ts";

/** One variable of the store, the same at every level. */
export interface StoreVariable {
  name: string;
  dtype: ArrayDtype;
  /** null is NaN. */
  fillValue: number | null;
  attributes: Record<string, unknown>;
  /** More attributes of its arrays at levels above the parent order. */
  coarseAttributes?: Record<string, unknown>;
}

/**
 * Windows of time along the leading dimension, ascending and apart: seconds since 1970 UTC, a window's end
 * belongs to the next.
 */
export interface StoreTime {
  starts: number[];
  ends: number[];
}

/** Everything that a store's metadata and object keys follow from. Plain data. */
export interface StoreSpec {
  /** HEALPix cells along one dimension, of the run's parents or of the sphere; or a projected grid's, over y and x. */
  layout: "compact" | "sphere" | "plane";
  /** Where the layout is plane. */
  plane?: StorePlane;
  parentOrder: number;
  /** Ids at the parent order, ascending: nested ones of HEALPix, or those of tiles of a projected grid. */
  parents: number[];
  /** Parents a shard, at every level from the finest to the parent order. */
  parentsPerShard: number;
  /** Orders from fine to coarse. Those below the parent order are written at the end. */
  levels: number[];
  latitude: LatitudeConvention;
  morton: { dtype: "int64" | "uint64"; fillValue: string } | null;
  variables: StoreVariable[];
  /** Absent where the store has no dimension of time. */
  time?: StoreTime;
  /** Root attributes: config, hash of identities, counts, engine version. */
  provenance: Record<string, unknown>;
}
