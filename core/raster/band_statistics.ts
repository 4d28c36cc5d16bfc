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
  add(values: GridValues, mask: Uint8Array | null = null): PartSums {
    const about = this.#count > 0 ? this.#mean : firstValid(values, this.nodata, mask);
    const part = sumPart(values, this.nodata, mask, about);
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

/** Of one part: its valid cells, and how many hold NaN. */
interface PartSums {
  readonly count: number;
  readonly sum: number;
  /** Of the distances from the value that they were taken about. */
  readonly squares: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly nan: number;
}

function sumPart(
  values: GridValues,
  nodata: number | null,
  mask: Uint8Array | null,
  about: number,
): PartSums {
  // No cell equals NaN: one comparison serves where there is no nodata value.
  const none = nodata ?? NaN;
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
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== nodata && value === value && (mask === null || mask[i] !== 0)) return value;
  }
  return 0;
}

/** Counts cells into buckets, part by part, once the extremes are known. */
export class HistogramSum {
  readonly #buckets: Float64Array;

  /** A constant band has all of its cells in the first bucket. */
  constructor(
    readonly nodata: number | null,
    readonly minimum: number,
    readonly maximum: number,
    buckets: number = HISTOGRAM_BUCKETS,
  ) {
    this.#buckets = new Float64Array(buckets);
  }

  add(values: GridValues, mask: Uint8Array | null = null): void {
    const { minimum, maximum } = this;
    const none = this.nodata ?? NaN;
    const buckets = this.#buckets;
    const count = buckets.length, last = count - 1;
    const width = maximum - minimum;
    // Where all are equal, whatever they are divided by leaves the first bucket.
    const divisor = width > 0 ? width : 1;
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
