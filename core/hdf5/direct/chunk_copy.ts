/** Puts decoded chunks in their place among a window's elements. */
import type { ElementPlace } from "../contract.ts";
import { type Box, byteStrides, copyBox } from "./box.ts";

/**
 * A function that copies a decoded chunk, by its place in the grid of chunks, to where the elements of `window` of a
 * dataset of `shape` go: elements of `size` bytes, one behind the other in `out` or as a place says. What of a chunk
 * lies outside the window or over the dataset's edge is left out.
 */
export function chunkCopier(
  shape: readonly number[],
  chunk: readonly number[],
  size: number,
  grid: readonly number[],
  out: Uint8Array | ElementPlace,
  window: Box,
): (place: number, bytes: Uint8Array) => void {
  const rank = shape.length;
  const { start, count } = window;
  const whole = out instanceof Uint8Array && rank > 0 &&
    shape.every((n, axis) => axis === 0 || (n === chunk[axis] && count[axis] === n));
  if (whole) {
    const chunkRows = chunk[0];
    const first = start[0];
    const end = first + count[0];
    const inner = shape.slice(1).reduce((product, n) => product * n, size);
    return (place, bytes) => {
      const origin = place * chunkRows;
      const from = Math.max(first, origin);
      const to = Math.min(end, origin + chunkRows);
      out.set(bytes.subarray((from - origin) * inner, (to - origin) * inner), (from - first) * inner);
    };
  }
  const chunkStrides = byteStrides(chunk, size);
  const { bytes: target, at, strides: outStrides } = out instanceof Uint8Array
    ? { bytes: out, at: 0, strides: byteStrides(count, size) }
    : out;
  const extent = new Array<number>(rank);
  return (place, bytes) => {
    let from = 0;
    let to = at;
    for (let axis = rank - 1, rest = place; axis >= 0; axis -= 1) {
      const origin = rest % grid[axis] * chunk[axis];
      rest = Math.floor(rest / grid[axis]);
      const low = Math.max(start[axis], origin);
      extent[axis] = Math.min(start[axis] + count[axis], origin + chunk[axis]) - low;
      from += (low - origin) * chunkStrides[axis];
      to += (low - start[axis]) * outStrides[axis];
    }
    copyBox(bytes, from, chunkStrides, target, to, outStrides, extent, size);
  };
}
