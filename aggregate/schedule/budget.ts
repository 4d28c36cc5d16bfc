/** How the memory that a run may use is shared out. */
import { inputError } from "../../core/errors.ts";
import { allowedCores, allowedMemoryBytes, DEFAULT_MEMORY_SHARE } from "../../core/resources.ts";
import { formatBytes } from "../../core/units.ts";
import { SLAB_BYTES } from "../engine/slabs.ts";

/** What the program itself takes before any data: runtime, code, libraries. */
export const PROCESS_BYTES = 160e6;

/** What each worker takes: its heap, the reader's buffers, scratch for one group and one parent. */
export const WORKER_BYTES = 90e6;

/** The least that holds segments without spilling every granule. */
export const LEAST_SEGMENT_BYTES = 32e6;

export interface MemoryBudget {
  workers: number;
  /** Shared memory for segments, all slabs together. */
  segmentBytes: number;
  slabBytes: number;
}

/** The number of worker threads when nobody says. */
export function defaultWorkers(): number {
  return allowedCores();
}

/** Bytes that a run may use when nobody says. */
export function defaultMemoryBytes(): number {
  return Math.floor(allowedMemoryBytes() * DEFAULT_MEMORY_SHARE);
}

/** Shares `memoryBytes` among the process, its workers and the segments. */
export function shareMemory(memoryBytes: number, workers: number): MemoryBudget {
  const segmentBytes = memoryBytes - PROCESS_BYTES - workers * WORKER_BYTES;
  if (segmentBytes < LEAST_SEGMENT_BYTES) {
    const least = PROCESS_BYTES + workers * WORKER_BYTES + LEAST_SEGMENT_BYTES;
    throw inputError(
      `${formatBytes(memoryBytes)} of memory are too few for ${workers} workers` +
        ` (wanted at least ${formatBytes(least)}; raise --memory or lower --workers)`,
    );
  }
  const share = Math.floor(segmentBytes / (8 * workers) / 65536) * 65536;
  return { workers, segmentBytes, slabBytes: Math.max(65536, Math.min(SLAB_BYTES, share)) };
}
