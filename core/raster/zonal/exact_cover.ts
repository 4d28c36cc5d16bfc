/**
 * How much of each pixel a polygon covers, exactly: signed areas left of each edge are gathered a row at a time and
 * summed from the left, so that nothing is sampled.
 */

/** Calls `put` with the covered part of each pixel, 0 to 1, that a ring covers any of. */
export class ExactCover {
  #areas = new Float64Array(1024);

  /**
   * `ring` holds columns and rows in turn (0 at the upper left corner of an image of `width` by `height`), either way
   * round, closed or not; what lies outside of the image is left out.
   */
  of(
    ring: Float64Array,
    width: number,
    height: number,
    put: (column: number, row: number, part: number) => void,
  ): void {
    let west = Infinity, north = Infinity, east = -Infinity, south = -Infinity;
    for (let i = 0; i < ring.length; i += 2) {
      west = Math.min(west, ring[i]);
      east = Math.max(east, ring[i]);
      north = Math.min(north, ring[i + 1]);
      south = Math.max(south, ring[i + 1]);
    }
    const left = Math.max(0, Math.floor(west)), right = Math.min(width, Math.ceil(east));
    const top = Math.max(0, Math.floor(north)), bottom = Math.min(height, Math.ceil(south));
    if (!(left < right && top < bottom)) return;
    const columns = right - left, rows = bottom - top, stride = columns + 2;
    if (this.#areas.length < rows * stride) this.#areas = new Float64Array(rows * stride);
    else this.#areas.fill(0, 0, rows * stride);
    for (let i = 0; i < ring.length; i += 2) {
      const next = i + 2 < ring.length ? i + 2 : 0;
      this.#edge(
        ring[i] - left,
        ring[i + 1] - top,
        ring[next] - left,
        ring[next + 1] - top,
        columns,
        rows,
        stride,
      );
    }
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let column = 0; column < columns; column++) {
        sum += this.#areas[row * stride + column];
        const part = Math.abs(sum);
        // What rounding leaves of a pixel is none of it.
        if (part > 1e-12) put(left + column, top + row, Math.min(1, part));
      }
    }
  }

  /** Adds what lies to the right of an edge: the part of its first pixels, and all of those beyond them. */
  #edge(
    x0: number,
    y0: number,
    x1: number,
    y1: number,
    columns: number,
    rows: number,
    stride: number,
  ): void {
    if (y0 === y1) return;
    const sign = y0 < y1 ? 1 : -1;
    if (sign < 0) [x0, y0, x1, y1] = [x1, y1, x0, y0];
    const slope = (x1 - x0) / (y1 - y0);
    const last = Math.min(rows, Math.ceil(y1));
    for (let row = Math.max(0, Math.floor(y0)); row < last; row++) {
      const from = Math.max(y0, row), to = Math.min(y1, row + 1);
      if (to <= from) continue;
      const a = x0 + (from - y0) * slope, b = x0 + (to - y0) * slope;
      this.#slice(row * stride, Math.min(a, b), Math.max(a, b), sign * (to - from), columns);
    }
  }

  /** A part of an edge within a row: from `low` to `high` across, `rise` of the row down. */
  #slice(at: number, low: number, high: number, rise: number, columns: number): void {
    if (low >= columns) return;
    // Left of the image an edge is as one along its border; of one that comes in, each part by itself.
    if (high <= 0) {
      this.#areas[at] += rise;
      return;
    }
    if (low < 0) {
      const outside = -low / (high - low);
      this.#areas[at] += rise * outside;
      this.#slice(at, 0, high, rise * (1 - outside), columns);
      return;
    }
    if (high > columns) {
      this.#slice(at, low, columns, rise * (columns - low) / (high - low), columns);
      return;
    }
    const first = Math.floor(low), end = Math.ceil(high);
    if (end <= first + 1) {
      const beyond = (low + high) / 2 - first;
      this.#areas[at + first] += rise * (1 - beyond);
      this.#areas[at + first + 1] += rise * beyond;
      return;
    }
    // Column by column: the part of the rise in each, and how far it lies from the column's left side.
    for (let column = first; column < end; column++) {
      const from = Math.max(low, column), to = Math.min(high, column + 1);
      const part = rise * (to - from) / (high - low);
      const beyond = (from + to) / 2 - column;
      this.#areas[at + column] += part * (1 - beyond);
      this.#areas[at + column + 1] += part * beyond;
    }
  }
}
