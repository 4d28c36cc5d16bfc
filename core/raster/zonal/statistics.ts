/**
 * Statistics of pixels, each counted by the part of it that a polygon covers. The names, and which numbers
 * are weighted, are rio-tiler's: mean, sum, count, deviation, median and percentiles are; extremes,
 * majority, minority, unique values, histogram and the counts of pixels are not.
 */
import { inputError } from "../../errors.ts";
import type { GridValues } from "../grid.ts";
import { binEdges, countInto, type HistogramBins } from "./histogram.ts";

/** Of one band. Values are NaN where no pixel has one. */
interface ZonalStatistics {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** The sum of weights. */
  readonly count: number;
  readonly sum: number;
  /** Of the population. */
  readonly std: number;
  readonly median: number;
  /** The value of most pixels, the lowest one if several are. */
  readonly majority: number;
  readonly minority: number;
  /** How many different values there are. */
  readonly unique: number;
  /** Counts, and the edges of their bins or, for categories, the values. */
  readonly histogram: readonly [readonly number[], readonly number[]];
  /** Of the pixels that the polygon covers, 0 to 100, with two decimals. */
  readonly valid_percent: number;
  readonly masked_pixels: number;
  readonly valid_pixels: number;
  /** `percentile_2`, … as asked for. */
  readonly [percentile: `percentile_${number}`]: number;
}

export interface ZonalOptions {
  /** Default 2 and 98. */
  readonly percentiles?: readonly number[];
  /** Counts values instead of bins; `categories` are those to count, default all that there are. */
  readonly categorical?: boolean;
  readonly categories?: readonly number[];
  /** Default 10 bins over all values. */
  readonly bins?: HistogramBins;
}

const DEFAULT_PERCENTILES: readonly number[] = [2, 98];
/** Categories that a histogram may list. */
const MAX_CATEGORIES = 65_536;

/** Values of a band in ascending order, each once. */
interface Distinct {
  readonly values: Float64Array;
  readonly counts: Float64Array;
  readonly weights: Float64Array;
}

/**
 * @param mask 1 for pixels that have a value; those that don't lie in the polygon are masked already
 * @param weights the covered part of each pixel; null for whole ones
 */
export function zonalStatistics(
  band: GridValues,
  mask: Uint8Array,
  weights: Float32Array | null,
  options: ZonalOptions = {},
): ZonalStatistics {
  const percentiles = options.percentiles ?? DEFAULT_PERCENTILES;
  let count = 0, total = 0, sum = 0, valid = 0, covered = 0, minimum = Infinity, maximum = -Infinity;
  const values = new Float64Array(band.length);
  for (let i = 0; i < band.length; i++) {
    const weight = weights === null ? 1 : weights[i];
    if (weight !== 0) covered++;
    const value = band[i];
    // Infinite ones are counted out as NaN is.
    if (mask[i] === 0 || !(Math.abs(value) < Infinity)) continue;
    values[valid++] = value;
    count += weight;
    sum += weight * value;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  total = count;
  const mean = sum / total;
  const distinct = distinctOf(values.subarray(0, valid), band, mask, weights);
  let squares = 0;
  distinct.values.forEach((value, k) => squares += distinct.weights[k] * (value - mean) ** 2);
  const none = valid === 0;
  return {
    min: none ? NaN : minimum,
    max: none ? NaN : maximum,
    mean: none ? NaN : mean,
    count,
    sum,
    std: none ? NaN : Math.sqrt(squares / total),
    median: quantile(distinct, 0.5),
    majority: none ? NaN : distinct.values[extreme(distinct.counts, (a, b) => a > b)],
    minority: none ? NaN : distinct.values[extreme(distinct.counts, (a, b) => a < b)],
    unique: distinct.values.length,
    histogram: histogramOf(distinct, band, options),
    valid_percent: covered === 0 ? 0 : Math.round(Math.min(valid / covered, 1) * 10_000) / 100,
    masked_pixels: band.length - valid,
    valid_pixels: valid,
    ...Object.fromEntries(
      percentiles.map((p) => [`percentile_${Math.trunc(p)}`, quantile(distinct, p / 100)]),
    ),
  };
}

/** @param sorted the values, which are sorted here */
function distinctOf(
  sorted: Float64Array,
  band: GridValues,
  mask: Uint8Array,
  weights: Float32Array | null,
): Distinct {
  sorted.sort();
  let unique = 0;
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) unique++;
  const values = new Float64Array(unique);
  const counts = new Float64Array(unique);
  let k = -1;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) values[++k] = sorted[i];
    counts[k]++;
  }
  if (weights === null) return { values, counts, weights: counts };
  const weighted = new Float64Array(unique);
  for (let i = 0; i < band.length; i++) {
    if (mask[i] === 0 || !(Math.abs(band[i]) < Infinity)) continue;
    weighted[placeOf(values, band[i])] += weights[i];
  }
  return { values, counts, weights: weighted };
}

/** The index of a value among ascending ones. */
function placeOf(values: Float64Array, value: number): number {
  let low = 0, high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function extreme(counts: Float64Array, better: (a: number, b: number) => boolean): number {
  let best = 0;
  for (let k = 1; k < counts.length; k++) if (better(counts[k], counts[best])) best = k;
  return best;
}

/** The first value at which the weights add up to a part `q` of all. */
function quantile({ values, weights }: Distinct, q: number): number {
  let total = 0;
  for (const weight of weights) total += weight;
  let sum = 0;
  for (let k = 0; k < values.length; k++) {
    sum += weights[k];
    if (sum >= q * total) return values[k];
  }
  return values.length === 0 ? NaN : values[values.length - 1];
}

function histogramOf(
  { values, counts }: Distinct,
  band: GridValues,
  { categorical = false, categories, bins }: ZonalOptions,
): [number[], number[]] {
  if (categorical) {
    const listed = categories ?? [...values.subarray(0, MAX_CATEGORIES + 1)];
    if (listed.length > MAX_CATEGORIES) {
      throw inputError(
        `the band has more than ${MAX_CATEGORIES} different values, which are no categories (ask for a histogram)`,
      );
    }
    const found = listed.map((value) => {
      const place = placeOf(values, value);
      return values[place] === value ? counts[place] : 0;
    });
    return [found, [...listed]];
  }
  const edges = binEdges(values, band instanceof Float32Array, bins);
  return [countInto(values, counts, edges), edges];
}
