/** How often a run saves what it has read. */
import type { Checkpoint } from "./schedule_work.ts";

/**
 * A run longer than this writes what it has scattered to spill files, a fiftieth of the granules at a time, and
 * reads no further than another fiftieth while one is being written: one that ends at nine tenths opens a
 * tenth that it had not read, and at most two fiftieths (or one and a granule a worker) that were not saved yet.
 */
export const DEFAULT_CHECKPOINT: Checkpoint = { seconds: 20, share: 0.02 };
