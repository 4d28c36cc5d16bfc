/** The stages of an aggregation: granules are scattered in batches, shards are reduced. */
export const SCATTER = "scatter";
export const REDUCE = "reduce";
