/** Cells of float32 above limits, counted, wherever they lie. */
import { asFloat } from "./float_sums.ts";
import { memoryFor } from "./memory.ts";

/** So many limits at a time. */
export const LIMITS = 9;

interface FloatCounts {
  /** For each limit, the cells that are at or above it, nodata among them. */
  readonly atLeast: Uint32Array;
  /** Cells that are nodata. */
  readonly nodata: number;
  /** Cells that are no NaN. */
  readonly numbers: number;
}

/** `limits` are {@linkcode LIMITS}; `nodata` may be NaN for none. What is found holds until the next call. */
export function countFloats(values: Float32Array, limits: Float32Array, nodata: number): FloatCounts {
  const memory = memoryFor(values);
  new Float32Array(memory.buffer, 0, LIMITS).set(limits);
  const at = 4 * LIMITS;
  const counts = new Uint32Array(memory.buffer, at, LIMITS + 2).fill(0);
  const empty = asFloat(nodata);
  memory.eachPart(values, (from, length) => memory.kernels.countFloats(from, length, 0, empty, at));
  return { atLeast: counts.subarray(0, LIMITS), nodata: counts[LIMITS], numbers: counts[LIMITS + 1] };
}
