/** The range that values are drawn by where a request states none: one for all tiles of a granule. */
import type { Grid } from "../../core/raster/grid.ts";
import type { Pixels } from "../../core/raster/pixels.ts";
import type { GridPart } from "../layers/read_granule.ts";
import type { ValueRange } from "../../core/raster/colour/rescale.ts";

/** Cells of the overview that is looked at. */
const MOST_CELLS = 1 << 20;
const LOW = 0.02;
const HIGH = 0.98;

const known = new WeakMap<Grid, Map<string, Promise<ValueRange | null>>>();

/**
 * From the 2nd to the 98th percentile of a coarse view of each band; null where all bands are bytes, which are
 * drawn as they are.
 */
export async function defaultRanges(
  parts: readonly GridPart[],
  signal: AbortSignal,
): Promise<readonly ValueRange[] | null> {
  if (parts.some(({ expression }) => expression !== null)) return null;
  if (parts.every(({ grid, scaled }) => grid.dtype === "uint8" && !scaled)) return null;
  const ranges: ValueRange[] = [];
  for (const { grid, bands, scaled } of parts) {
    for (const band of bands) {
      const range = await rangeOf(grid, band, signal);
      const { scale, offset } = grid.bands[band];
      const placed = (value: number) => scaled ? value * scale + offset : value;
      const ends = range === null ? [0, 1] : range.map(placed);
      ranges.push([Math.min(...ends), Math.max(...ends)]);
    }
  }
  return ranges;
}

/** From the least to the largest value of each band of an image; 0 to 1 where none has a value. */
export function rangesOfPixels({ bands, masks }: Pixels): readonly ValueRange[] {
  return bands.map((band, b) => {
    let [low, high] = [Infinity, -Infinity];
    for (let i = 0; i < band.length; i++) {
      if (masks[b][i] === 0 || !Number.isFinite(band[i])) continue;
      low = Math.min(low, band[i]);
      high = Math.max(high, band[i]);
    }
    return low <= high ? [low, high] : [0, 1];
  });
}

function rangeOf(grid: Grid, band: number, signal: AbortSignal): Promise<ValueRange | null> {
  const ofGrid = known.get(grid) ?? new Map<string, Promise<ValueRange | null>>();
  known.set(grid, ofGrid);
  let range = ofGrid.get(String(band));
  if (range === undefined) {
    range = look(grid, band, signal);
    ofGrid.set(String(band), range);
    range.catch(() => ofGrid.delete(String(band)));
  }
  return range;
}

async function look(grid: Grid, band: number, signal: AbortSignal): Promise<ValueRange | null> {
  const sorted = await coarseValues(grid, band, signal);
  if (sorted.length === 0) return null;
  const [low, high] = [quantileOf(sorted, LOW), quantileOf(sorted, HIGH)];
  return high > low ? [low, high] : [sorted[0], sorted[sorted.length - 1]];
}

export function quantileOf(sorted: Float64Array, q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

/** The values of a coarse view of a band, in the file's own elements, ascending. */
export async function coarseValues(grid: Grid, band: number, signal: AbortSignal): Promise<Float64Array> {
  const level = grid.levels.length - 1;
  const { width, height } = grid.levels[level];
  const rows = Math.min(height, Math.max(1, Math.floor(MOST_CELLS / width)));
  const columns = Math.min(width, MOST_CELLS);
  const window = {
    level,
    x: Math.floor((width - columns) / 2),
    y: Math.floor((height - rows) / 2),
    width: columns,
    height: rows,
    bands: [band],
  };
  const { bands: [values], mask } = await grid.readWindow(window, signal);
  const nodata = values instanceof Float32Array && grid.nodata !== null
    ? Math.fround(grid.nodata)
    : grid.nodata;
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === nodata || !Number.isFinite(value) || (mask !== null && mask[i] === 0)) continue;
    found.push(value);
  }
  return Float64Array.from(found).sort();
}
