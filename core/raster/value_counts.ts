/** Statistics of a band of small integers by counting each value: exact, in one pass, histogram included. */
import type { BandHistogram, BandStatistics } from "./band_statistics.ts";
import { HISTOGRAM_BUCKETS } from "./band_statistics.ts";
import type { GridDtype, GridValues } from "./grid.ts";
import { INTEGER_RANGES } from "./integer_range.ts";

/** Types of more values than this are not counted value by value. */
const MOST_VALUES = 65_536;

/** Whether a type has few enough values to count each of them. */
export function isCountable(dtype: GridDtype): boolean {
  return countableRange(dtype) !== undefined;
}

function countableRange(dtype: GridDtype): readonly [least: number, most: number] | undefined {
  const range = INTEGER_RANGES[dtype];
  return range !== undefined && range[1] - range[0] < MOST_VALUES ? range : undefined;
}

/** Adds up a band part by part, in any order of parts, with the same result. */
export class ValueCounts {
  readonly #lowest: number;
  readonly #counts: Float64Array;
  readonly #nodata: number | null;
  #cells = 0;
  #valid: readonly (readonly [value: number, times: number])[] | undefined;

  /** `nodata` is in the band's own elements. Throws RangeError for a type that is not countable. */
  constructor(dtype: GridDtype, nodata: number | null) {
    const range = countableRange(dtype);
    if (range === undefined) throw new RangeError(`values of ${dtype} are too many to count each`);
    this.#lowest = range[0];
    this.#counts = new Float64Array(range[1] - range[0] + 1);
    this.#nodata = nodata;
  }

  add(values: GridValues): void {
    const counts = this.#counts, lowest = this.#lowest;
    for (let i = 0; i < values.length; i++) counts[values[i] - lowest]++;
    this.#cells += values.length;
    this.#valid = undefined;
  }

  result(): BandStatistics {
    let count = 0, sum = 0, minimum: number | null = null, maximum: number | null = null;
    for (const [value, times] of this.#pairs()) {
      count += times;
      sum += value * times;
      minimum ??= value;
      maximum = value;
    }
    const validPercent = this.#cells === 0 ? 0 : 100 * count / this.#cells;
    if (count === 0) return { count, validPercent, minimum, maximum, mean: null, stddev: null };
    const mean = sum / count;
    let squares = 0;
    for (const [value, times] of this.#pairs()) squares += times * (value - mean) ** 2;
    return { count, validPercent, minimum, maximum, mean, stddev: Math.sqrt(squares / count) };
  }

  /** Null where no cell is valid. A constant band has all of its cells in the first bucket. */
  histogram(buckets: number = HISTOGRAM_BUCKETS): BandHistogram | null {
    const { minimum, maximum } = this.result();
    if (minimum === null || maximum === null) return null;
    const found = new Array<number>(buckets).fill(0);
    const width = maximum - minimum;
    for (const [value, times] of this.#pairs()) {
      const bucket = width > 0 ? Math.floor((value - minimum) / width * buckets) : 0;
      found[Math.min(bucket, buckets - 1)] += times;
    }
    return { minimum, maximum, buckets: found };
  }

  /** Values that occur and are not nodata, ascending, with their counts. */
  #pairs(): readonly (readonly [value: number, times: number])[] {
    return this.#valid ??= this.#findPairs();
  }

  #findPairs(): [number, number][] {
    const counts = this.#counts, found: [number, number][] = [];
    for (let i = 0; i < counts.length; i++) {
      const value = i + this.#lowest;
      if (counts[i] > 0 && value !== this.#nodata) found.push([value, counts[i]]);
    }
    return found;
  }
}
