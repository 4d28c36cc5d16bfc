/** What a config has by default and at most; apart from its shape, which takes longer to load. */

export const DEFAULT_PARENT_ORDER = 6;
/** A tile of so many cells a side is one chunk. */
export const DEFAULT_TILE = 128;
export const DEFAULT_FUNCTION_DTYPE = "float32";
export const DEFAULT_COUNT_DTYPE = "int32";
/** Parent cells in one shard object: more would not fit a shard's index in reasonable memory. */
export const MAX_SHARD = 65_536;
/** Variables, columns, filters and groups: more is a slip, or an attack. */
export const MAX_ITEMS = 512;
/** Areas of which statistics are given: each costs a test of observations near its edge. */
export const MAX_ZONES = 4096;
