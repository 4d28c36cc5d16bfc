/**
 * Which pixels a polygon covers, and how much of each: scan lines over an outline, row by row. Weights come
 * from rows of parts of a pixel, summed as they are met: the finer raster is never held.
 */
import type { Outline } from "./outline.ts";

/** Parts of a pixel's side in which coverage is measured, as rio-tiler's default has it. */
export const COVER_SCALE = 10;
export const MAX_COVER_SCALE = 1000;

/** Edges along borders of pixels, but for rounding, touch only those on their inner side. */
const BORDER = 1e-7;

/** Whether a pixel counts: `touched` if any of it lies in the polygon, `centre` if its middle does. */
type CoverRule = "touched" | "centre";

/** 1 for the pixels of the polygon, 0 for others. Rings are joined by the even-odd rule, so holes are holes. */
export function coveredPixels(outline: Outline, width: number, height: number, rule: CoverRule): Uint8Array {
  const covered = new Uint8Array(width * height);
  scan(
    outline,
    1,
    width,
    height,
    rule,
    (row, first, end) => covered.fill(1, row * width + first, row * width + end),
  );
  return covered;
}

/**
 * The covered part of each pixel, 0 to 1: of `scale` by `scale` parts those that the polygon touches.
 * (So an edge counts half a part too much on average; a larger scale makes that less.)
 */
export function coverWeights(
  outline: Outline,
  width: number,
  height: number,
  scale: number = COVER_SCALE,
): Float32Array {
  if (!(Number.isInteger(scale) && scale >= 1 && scale <= MAX_COVER_SCALE)) {
    throw new RangeError(`a cover scale of ${scale} (wanted 1 to ${MAX_COVER_SCALE})`);
  }
  const weights = new Float32Array(width * height);
  // Parts of the pixels of one row: those at the ends of spans, and a running sum of the whole ones between.
  const parts = new Float64Array(width);
  const steps = new Float64Array(width + 1);
  let current = -1;
  const flush = () => {
    if (current < 0) return;
    let whole = 0;
    for (let x = 0; x < width; x++) {
      whole += steps[x];
      weights[current * width + x] = (whole + parts[x]) / (scale * scale);
    }
    parts.fill(0);
    steps.fill(0);
  };
  scan(outline, scale, width * scale, height * scale, "touched", (partRow, first, end) => {
    const row = Math.floor(partRow / scale);
    if (row !== current) {
      flush();
      current = row;
    }
    const x0 = Math.floor(first / scale);
    const x1 = Math.floor((end - 1) / scale);
    if (x0 === x1) {
      parts[x0] += end - first;
      return;
    }
    parts[x0] += (x0 + 1) * scale - first;
    parts[x1] += end - x1 * scale;
    steps[x0 + 1] += scale;
    steps[x1] -= scale;
  });
  flush();
  return weights;
}

/**
 * Calls `span` for the covered runs of each row, from the top, disjoint and from the left: columns `first` to
 * before `end`. The outline is enlarged by `scale`. Middles on a right or an upper edge lie inside, those on a
 * left or a lower one outside, as GDAL has it.
 */
function scan(
  outline: Outline,
  scale: number,
  width: number,
  height: number,
  rule: CoverRule,
  span: (row: number, first: number, end: number) => void,
): void {
  const edges = edgesOf(outline, scale, height);
  let next = 0;
  let active: number[] = [];
  const crossings: number[] = [];
  const runs: [number, number][] = [];
  const firstRow = edges.length === 0 ? height : Math.max(0, Math.floor(edges.top[edges.order[0]]));
  for (let row = firstRow; row < height; row++) {
    while (next < edges.length && edges.top[edges.order[next]] < row + 1) active.push(edges.order[next++]);
    active = active.filter((edge) => edges.bottom[edge] > row || edges.top[edge] >= row);
    if (active.length === 0) {
      if (next >= edges.length) return;
      row = Math.max(row, Math.floor(edges.top[edges.order[next]]) - 1);
      continue;
    }
    runs.length = 0;
    crossings.length = 0;
    const middle = row + 0.5;
    for (const edge of active) {
      const [x0, y0, x1, y1] = [edges.x0[edge], edges.top[edge], edges.x1[edge], edges.bottom[edge]];
      const slope = y1 > y0 ? (x1 - x0) / (y1 - y0) : 0;
      if (y0 <= middle && middle < y1) crossings.push(x0 + (middle - y0) * slope);
      if (rule === "touched") touch(runs, row, x0, y0, x1, y1, slope);
    }
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const first = Math.floor(crossings[i] + 0.5);
      const end = Math.floor(crossings[i + 1] + 0.5);
      if (end > first) runs.push([first, end]);
    }
    joined(runs, width, (first, end) => span(row, first, end));
  }
}

/** The run of pixels that the part of an edge within a row passes through. */
function touch(
  runs: [number, number][],
  row: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  slope: number,
): void {
  const from = Math.max(y0, row);
  const to = Math.min(y1, row + 1);
  // An edge that ends, or runs, on the border of the row is its neighbour's matter.
  if (to - row < BORDER || row + 1 - from < BORDER) return;
  const a = y1 > y0 ? x0 + (from - y0) * slope : x0;
  const b = y1 > y0 ? x0 + (to - y0) * slope : x1;
  const first = Math.floor(Math.min(a, b) + BORDER);
  const end = Math.ceil(Math.max(a, b) - BORDER);
  if (end > first) runs.push([first, end]);
}

/** Overlapping runs as one, within the raster. */
function joined(runs: [number, number][], width: number, run: (first: number, end: number) => void): void {
  runs.sort((a, b) => a[0] - b[0]);
  let [first, end] = [0, 0];
  for (const [from, to] of runs) {
    if (from > end) {
      if (end > first) run(first, end);
      [first, end] = [Math.max(0, from), Math.min(width, to)];
    } else {
      if (end === first) first = Math.max(0, from);
      end = Math.max(end, Math.min(width, to));
    }
  }
  if (end > first) run(first, end);
}

interface Edges {
  readonly length: number;
  /** Indices by their top. */
  readonly order: Uint32Array;
  /** `x0` at the top, `x1` at the bottom. */
  readonly x0: Float64Array;
  readonly x1: Float64Array;
  readonly top: Float64Array;
  readonly bottom: Float64Array;
}

function edgesOf(outline: Outline, scale: number, height: number): Edges {
  const count = outline.reduce((sum, ring) => sum + ring.length / 2 - 1, 0);
  const x0 = new Float64Array(count);
  const x1 = new Float64Array(count);
  const top = new Float64Array(count);
  const bottom = new Float64Array(count);
  let length = 0;
  for (const ring of outline) {
    for (let i = 0; i + 3 < ring.length; i += 2) {
      const down = ring[i + 1] <= ring[i + 3];
      const [upper, lower] = down ? [i, i + 2] : [i + 2, i];
      if (ring[lower + 1] < 0 || ring[upper + 1] * scale >= height) continue;
      x0[length] = ring[upper] * scale;
      top[length] = ring[upper + 1] * scale;
      x1[length] = ring[lower] * scale;
      bottom[length++] = ring[lower + 1] * scale;
    }
  }
  const order = Uint32Array.from({ length }, (_, i) => i).sort((a, b) => top[a] - top[b]);
  return { length, order, x0, x1, top, bottom };
}
