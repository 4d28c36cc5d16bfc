/** Cells of numpy_table.ts, and statistics by short words, for the tests of this folder. */
import type { Statistic, StatisticFunction } from "../../../../aggregate/pipeline.ts";
import { SIZES } from "./numpy_table.ts";

const ROWS = SIZES.reduce((sum, size) => sum + size, 0);

export const NAMES = ["x", "w"];
export const X = Float64Array.from(
  { length: ROWS },
  (_, i) => i >= 6 && i < 11 ? 3.25 : ((i * 7919) % 1009) / 8 - 40,
);
export const W = Float64Array.from({ length: ROWS }, (_, i) => 1 + ((i * 31) % 17) / 4);
export const STARTS = startsOf(SIZES);

export function startsOf(sizes: readonly number[]): Uint32Array {
  const starts = new Uint32Array(sizes.length + 1);
  sizes.forEach((size, k) => starts[k + 1] = starts[k] + size);
  return starts;
}

export function expression(text: string): Statistic {
  return { name: text, dtype: "float64", fillValue: null, expression: text, params: {}, attributes: {} };
}

export function named(
  fn: StatisticFunction,
  source: string,
  params: Record<string, number | string> = {},
): Statistic {
  return { name: fn, dtype: "float64", fillValue: null, function: fn, source, params, attributes: {} };
}

/** |a - b| over |b|; 0 where both are the same, NaN included. */
export function relative(a: number, b: number): number {
  return Object.is(a, b) || a === b ? 0 : Math.abs(a - b) / Math.abs(b);
}
