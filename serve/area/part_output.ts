/** The output grid of a part of a plane: as large as asked for, else of about the data's own cells. */
import type { Crs } from "../../core/raster/grid.ts";
import { type OutputGrid, outputOfBox } from "../../core/raster/pixels.ts";
import { alignedOutput, type PlacedGrid, suggestedOutput } from "../../core/raster/warp/suggest.ts";
import { transformer } from "../../core/raster/crs/transform.ts";

export type PlaneBox = readonly [left: number, bottom: number, right: number, top: number];

export interface PartSize {
  /** The longer side at most. */
  readonly maxSize: number | null;
  readonly width: number | null;
  readonly height: number | null;
}

/**
 * How a part whose size nobody asks for lies: readers of bands take the whole cells that the box touches,
 * readers of variables fit cells of about that size into the box.
 */
export type PartFit = "aligned" | "box";

/** Points along each side of a box that is carried to another system. */
const POINTS_A_SIDE = 21;

/** The pixels of a box. A side that is not asked for follows from the other; both, from the data's own cells. */
export function partOutput(
  grid: PlacedGrid,
  crs: Crs,
  box: PlaneBox,
  size: PartSize,
  fit: PartFit,
): OutputGrid {
  const native = suggestedOutput(grid, crs);
  const own = fit === "aligned" ? alignedOutput(native, box) : fitted(native, box);
  const { maxSize } = size;
  if (
    size.width === null && size.height === null &&
    (maxSize === null || Math.max(own.width, own.height) <= maxSize)
  ) {
    return own;
  }
  const scaled = (side: number, other: number, length: number) =>
    Math.max(1, Math.round(length * side / other));
  if (size.width !== null && size.height !== null) return outputOfBox(crs, box, size.width, size.height);
  if (size.width !== null) {
    return outputOfBox(crs, box, size.width, scaled(own.height, own.width, size.width));
  }
  if (size.height !== null) {
    return outputOfBox(crs, box, scaled(own.width, own.height, size.height), size.height);
  }
  const longest = maxSize ?? Math.max(own.width, own.height);
  const shorter = (side: number, other: number) => Math.max(1, Math.ceil(longest * side / other));
  return own.width > own.height
    ? outputOfBox(crs, box, longest, shorter(own.height, own.width))
    : outputOfBox(crs, box, shorter(own.width, own.height), longest);
}

function fitted({ crs, affine }: OutputGrid, box: PlaneBox): OutputGrid {
  const [left, bottom, right, top] = box;
  const count = (length: number, cell: number) => Math.max(1, Math.round(length / Math.abs(cell)));
  return outputOfBox(crs, box, count(right - left, affine[0]), count(top - bottom, affine[4]));
}

/** The box around a box of another system, of points along its sides; null where it has no place there. */
export function boxIn(from: Crs, to: Crs, [left, bottom, right, top]: PlaneBox): PlaneBox | null {
  if (from.proj4 === to.proj4) return [left, bottom, right, top];
  const { forward } = transformer(from, to);
  const xs: number[] = [];
  const ys: number[] = [];
  for (let i = 0; i <= POINTS_A_SIDE; i++) {
    const t = i / POINTS_A_SIDE;
    const [x, y] = [left + t * (right - left), bottom + t * (top - bottom)];
    for (const [px, py] of [[x, bottom], [x, top], [left, y], [right, y]]) {
      const [toX, toY] = forward(px, py);
      if (!Number.isFinite(toX) || !Number.isFinite(toY)) return null;
      xs.push(toX);
      ys.push(toY);
    }
  }
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
