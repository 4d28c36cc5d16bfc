/** How often a run saves what it has read. */
import type { Checkpoint } from "../engine/schedule.ts";

/** A run longer than this writes what it has scattered to runs files, a twelfth of the granules at a time. */
export const DEFAULT_CHECKPOINT: Checkpoint = { seconds: 20, share: 0.08 };
