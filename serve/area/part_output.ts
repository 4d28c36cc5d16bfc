/** The output grid of a part of a plane: as large as asked for, else with about as many pixels as the data has there. */
import { transformer } from "../../core/raster/crs/transform.ts";
import type { Crs, Grid } from "../../core/raster/grid.ts";
import { type OutputGrid, outputOfBox } from "../../core/raster/pixels.ts";

export type PlaneBox = readonly [left: number, bottom: number, right: number, top: number];

/** How a number of pixels becomes a whole one: readers of bands take the next, readers of variables the nearest. */
export type Rounding = "ceil" | "round";

export interface PartSize {
  /** The longer side at most. */
  readonly maxSize: number | null;
  readonly width: number | null;
  readonly height: number | null;
}

/** A rounding's part of a pixel is none. */
const SLACK = 1e-6;

export type GridPlace = Pick<Grid, "width" | "height" | "affine" | "crs">;

/**
 * The pixels of a box. A side that is not asked for follows from the other; both, from the data's own cells.
 */
export function partOutput(
  grid: GridPlace,
  crs: Crs,
  box: PlaneBox,
  size: PartSize,
  rounding: Rounding,
): OutputGrid {
  const [left, bottom, right, top] = box;
  const [across, down] = cellSizeIn(grid, crs);
  const whole = (pixels: number) =>
    Math.max(1, rounding === "ceil" ? Math.ceil(pixels - SLACK) : Math.round(pixels));
  const native = [whole((right - left) / across), whole((top - bottom) / down)];
  let [width, height] = native;
  if (size.width !== null && size.height !== null) [width, height] = [size.width, size.height];
  else if (size.width !== null) {
    [width, height] = [size.width, Math.max(1, Math.round(size.width * native[1] / native[0]))];
  } else if (size.height !== null) {
    [width, height] = [Math.max(1, Math.round(size.height * native[0] / native[1])), size.height];
  } else if (size.maxSize !== null && Math.max(width, height) > size.maxSize) {
    [width, height] = width > height
      ? [size.maxSize, Math.max(1, Math.ceil(size.maxSize * height / width))]
      : [Math.max(1, Math.ceil(size.maxSize * width / height)), size.maxSize];
  }
  return outputOfBox(crs, box, width, height);
}

/**
 * The size of a grid's cells in another system: that by which the diagonal of the whole grid keeps its number
 * of pixels (the rule of GDAL's suggested warp output); in its own system its own.
 */
export function cellSizeIn({ width, height, affine, crs }: GridPlace, other: Crs): readonly [number, number] {
  const [a, b, c, d, e, f] = affine;
  if (crs.proj4 === other.proj4) return [Math.hypot(a, d), Math.hypot(b, e)];
  const { forward } = transformer(crs, other);
  const at = (column: number, row: number) => forward(a * column + b * row + c, d * column + e * row + f);
  const diagonals = [[at(0, 0), at(width, height)], [at(width, 0), at(0, height)]];
  const pixels = Math.hypot(width, height);
  for (const [from, to] of diagonals) {
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    if (Number.isFinite(length) && length > 0) return [length / pixels, length / pixels];
  }
  // A grid whose corners have no place there: by its middle.
  const [x, y] = at(width / 2, height / 2);
  const [nearX, nearY] = at(width / 2 + 1, height / 2 + 1);
  const size = Math.hypot(nearX - x, nearY - y) / Math.SQRT2;
  return Number.isFinite(size) && size > 0 ? [size, size] : [1, 1];
}
