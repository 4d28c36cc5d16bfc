/** Boxes of elements: a window of a dataset, a chunk, what both share. Row-major, in bytes. */
import { copyByteRows } from "../../kernels/copy_rows.ts";

/** A box of elements by its first corner and its extent along each dimension. */
export interface Box {
  readonly start: readonly number[];
  readonly count: readonly number[];
}

/** Rows `[start, start + count)` of a dataset of `shape`; the one element of a scalar. */
export function rowsBox(shape: readonly number[], start: number, count: number): Box {
  if (shape.length === 0) return { start: [], count: [] };
  return {
    start: shape.map((_, axis) => axis === 0 ? start : 0),
    count: shape.map((size, axis) => axis === 0 ? count : size),
  };
}

export function boxElements({ count }: Box): number {
  return count.reduce((product, n) => product * n, 1);
}

/** Bytes from an element to its neighbour along each dimension, in an array of `shape`. */
export function byteStrides(shape: readonly number[], elementBytes: number): number[] {
  const strides = new Array<number>(shape.length).fill(elementBytes);
  for (let axis = shape.length - 2; axis >= 0; axis -= 1) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/**
 * Copies `extent` elements along each dimension from the byte `from` of one array to the byte `to` of
 * another, whose strides are given. Every extent is at least 1.
 */
export function copyBox(
  source: Uint8Array,
  from: number,
  sourceStrides: readonly number[],
  target: Uint8Array,
  to: number,
  targetStrides: readonly number[],
  extent: readonly number[],
  elementBytes: number,
): void {
  const rank = extent.length;
  if (rank === 0) {
    target.set(source.subarray(from, from + elementBytes), to);
    return;
  }
  const segment = extent[rank - 1] * elementBytes;
  // Rows along the last dimension but one are copied together.
  const line = rank - 2;
  const [rows, stride, targetStride] = line < 0
    ? [1, segment, segment]
    : [extent[line], sourceStrides[line], targetStrides[line]];
  const at = new Array<number>(rank).fill(0);
  for (let axis = rank - 1; axis >= 0;) {
    copyByteRows(
      { bytes: source, start: from, stride },
      { bytes: target, start: to, stride: targetStride },
      segment,
      rows,
    );
    for (axis = line - 1; axis >= 0; axis -= 1) {
      from += sourceStrides[axis];
      to += targetStrides[axis];
      at[axis] += 1;
      if (at[axis] < extent[axis]) break;
      from -= at[axis] * sourceStrides[axis];
      to -= at[axis] * targetStrides[axis];
      at[axis] = 0;
    }
  }
}

/** Gaps of a window that are read along with it rather than asked for apart. */
const GAP_BYTES = 4096;

/** The longest span that rows of a window are joined to. */
const JOINED_BYTES = 8 << 20;

/** Spans of a contiguous array that hold a window: each starts at a byte and holds `axes` from `axis` on. */
export interface Spans {
  /** Dimensions before it are stepped through, a span each step. */
  readonly axis: number;
  /** Bytes of each span, the gaps between its rows included. */
  readonly bytes: number;
  /** First bytes, ascending. */
  readonly offsets: readonly number[];
}

/** Where a window of a contiguous array of `shape` lies. Every count is at least 1. */
export function contiguousSpans(
  shape: readonly number[],
  { start, count }: Box,
  elementBytes: number,
): Spans {
  const strides = byteStrides(shape, elementBytes);
  let axis = shape.length;
  let bytes = elementBytes;
  while (axis > 0) {
    const joined = (count[axis - 1] - 1) * strides[axis - 1] + bytes;
    const whole = strides[axis - 1] === bytes;
    if (!whole && count[axis - 1] > 1 && (strides[axis - 1] - bytes > GAP_BYTES || joined > JOINED_BYTES)) {
      break;
    }
    bytes = joined;
    axis -= 1;
  }
  let offsets = [start.reduce((sum, first, i) => sum + first * strides[i], 0)];
  for (let outer = 0; outer < axis; outer += 1) {
    offsets = offsets.flatMap((offset) => {
      const steps = new Array<number>(count[outer]);
      for (let i = 0; i < count[outer]; i += 1) steps[i] = offset + i * strides[outer];
      return steps;
    });
  }
  return { axis, bytes, offsets };
}
