/** Sizes of a pyramid of overviews, and the tiles of each level. */

/** Cells of a level, and how many tiles cover them. */
export interface PyramidLevel {
  readonly width: number;
  readonly height: number;
  readonly tilesAcross: number;
  readonly tilesDown: number;
}

/**
 * The full level and its overviews, each half of the one above, odd sizes rounded up so that no column is
 * lost, until one tile holds the last, or one column or row is left, of which validators know no half. Without
 * overviews, the full level alone.
 */
export function pyramidLevels(
  width: number,
  height: number,
  tileSize: number,
  overviews: boolean,
): PyramidLevel[] {
  const levels: PyramidLevel[] = [];
  for (let w = width, h = height;; w = (w + 1) >> 1, h = (h + 1) >> 1) {
    levels.push({
      width: w,
      height: h,
      tilesAcross: Math.ceil(w / tileSize),
      tilesDown: Math.ceil(h / tileSize),
    });
    if (!overviews || Math.max(w, h) <= tileSize || w === 1) return levels;
  }
}
