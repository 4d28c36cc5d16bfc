/**
 * Cells as pixels. Where cells are larger than pixels, each pixel asks which cell it is in, at four
 * points, so that cells have their true outlines. Where they are smaller, each cell is a soft dot of
 * at least a pixel and a half, so that a track of single cells shows on a map of a continent; cells
 * that share a pixel show their mean.
 */
import type { ValueRange } from "../../core/draw/range.ts";
import type { LevelCells } from "../../core/store/level_cells.ts";
import type { Canvas } from "../../core/draw/canvas.ts";
import { type Colormap, colourAt } from "../../core/draw/colormap.ts";
import { fromPixels, meanLatitude, type Places, toPixels, type View } from "./view.ts";

/** Cells of one order with a place and a value each. */
export interface PlacedCells extends Places {
  order: number;
  cells: LevelCells;
  ids: Float64Array;
  values: Float64Array;
}

/** Square cells of this many pixels and more are drawn by their outlines. */
export const OUTLINED_PIXELS = 1.6;

/** Radius of the dot of a small cell. */
const DOT_RADIUS = 0.9;

/** The side of a square of a cell's area, in metres, where most of the cells lie. */
export function sideOf(cells: PlacedCells): number {
  return cells.cells.metresAt(meanLatitude(cells));
}

/** `dotScale` makes small cells' dots larger, for pictures that are reduced afterwards. */
export function paintCells(
  canvas: Canvas,
  view: View,
  cells: PlacedCells,
  map: Colormap,
  range: ValueRange,
  dotScale = 1,
): void {
  if (sideOf(cells) / view.metresPerPixel >= OUTLINED_PIXELS * dotScale) {
    paintOutlined(canvas, view, cells, map, range);
  } else paintDots(canvas, view, cells, map, range, DOT_RADIUS * dotScale);
}

const SAMPLES = [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]] as const;

/** Cells that fill less of the frame than this are looked for near their centres only. */
const SPARSE_SHARE = 0.25;

function paintOutlined(canvas: Canvas, view: View, cells: PlacedCells, map: Colormap, range: ValueRange) {
  const { cells: grid, ids, values } = cells;
  const byId = new Map<number, number>();
  for (let i = 0; i < ids.length; i++) byId.set(ids[i], values[i]);
  const { frame } = view;
  const columns = frame.right - frame.left;
  const pixelsPerCell = (sideOf(cells) / view.metresPerPixel) ** 2;
  const sparse = ids.length * pixelsPerCell < SPARSE_SHARE * columns * (frame.bottom - frame.top);
  const near = sparse ? pixelsNear(view, cells) : null;
  const place = new Float64Array(2);
  const longitude = new Float64Array(1), latitude = new Float64Array(1), found = new Float64Array(1);
  const scale = 1 / (range.high - range.low);
  for (let y = frame.top; y < frame.bottom; y++) {
    for (let x = frame.left; x < frame.right; x++) {
      if (near !== null && near[(y - frame.top) * columns + x - frame.left] === 0) continue;
      let red = 0, green = 0, blue = 0, hits = 0;
      for (const [dx, dy] of SAMPLES) {
        if (!fromPixels(view, x + dx, y + dy, place)) continue;
        longitude[0] = place[0];
        latitude[0] = place[1];
        grid.assign(longitude, latitude, found);
        const value = byId.get(found[0]);
        if (value === undefined) continue;
        const colour = colourAt(map, (value - range.low) * scale);
        red += colour[0];
        green += colour[1];
        blue += colour[2];
        hits += 1;
      }
      if (hits > 0) canvas.blend(x, y, [red / hits, green / hits, blue / hits], hits / SAMPLES.length);
    }
  }
}

/** Marks the pixels of the frame that some cell may touch: the boxes of their corners, a little wider. */
function pixelsNear(view: View, cells: PlacedCells): Uint8Array {
  const { frame } = view;
  const columns = frame.right - frame.left, rows = frame.bottom - frame.top;
  const near = new Uint8Array(columns * rows);
  const point = new Float64Array(2);
  for (let i = 0; i < cells.ids.length; i++) {
    let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
    for (const [longitude, latitude] of cells.cells.corners(cells.ids[i])) {
      view.projection.forward(longitude, latitude, point);
      toPixels(view, point);
      left = Math.min(left, point[0]);
      right = Math.max(right, point[0]);
      top = Math.min(top, point[1]);
      bottom = Math.max(bottom, point[1]);
    }
    const slack = 1 + 0.1 * Math.max(right - left, bottom - top);
    const from = Math.max(0, Math.floor(left - slack) - frame.left);
    const to = Math.min(columns, Math.ceil(right + slack) - frame.left);
    const last = Math.min(rows, Math.ceil(bottom + slack) - frame.top);
    for (let y = Math.max(0, Math.floor(top - slack) - frame.top); y < last; y++) {
      if (to > from) near.fill(1, y * columns + from, y * columns + to);
    }
  }
  return near;
}

function paintDots(
  canvas: Canvas,
  view: View,
  cells: PlacedCells,
  map: Colormap,
  range: ValueRange,
  radius: number,
) {
  const { frame } = view;
  const columns = frame.right - frame.left, rows = frame.bottom - frame.top;
  const sums = new Float64Array(columns * rows);
  const weights = new Float64Array(columns * rows);
  const cover = new Float32Array(columns * rows);
  const point = new Float64Array(2);
  const reach = radius + 0.5;
  for (let i = 0; i < cells.ids.length; i++) {
    view.projection.forward(cells.longitudes[i], cells.latitudes[i], point);
    toPixels(view, point);
    const px = point[0] - frame.left, py = point[1] - frame.top;
    const bottom = Math.min(rows, Math.ceil(py + reach)), right = Math.min(columns, Math.ceil(px + reach));
    for (let y = Math.max(0, Math.floor(py - reach)); y < bottom; y++) {
      for (let x = Math.max(0, Math.floor(px - reach)); x < right; x++) {
        const covered = Math.min(1, reach - Math.hypot(x + 0.5 - px, y + 0.5 - py));
        if (covered <= 0) continue;
        const at = y * columns + x;
        sums[at] += covered * cells.values[i];
        weights[at] += covered;
        if (covered > cover[at]) cover[at] = covered;
      }
    }
  }
  const scale = 1 / (range.high - range.low);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const at = y * columns + x;
      if (cover[at] === 0) continue;
      const colour = colourAt(map, (sums[at] / weights[at] - range.low) * scale);
      canvas.blend(frame.left + x, frame.top + y, colour, cover[at]);
    }
  }
}
