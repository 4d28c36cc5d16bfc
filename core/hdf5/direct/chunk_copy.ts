/** Puts decoded chunks in their place among a window's elements. */
import type { ElementPlace } from "../contract.ts";
import { type Box, byteStrides, copyBox } from "./box.ts";

/** Where chunks go, by their places in the grid of chunks. */
interface ChunkCopier {
  /** The memory of the elements of a chunk, where it has one that is its own and all of them go there. */
  room(place: number): Uint8Array | undefined;
  /** Copies a decoded chunk. */
  copy(place: number, bytes: Uint8Array): void;
}

const noRoom = () => undefined;

/**
 * Copies to where the elements of `window` of a dataset of `shape` go: elements of `size` bytes, one behind the other in
 * `out` or as a place says. What of a chunk lies outside the window or over the dataset's edge is left out.
 */
export function chunkCopier(
  shape: readonly number[],
  chunk: readonly number[],
  size: number,
  grid: readonly number[],
  out: Uint8Array | ElementPlace,
  window: Box,
): ChunkCopier {
  const rank = shape.length;
  const { start, count } = window;
  const whole = out instanceof Uint8Array && rank > 0 &&
    shape.every((n, axis) => axis === 0 || (n === chunk[axis] && count[axis] === n));
  if (whole) {
    const chunkRows = chunk[0];
    const first = start[0];
    const end = first + count[0];
    const inner = shape.slice(1).reduce((product, n) => product * n, size);
    return {
      room(place) {
        const from = place * chunkRows - first, to = from + chunkRows;
        return from >= 0 && to <= end - first ? out.subarray(from * inner, to * inner) : undefined;
      },
      copy(place, bytes) {
        const origin = place * chunkRows;
        const from = Math.max(first, origin);
        const to = Math.min(end, origin + chunkRows);
        out.set(bytes.subarray((from - origin) * inner, (to - origin) * inner), (from - first) * inner);
      },
    };
  }
  const chunkStrides = byteStrides(chunk, size);
  const { bytes: target, at, strides: outStrides } = out instanceof Uint8Array
    ? { bytes: out, at: 0, strides: byteStrides(count, size) }
    : out;
  const extent = new Array<number>(rank);
  const copy = (place: number, bytes: Uint8Array) => {
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
  return { room: noRoom, copy };
}
