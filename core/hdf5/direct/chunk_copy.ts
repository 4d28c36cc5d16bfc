/** Puts decoded chunks in their place among a dataset's rows. */

/**
 * A function that copies a decoded chunk, by its place in the grid of chunks, into `out`: rows
 * `[start, start + count)` of a dataset of `shape`, in elements of `size` bytes. What of a chunk lies outside
 * the rows or over the dataset's edge is left out.
 */
export function chunkCopier(
  shape: readonly number[],
  chunk: readonly number[],
  size: number,
  grid: readonly number[],
  out: Uint8Array,
  start: number,
  count: number,
): (place: number, bytes: Uint8Array) => void {
  const rank = shape.length;
  const whole = shape.every((n, axis) => axis === 0 || n === chunk[axis]);
  const chunkRows = chunk[0];
  const inner = shape.slice(1).reduce((product, n) => product * n, size);
  if (whole) {
    return (place, bytes) => {
      const origin = place * chunkRows;
      const from = Math.max(start, origin);
      const to = Math.min(start + count, origin + chunkRows);
      out.set(bytes.subarray((from - origin) * inner, (to - origin) * inner), (from - start) * inner);
    };
  }
  // Strides in bytes of the chunk and of the output, by dimension.
  const chunkStride = new Array<number>(rank).fill(size);
  const outStride = new Array<number>(rank).fill(size);
  for (let axis = rank - 2; axis >= 0; axis -= 1) {
    chunkStride[axis] = chunkStride[axis + 1] * chunk[axis + 1];
    outStride[axis] = outStride[axis + 1] * shape[axis + 1];
  }
  return (place, bytes) => {
    const low: number[] = [];
    const extent: number[] = [];
    let from = 0;
    let to = 0;
    for (let axis = rank - 1, rest = place; axis >= 0; axis -= 1) {
      const origin = rest % grid[axis] * chunk[axis];
      rest = Math.floor(rest / grid[axis]);
      low[axis] = axis === 0 ? Math.max(start, origin) : origin;
      extent[axis] = Math.min(axis === 0 ? start + count : shape[axis], origin + chunk[axis]) - low[axis];
      from += (low[axis] - origin) * chunkStride[axis];
      to += (low[axis] - (axis === 0 ? start : 0)) * outStride[axis];
    }
    const segment = extent[rank - 1] * size;
    const at = new Array<number>(rank).fill(0);
    for (let axis = rank - 1; axis >= 0;) {
      out.set(bytes.subarray(from, from + segment), to);
      for (axis = rank - 2; axis >= 0; axis -= 1) {
        from += chunkStride[axis];
        to += outStride[axis];
        at[axis] += 1;
        if (at[axis] < extent[axis]) break;
        from -= at[axis] * chunkStride[axis];
        to -= at[axis] * outStride[axis];
        at[axis] = 0;
      }
    }
  };
}
