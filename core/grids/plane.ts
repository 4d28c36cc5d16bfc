/** Copies a plane out of stored elements, turned as it is wanted. */
import type { GridValues } from "../raster/grid.ts";

/** A plane among stored elements: where its upper left element lies, and the way to the next row and column. */
export interface StoredPlane {
  readonly first: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** Edge of the squares that a transposition is done in, so that both sides stay in the cache. */
const SQUARE = 32;

/**
 * Copies `rows` by `columns` elements of `source` to `target`, whose rows are `targetWidth` long, from the
 * element `at` on.
 */
export function copyPlane(
  source: GridValues,
  { first, rowStride, columnStride }: StoredPlane,
  target: GridValues,
  at: number,
  targetWidth: number,
  rows: number,
  columns: number,
): void {
  if (columnStride === 1) {
    for (let row = 0; row < rows; row++) {
      const from = first + row * rowStride;
      target.set(source.subarray(from, from + columns), at + row * targetWidth);
    }
    return;
  }
  for (let top = 0; top < rows; top += SQUARE) {
    const bottom = Math.min(rows, top + SQUARE);
    for (let left = 0; left < columns; left += SQUARE) {
      const right = Math.min(columns, left + SQUARE);
      for (let row = top; row < bottom; row++) {
        let from = first + row * rowStride + left * columnStride;
        const line = at + row * targetWidth;
        for (let column = left; column < right; column++, from += columnStride) {
          target[line + column] = source[from];
        }
      }
    }
  }
}
