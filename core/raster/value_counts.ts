/** Statistics of a band of small integers by counting each value: exact, in one pass, histogram included. */
import type { BandHistogram, BandStatistics } from "./band_statistics.ts";
import { HISTOGRAM_BUCKETS } from "./band_statistics.ts";
import type { GridDtype, GridValues } from "./grid.ts";

const LOWEST: Partial<Readonly<Record<GridDtype, number>>> = {
  int8: -128,
  uint8: 0,
  int16: -32768,
  uint16: 0,
};

/** Whether a type has few enough values to count each of them. */
export function isCountable(dtype: GridDtype): boolean {
  return LOWEST[dtype] !== undefined;
}

/** Adds up a band part by part, in any order of parts, with the same result. */
export class ValueCounts {
  readonly #lowest: number;
  readonly #counts: Float64Array;
  readonly #nodata: number | null;
  #cells = 0;

  /** `nodata` is in the band's own elements. Throws RangeError for a type that is not countable. */
  constructor(dtype: GridDtype, nodata: number | null) {
    const lowest = LOWEST[dtype];
    if (lowest === undefined) throw new RangeError(`values of ${dtype} are too many to count each`);
    this.#lowest = lowest;
    this.#counts = new Float64Array(dtype === "int8" || dtype === "uint8" ? 256 : 65536);
    this.#nodata = nodata;
  }

  add(values: GridValues): void {
    const counts = this.#counts, lowest = this.#lowest;
    for (let i = 0; i < values.length; i++) counts[values[i] - lowest]++;
    this.#cells += values.length;
  }

  result(): BandStatistics {
    let count = 0, sum = 0, minimum: number | null = null, maximum: number | null = null;
    for (const [value, times] of this.#valid()) {
      count += times;
      sum += value * times;
      minimum ??= value;
      maximum = value;
    }
    const validPercent = this.#cells === 0 ? 0 : 100 * count / this.#cells;
    if (count === 0) return { count, validPercent, minimum, maximum, mean: null, stddev: null };
    const mean = sum / count;
    let squares = 0;
    for (const [value, times] of this.#valid()) squares += times * (value - mean) ** 2;
    return { count, validPercent, minimum, maximum, mean, stddev: Math.sqrt(squares / count) };
  }

  /** Null where no cell is valid. A constant band has all of its cells in the first bucket. */
  histogram(buckets: number = HISTOGRAM_BUCKETS): BandHistogram | null {
    const { minimum, maximum } = this.result();
    if (minimum === null || maximum === null) return null;
    const found = new Array<number>(buckets).fill(0);
    const width = maximum - minimum;
    for (const [value, times] of this.#valid()) {
      const bucket = width > 0 ? Math.floor((value - minimum) / width * buckets) : 0;
      found[Math.min(bucket, buckets - 1)] += times;
    }
    return { minimum, maximum, buckets: found };
  }

  /** Values that occur and are not nodata, ascending, with their counts. */
  *#valid(): Iterable<[number, number]> {
    for (let i = 0; i < this.#counts.length; i++) {
      const value = i + this.#lowest;
      if (this.#counts[i] > 0 && value !== this.#nodata) yield [value, this.#counts[i]];
    }
  }
}
