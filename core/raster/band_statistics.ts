/**
 * Exact statistics of a band in one pass over its parts, and a histogram in a second. Numbers are those of
 * the stored elements: scale and offset are the reader's matter.
 */
import { countFloats, LIMITS } from "../kernels/float_counts.ts";
import { type FloatSums, sumFloats } from "../kernels/float_sums.ts";
import { repeatedCells } from "../kernels/repeated_cells.ts";
import { floatLimits } from "./float_limits.ts";
import type { GridValues } from "./grid.ts";

export interface BandStatistics {
  /** Cells that are neither nodata, NaN nor masked. */
  readonly count: number;
  /** Of all cells, 0 to 100. */
  readonly validPercent: number;
  /** Null where no cell is valid, as are the three below. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly mean: number | null;
  /** Of the population: divided by the count. */
  readonly stddev: number | null;
}

/** Buckets of equal width from `minimum` to `maximum`; the last one holds the maximum too. */
export interface BandHistogram {
  readonly minimum: number;
  readonly maximum: number;
  readonly buckets: readonly number[];
}

/** Buckets of a histogram by default. */
export const HISTOGRAM_BUCKETS = 10;

/**
 * Adds up a band part by part. Parts are combined by the update of Chan, Golub and LeVeque (1979). The squares of
 * each are taken about a value near to the band's mean, so that large offsets cost no digits. The order of parts
 * decides the last bits: give them in one order to get equal bytes.
 */
export class StatisticsSum {
  #cells = 0;
  #count = 0;
  #minimum = Infinity;
  #maximum = -Infinity;
  #mean = 0;
  #squares = 0;

  /** `nodata` is in the band's own elements. */
  constructor(readonly nodata: number | null) {}

  /** Adds a part; `mask[i]` 0 leaves out cell i. */
  add(values: GridValues, mask: Uint8Array | null = null): FloatSums {
    const about = this.#count > 0 ? this.#mean : firstValid(values, this.nodata, mask);
    // No cell equals NaN: one comparison serves where there is no nodata value.
    const none = this.nodata ?? NaN;
    const part = values instanceof Float32Array && mask === null
      ? sumFloats(values, none, about)
      : sumPart(values, none, mask, about);
    this.#cells += values.length;
    const { count } = part;
    if (count === 0) return part;
    const mean = part.sum / count;
    const total = this.#count + count;
    const step = mean - this.#mean;
    this.#squares += Math.max(0, part.squares - count * (mean - about) ** 2) +
      step * step * this.#count * count / total;
    this.#mean += step * count / total;
    this.#count = total;
    if (part.minimum < this.#minimum) this.#minimum = part.minimum;
    if (part.maximum > this.#maximum) this.#maximum = part.maximum;
    return part;
  }

  result(): BandStatistics {
    const none = this.#count === 0;
    return {
      count: this.#count,
      validPercent: this.#cells === 0 ? 0 : 100 * this.#count / this.#cells,
      minimum: none ? null : this.#minimum,
      maximum: none ? null : this.#maximum,
      mean: none ? null : this.#mean,
      stddev: none ? null : Math.sqrt(this.#squares / this.#count),
    };
  }
}

function sumPart(values: GridValues, none: number, mask: Uint8Array | null, about: number): FloatSums {
  let count = 0, sum = 0, squares = 0, minimum = Infinity, maximum = -Infinity, nan = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === none || (mask !== null && mask[i] === 0)) continue;
    if (value !== value) {
      nan++;
      continue;
    }
    count++;
    sum += value;
    squares += (value - about) * (value - about);
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  return { count, sum, squares, minimum, maximum, nan };
}

function firstValid(values: GridValues, nodata: number | null, mask: Uint8Array | null): number {
  const [first] = values;
  const isEmpty = first === nodata || first !== first;
  for (let i = isEmpty ? repeatedCells(values) : 0; i < values.length; i++) {
    const value = values[i];
    if (value !== nodata && value === value && (mask === null || mask[i] !== 0)) return value;
  }
  return 0;
}

/** Counts cells into buckets, part by part, once the extremes are known. */
export class HistogramSum {
  readonly #buckets: Float64Array;
  /** What values are divided by: where all are equal, whatever it is leaves the first bucket. */
  readonly #divisor: number;
  #limits: Float32Array | undefined;

  /** A constant band has all of its cells in the first bucket. */
  constructor(
    readonly nodata: number | null,
    readonly minimum: number,
    readonly maximum: number,
    buckets: number = HISTOGRAM_BUCKETS,
  ) {
    this.#buckets = new Float64Array(buckets);
    const width = maximum - minimum;
    this.#divisor = width > 0 ? width : 1;
  }

  add(values: GridValues, mask: Uint8Array | null = null): void {
    const isPlain = values instanceof Float32Array && mask === null;
    if (isPlain && this.#buckets.length === LIMITS + 1) this.#addFloats(values);
    else this.#addEach(values, mask);
  }

  #addFloats(values: Float32Array): void {
    const buckets = this.#buckets;
    this.#limits ??= floatLimits(
      this.minimum,
      this.maximum,
      buckets.length,
      (value) => this.#bucketOf(value),
    );
    const none = this.nodata ?? NaN;
    const counts = countFloats(values, this.#limits, none);
    let above = counts.numbers - counts.nodata;
    this.#limits.forEach((limit, i) => {
      const next = counts.atLeast[i] - (none >= limit ? counts.nodata : 0);
      buckets[i] += above - next;
      above = next;
    });
    buckets[LIMITS] += above;
  }

  #bucketOf(value: number): number {
    return Math.min(
      (value - this.minimum) / this.#divisor * this.#buckets.length | 0,
      this.#buckets.length - 1,
    );
  }

  #addEach(values: GridValues, mask: Uint8Array | null): void {
    const { minimum } = this;
    const none = this.nodata ?? NaN;
    const buckets = this.#buckets, divisor = this.#divisor;
    const count = buckets.length, last = count - 1;
    // Neighbours fall into one bucket: counting them by turns lets none wait for the one before.
    const counts = new Uint32Array(4 * count);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value === none || value !== value || (mask !== null && mask[i] === 0)) continue;
      const bucket = ((value - minimum) / divisor * count) | 0;
      counts[(i & 3) * count + (bucket > last ? last : bucket)]++;
    }
    for (let i = 0; i < counts.length; i++) buckets[i % count] += counts[i];
  }

  result(): BandHistogram {
    return { minimum: this.minimum, maximum: this.maximum, buckets: [...this.#buckets] };
  }
}
