/**
 * Overviews: every 2 x 2 cells become one. Cells that are nodata or NaN have no say; four of them give
 * nodata. At an odd edge the cells that are there decide.
 */
import { memoryOf } from "../../kernels/memory.ts";
import type { GridDtype, GridValues } from "../../raster/grid.ts";

/** How cells are put together. `nearest` takes the upper left one as it is. */
export type OverviewMethod = "average" | "mode" | "nearest";

export const OVERVIEW_METHODS: readonly OverviewMethod[] = ["average", "mode", "nearest"];

/** A rectangle of cells within a larger row-major array. */
interface Block {
  readonly values: GridValues;
  /** Index of its first cell. */
  readonly start: number;
  /** From one row to the next. */
  readonly stride: number;
}

/**
 * Folds `width * height` cells into `ceil(width / 2) * ceil(height / 2)`.
 *
 * Means are taken in double precision; integers are rounded half away from zero, as GDAL does. A mean that falls on the
 * nodata value by chance becomes its neighbour, or valid cells would vanish.
 */
export function fold(
  method: OverviewMethod,
  dtype: GridDtype,
  nodata: number | null,
  width: number,
  height: number,
  from: Block,
  to: Block,
): void {
  if (method === "average") average(dtype, nodata, width, height, from, to);
  else if (method === "mode") mode(nodata, width, height, from, to);
  else nearest(width, height, from, to);
}

/** By a kernel where the cells lie in its memory. */
function average(
  dtype: GridDtype,
  nodata: number | null,
  width: number,
  height: number,
  from: Block,
  to: Block,
): void {
  const empty = nodata ?? NaN, instead = besideNodata(dtype, nodata);
  const kernel = memoryOf(from.values, to.values)?.kernels;
  const size = from.values.BYTES_PER_ELEMENT;
  if (kernel !== undefined && dtype !== "float64") {
    const run = kernel[AVERAGES[dtype]];
    run(placeOf(from), size * from.stride, width, height, placeOf(to), size * to.stride, empty, instead);
  } else if (dtype === "float32" || dtype === "float64") {
    averageFloats(empty, instead, width, height, from, to);
  } else averageIntegers(empty, instead, width, height, from, to);
}

const AVERAGES = {
  float32: "averageFloats",
  int8: "averageInt8",
  uint8: "averageUint8",
  int16: "averageInt16",
  uint16: "averageUint16",
  int32: "averageInt32",
  uint32: "averageUint32",
} as const;

function placeOf({ values, start }: Block): number {
  return values.byteOffset + start * values.BYTES_PER_ELEMENT;
}

function nearest(width: number, height: number, from: Block, to: Block): void {
  for (let y = 0, row = 0; y < height; y += 2, row++) {
    const source = from.start + y * from.stride;
    const target = to.start + row * to.stride;
    for (let x = 0, column = 0; x < width; x += 2, column++) {
      to.values[target + column] = from.values[source + x];
    }
  }
}

/** `empty` is the nodata value, or NaN; `instead` is what a mean becomes that falls on it. */
function averageFloats(
  empty: number,
  instead: number,
  width: number,
  height: number,
  from: Block,
  to: Block,
): void {
  const source = from.values, target = to.values;
  for (let y = 0, row = 0; y < height; y += 2, row++) {
    const upper = from.start + y * from.stride;
    // At an odd edge a row or column stands for both: equal weights leave the mean as it is.
    const lower = y + 1 < height ? upper + from.stride : upper;
    let out = to.start + row * to.stride;
    for (let x = 0; x < width; x += 2, out++) {
      const right = x + 1 < width ? x + 1 : x;
      const a = source[upper + x], b = source[upper + right];
      const c = source[lower + x], d = source[lower + right];
      let mean = (a + b + c + d) * 0.25;
      if (mean !== mean || a === empty || b === empty || c === empty || d === empty) {
        mean = meanOfValid(a, b, c, d, empty);
        // Without a nodata value only NaN is invalid, and stays NaN.
        if (mean !== mean) {
          target[out] = empty;
          continue;
        }
      }
      target[out] = mean;
      if (target[out] === empty) target[out] = instead;
    }
  }
}

/** The same for integers, rounded half away from zero. */
function averageIntegers(
  empty: number,
  instead: number,
  width: number,
  height: number,
  from: Block,
  to: Block,
): void {
  const source = from.values, target = to.values;
  for (let y = 0, row = 0; y < height; y += 2, row++) {
    const upper = from.start + y * from.stride;
    const lower = y + 1 < height ? upper + from.stride : upper;
    let out = to.start + row * to.stride;
    for (let x = 0; x < width; x += 2, out++) {
      const right = x + 1 < width ? x + 1 : x;
      const a = source[upper + x], b = source[upper + right];
      const c = source[lower + x], d = source[lower + right];
      let mean = (a + b + c + d) * 0.25;
      if (a === empty || b === empty || c === empty || d === empty) {
        mean = meanOfValid(a, b, c, d, empty);
        if (mean !== mean) {
          target[out] = empty;
          continue;
        }
      }
      const whole = mean < 0 ? Math.ceil(mean - 0.5) : Math.floor(mean + 0.5);
      target[out] = whole === empty ? instead : whole;
    }
  }
}

/** NaN where none of four cells is valid. */
function meanOfValid(a: number, b: number, c: number, d: number, empty: number): number {
  let sum = 0, count = 0;
  if (a !== empty && a === a) sum += a, count++;
  if (b !== empty && b === b) sum += b, count++;
  if (c !== empty && c === c) sum += c, count++;
  if (d !== empty && d === d) sum += d, count++;
  return sum / count;
}

/** The value next to nodata, on the side where the type has one. */
function besideNodata(dtype: GridDtype, nodata: number | null): number {
  if (nodata === null || Number.isNaN(nodata)) return NaN;
  if (dtype === "float32") {
    const value = new Float32Array([nodata]);
    const bits = new Int32Array(value.buffer);
    // Away from zero, the next larger magnitude; from zero, the smallest there is.
    bits[0] += Math.abs(nodata) >= 3.4028234663852886e38 ? -1 : 1;
    return value[0];
  }
  if (dtype === "float64") {
    const value = new Float64Array([nodata]);
    const bits = new BigInt64Array(value.buffer);
    bits[0] += Math.abs(nodata) >= Number.MAX_VALUE ? -1n : 1n;
    return value[0];
  }
  return nodata === LARGEST[dtype] ? nodata - 1 : nodata + 1;
}

const LARGEST = {
  int8: 127,
  uint8: 255,
  int16: 32767,
  uint16: 65535,
  int32: 2147483647,
  uint32: 4294967295,
} as const;

function mode(nodata: number | null, width: number, height: number, from: Block, to: Block): void {
  const source = from.values;
  const empty = nodata ?? NaN;
  const valid = new Float64Array(4);
  for (let y = 0, row = 0; y < height; y += 2, row++) {
    const upper = from.start + y * from.stride;
    const rows = y + 1 < height ? 2 : 1;
    const lower = rows === 2 ? upper + from.stride : upper;
    const out = to.start + row * to.stride;
    for (let x = 0, column = 0; x < width; x += 2, column++) {
      const columns = x + 1 < width ? 2 : 1;
      const first = source[upper + x];
      const right = x + columns - 1;
      // As most are.
      if (first === source[upper + right] && first === source[lower + x] && first === source[lower + right]) {
        to.values[out + column] = first;
        continue;
      }
      let count = 0;
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < columns; c++) {
          const value = source[upper + r * from.stride + x + c];
          if (value !== empty && value === value) valid[count++] = value;
        }
      }
      to.values[out + column] = count === 0 ? empty : mostFrequent(valid, count);
    }
  }
}

/** Of the first `count` values; of equally frequent ones the first to be so frequent, as in GDAL. */
function mostFrequent(values: Float64Array, count: number): number {
  let best = values[0], most = 0;
  for (let i = 0; i < count; i++) {
    let times = 1;
    for (let j = 0; j < i; j++) if (values[j] === values[i]) times++;
    if (times > most) most = times, best = values[i];
  }
  return best;
}
