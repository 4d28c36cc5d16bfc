/**
 * Where output pixels lie in the source, by exact points as few as do: the output is cut into patches in
 * which the bilinear interpolation of the corners is good to a small part of a cell, tested at the middle of
 * the patch and of its sides. A patch that fails is halved across, down or both; the last ones are single pixels, which are
 * exact. So a tile of a smooth projection costs a few dozen points, and one over a pole no more than it has
 * pixels.
 */

/** The column and row (continuous; 0.5 is the middle of the first cell) of output pixel centres; NaN for none. */
export type Place = (x: number, y: number) => readonly [number, number];

/**
 * Patches, `PATCH` numbers each: first column, first row, columns, rows; then the source column and row of
 * the first pixel's centre, their steps along x and along y, and their second difference (the xy term).
 */
export type Mesh = Float64Array;
export const PATCH = 12;

/** Pixels by which places may be off where these are larger than cells. */
const PIXEL_TOLERANCE = 0.02;

/** Patches of this size without any image are given up: what has one lies among points that have. */
const EMPTY_PATCH = 16;

/** No patch is larger: what happens between farther points could escape the test. */
const LARGEST_PATCH = 64;

interface Corner {
  readonly u: number;
  readonly v: number;
}

interface Context {
  readonly width: number;
  readonly height: number;
  readonly place: Place;
  readonly tolerance: number;
  readonly period: number;
  readonly step: readonly [number, number, number, number];
  readonly extent: readonly number[];
  readonly numbers: number[];
}

/**
 * @param tolerance in source cells
 * @param period of source columns, Infinity where they don't come round
 * @param step columns and rows of the source along x, then along y: taken for single pixels
 * @param extent first and end of what is wanted of the source (left, top, right, bottom): patches that lie
 * beyond one of its sides are left out
 */
export function buildMesh(
  { width, height }: { width: number; height: number },
  place: Place,
  options: Pick<Context, "tolerance" | "period" | "step" | "extent">,
): Mesh {
  const context: Context = { width, height, place, ...options, numbers: [] };
  const columns = cuts(width);
  const rows = cuts(height);
  let above = columns.map((x) => at(context, x, rows[0]));
  const last = (list: readonly number[], index: number) => Math.min(index + 1, list.length - 1);
  for (let j = 0; j < Math.max(1, rows.length - 1); j++) {
    const below = columns.map((x) => at(context, x, rows[last(rows, j)]));
    for (let i = 0; i < Math.max(1, columns.length - 1); i++) {
      const next = last(columns, i);
      divide(context, columns[i], rows[j], columns[next], rows[last(rows, j)], [
        above[i],
        above[next],
        below[i],
        below[next],
      ]);
    }
    above = below;
  }
  return new Float64Array(context.numbers);
}

/** Indices of pixels between which patches lie: the first, the last, and some between. */
function cuts(size: number): number[] {
  const patches = Math.max(1, Math.ceil((size - 1) / LARGEST_PATCH));
  const list = Array.from({ length: patches }, (_, i) => Math.round((size - 1) * i / patches));
  if (size > 1) list.push(size - 1);
  return list;
}

function at({ place }: Context, x: number, y: number): Corner {
  const [u, v] = place(x, y);
  return { u, v };
}

/** `column` moved by whole periods to lie next to `beside`. */
function unwrapped(column: number, beside: number, period: number): number {
  return period === Infinity ? column : column - period * Math.round((column - beside) / period);
}

function divide(
  context: Context,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  [a, b, c, d]: readonly [Corner, Corner, Corner, Corner],
): void {
  const wide = x1 - x0 > 1;
  const high = y1 - y0 > 1;
  if (!wide && !high) {
    emitPixels(context, x0, y0, x1, y1, [a, b, c, d]);
    return;
  }
  const xm = wide ? (x0 + x1) >> 1 : x0;
  const ym = high ? (y0 + y1) >> 1 : y0;
  const north = wide ? at(context, xm, y0) : a;
  const south = wide ? at(context, xm, y1) : c;
  const west = high ? at(context, x0, ym) : a;
  const east = high ? at(context, x1, ym) : b;
  const middle = wide && high ? at(context, xm, ym) : wide ? north : west;
  const tested = [a, b, c, d, north, south, west, east, middle];
  if (isOutside(tested, context.extent)) return;
  if (x1 - x0 <= EMPTY_PATCH && y1 - y0 <= EMPTY_PATCH && tested.every(({ u, v }) => u !== u || v !== v)) {
    return;
  }
  const [fx, fy] = [wide ? (xm - x0) / (x1 - x0) : 0, high ? (ym - y0) / (y1 - y0) : 0];
  const corners = [a, b, c, d] as const;
  const longer = Math.max(x1 - x0, y1 - y0);
  const flatAcross = isFlat(context, longer, corners, [[fx, 0, north], [fx, 1, south]]);
  const flatDown = isFlat(context, longer, corners, [[0, fy, west], [1, fy, east]]);
  if (flatAcross && flatDown && isFlat(context, longer, corners, [[fx, fy, middle]])) {
    emit(context, x0, y0, x1, y1, corners);
  } else if (wide && (!high || (flatDown && !flatAcross))) {
    divide(context, x0, y0, xm, y1, [a, north, c, south]);
    divide(context, xm, y0, x1, y1, [north, b, south, d]);
  } else if (high && (!wide || (flatAcross && !flatDown))) {
    divide(context, x0, y0, x1, ym, [a, b, west, east]);
    divide(context, x0, ym, x1, y1, [west, east, c, d]);
  } else {
    divide(context, x0, y0, xm, ym, [a, north, west, middle]);
    divide(context, xm, y0, x1, ym, [north, b, middle, east]);
    divide(context, x0, ym, xm, y1, [west, middle, c, south]);
    divide(context, xm, ym, x1, y1, [middle, east, south, d]);
  }
}

/** Whether all points lie beyond one side of the source; those without an image don't. */
function isOutside(points: readonly Corner[], [left, top, right, bottom]: readonly number[]): boolean {
  return points.every(({ u }) => u < left) || points.every(({ u }) => u > right) ||
    points.every(({ v }) => v < top) || points.every(({ v }) => v > bottom);
}

/**
 * Whether all of the tested points lie where the corners' interpolation puts them. NaN never does. The
 * tolerance is of a cell or, where pixels are larger, of a pixel: beside a pole a pixel spans many meridians,
 * and where it lies among them matters no more than where it lies at all.
 */
function isFlat(
  { tolerance, period }: Context,
  pixels: number,
  [a, b, c, d]: readonly [Corner, Corner, Corner, Corner],
  tests: readonly (readonly [fx: number, fy: number, found: Corner])[],
): boolean {
  const bu = unwrapped(b.u, a.u, period);
  const cu = unwrapped(c.u, a.u, period);
  const du = unwrapped(d.u, a.u, period);
  // A patch half way round the Earth could be meant either way.
  const across = Math.max(a.u, bu, cu, du) - Math.min(a.u, bu, cu, du);
  if (across > period / 3) return false;
  const down = Math.max(a.v, b.v, c.v, d.v) - Math.min(a.v, b.v, c.v, d.v);
  const allowedU = Math.max(tolerance, PIXEL_TOLERANCE * across / pixels);
  const allowedV = Math.max(tolerance, PIXEL_TOLERANCE * down / pixels);
  return tests.every(([fx, fy, found]) => {
    const u = (1 - fy) * (a.u + fx * (bu - a.u)) + fy * (cu + fx * (du - cu));
    const v = (1 - fy) * (a.v + fx * (b.v - a.v)) + fy * (c.v + fx * (d.v - c.v));
    return Math.abs(unwrapped(found.u, u, period) - u) <= allowedU && Math.abs(found.v - v) <= allowedV;
  });
}

function emit(
  { width, height, period, numbers }: Context,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  [a, b, c, d]: readonly [Corner, Corner, Corner, Corner],
): void {
  const [nx, ny] = [Math.max(1, x1 - x0), Math.max(1, y1 - y0)];
  const bu = unwrapped(b.u, a.u, period);
  const cu = unwrapped(c.u, a.u, period);
  const du = unwrapped(d.u, a.u, period);
  numbers.push(
    x0,
    y0,
    x1 === width - 1 ? x1 - x0 + 1 : nx,
    y1 === height - 1 ? y1 - y0 + 1 : ny,
    a.u,
    a.v,
    (bu - a.u) / nx,
    (b.v - a.v) / nx,
    (cu - a.u) / ny,
    (c.v - a.v) / ny,
    (du - bu - cu + a.u) / (nx * ny),
    (d.v - b.v - c.v + a.v) / (nx * ny),
  );
}

/** The corners of a patch without a middle, each by itself: the far ones belong to the next patch, if any. */
function emitPixels(
  { width, height, step, numbers }: Context,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  [a, b, c, d]: readonly [Corner, Corner, Corner, Corner],
): void {
  const pixel = (x: number, y: number, { u, v }: Corner) => {
    if (u === u && v === v) numbers.push(x, y, 1, 1, u, v, ...step, 0, 0);
  };
  const lastColumn = x1 > x0 && x1 === width - 1;
  const lastRow = y1 > y0 && y1 === height - 1;
  pixel(x0, y0, a);
  if (lastColumn) pixel(x1, y0, b);
  if (lastRow) pixel(x0, y1, c);
  if (lastColumn && lastRow) pixel(x1, y1, d);
}
