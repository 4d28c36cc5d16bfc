/** Sums over an array of float32, the same wherever it lies. */
import { memoryFor } from "./memory.ts";

/** Of cells that are neither NaN nor nodata; `nan` counts the others that hold NaN. */
export interface FloatSums {
  readonly count: number;
  readonly nan: number;
  readonly sum: number;
  /** Of the squares of the distances from the value that they were taken about. */
  readonly squares: number;
  readonly minimum: number;
  readonly maximum: number;
}

/**
 * Cell i is added to the sum number i % 4, and the four are added up in the end, in double precision: the last bits
 * depend on the order of the cells and on nothing else. `nodata` may be NaN for none.
 */
export function sumFloats(values: Float32Array, nodata: number, about: number): FloatSums {
  const memory = memoryFor(values);
  const sums = new Float64Array(memory.buffer, 0, 10).fill(0);
  const minima = new Float32Array(memory.buffer, 80, 4).fill(Infinity);
  const maxima = new Float32Array(memory.buffer, 96, 4).fill(-Infinity);
  const empty = asFloat(nodata);
  memory.eachPart(values, (at, length) => memory.kernels.sumFloats(at, length, empty, about, 0));
  const [count, numbers, ...of4] = sums;
  return {
    count,
    nan: values.length - numbers,
    sum: of4[0] + of4[1] + (of4[2] + of4[3]),
    squares: of4[4] + of4[5] + (of4[6] + of4[7]),
    minimum: Math.min(...minima),
    maximum: Math.max(...maxima),
  };
}

/** A value that no float32 has equals none: it is NaN for the kernels, which would round it. */
export function asFloat(value: number): number {
  return Math.fround(value) === value ? value : NaN;
}
