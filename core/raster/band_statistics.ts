/**
 * Exact statistics of a band in one pass over its parts, and a histogram in a second. Numbers are those of
 * the stored elements: scale and offset are the reader's matter.
 */
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
 * Adds up a band part by part. Parts are combined by the update of Chan, Golub and LeVeque (1979), each
 * taken about its own mean, so that large offsets cost no digits. The order of parts decides the last bits:
 * give them in one order to get equal bytes.
 */
export class StatisticsSum {
  #cells = 0;
  #count = 0;
  #minimum = Infinity;
  #maximum = -Infinity;
  #mean = 0;
  #squares = 0;

  /** `nodata` is in the band's own elements; `mask[i]` 0 leaves out cell i. */
  constructor(readonly nodata: number | null) {}

  add(values: GridValues, mask: Uint8Array | null = null): void {
    const { nodata } = this;
    const length = values.length;
    let count = 0, sum = 0, minimum = Infinity, maximum = -Infinity;
    for (let i = 0; i < length; i++) {
      const value = values[i];
      if (value === nodata || value !== value || (mask !== null && mask[i] === 0)) continue;
      count++;
      sum += value;
      if (value < minimum) minimum = value;
      if (value > maximum) maximum = value;
    }
    this.#cells += length;
    if (count === 0) return;
    const mean = sum / count;
    let squares = 0;
    for (let i = 0; i < length; i++) {
      const value = values[i];
      if (value === nodata || value !== value || (mask !== null && mask[i] === 0)) continue;
      const difference = value - mean;
      squares += difference * difference;
    }
    const total = this.#count + count;
    const step = mean - this.#mean;
    this.#squares += squares + step * step * this.#count * count / total;
    this.#mean += step * count / total;
    this.#count = total;
    if (minimum < this.#minimum) this.#minimum = minimum;
    if (maximum > this.#maximum) this.#maximum = maximum;
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

/** Counts cells into buckets, part by part, once the extremes are known. */
export class HistogramSum {
  readonly #buckets: number[];

  /** A constant band has all of its cells in the first bucket. */
  constructor(
    readonly nodata: number | null,
    readonly minimum: number,
    readonly maximum: number,
    buckets: number = HISTOGRAM_BUCKETS,
  ) {
    this.#buckets = new Array<number>(buckets).fill(0);
  }

  add(values: GridValues, mask: Uint8Array | null = null): void {
    const { nodata, minimum, maximum } = this;
    const buckets = this.#buckets;
    const last = buckets.length - 1;
    const width = maximum - minimum;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value === nodata || value !== value || (mask !== null && mask[i] === 0)) continue;
      const bucket = width > 0 ? Math.floor((value - minimum) / width * buckets.length) : 0;
      buckets[bucket > last ? last : bucket]++;
    }
  }

  result(): BandHistogram {
    return { minimum: this.minimum, maximum: this.maximum, buckets: [...this.#buckets] };
  }
}
