/**
 * Reductions that need all values of a cell at once, in an order of their own: nothing smaller than the values
 * themselves says what they are, so they can be computed for a cell and not merged from parts of it.
 */
import { compensated } from "./kernels.ts";

/**
 * The value of a cell of `count` > 0 rows, none of which is NaN. `values[i]` holds argument i in its first
 * `count` elements, which may be reordered; `parameter` is the node's number.
 */
type WholeCellReduction = (values: readonly Float64Array[], count: number, parameter: number) => number;

/** By the graph's name of the operation. */
const WHOLE_CELL: Readonly<Record<string, WholeCellReduction>> = {
  mode: ([x], count) => modeOf(x, count),
  trimmed_mean: ([x], count, proportion) => trimmedMeanOf(x, count, proportion),
  nunique: ([x], count) => distinctOf(x, count),
  first: ([x, by], count) => x[extremeOf(by, count, -1)],
  last: ([x, by], count) => x[extremeOf(by, count, 1)],
  weighted_quantile: ([x, weights], count, q) => weightedQuantileOf(x, weights, count, q),
};

export function wholeCellReduction(op: string): WholeCellReduction | undefined {
  return Object.hasOwn(WHOLE_CELL, op) ? WHOLE_CELL[op] : undefined;
}

/** Reduces one cell after the other in a scratch of its own. */
export class WholeCellReducer {
  #scratch: Float64Array[] = [];

  constructor(readonly reduction: WholeCellReduction, readonly parameter: number) {}

  /** `out[k]` is cell k's; NaN for a cell that is empty or has a NaN. */
  run(out: Float64Array, args: readonly Float64Array[], starts: Uint32Array, cells: number): void {
    for (let k = 0; k < cells; k++) {
      const start = starts[k], count = starts[k + 1] - start;
      if (this.#scratch.length !== args.length || this.#scratch[0].length < count) {
        this.#scratch = args.map(() => new Float64Array(Math.max(1024, count + (count >>> 1))));
      }
      for (let a = 0; a < args.length; a++) this.#scratch[a].set(args[a].subarray(start, start + count));
      out[k] = this.reduce(this.#scratch, count);
    }
  }

  /** The value of one cell, whose values it may reorder; NaN if it is empty or has a NaN. */
  reduce(values: readonly Float64Array[], count: number): number {
    if (count === 0) return NaN;
    for (const of of values) for (let i = 0; i < count; i++) if (of[i] !== of[i]) return NaN;
    return this.reduction(values, count, this.parameter);
  }
}

/** The most frequent value, the least of equally frequent ones (scipy.stats.mode). */
function modeOf(x: Float64Array, count: number): number {
  const sorted = x.subarray(0, count).sort();
  let mode = sorted[0], most = 0;
  for (let i = 0; i < count;) {
    const value = sorted[i];
    let end = i + 1;
    while (end < count && sorted[end] === value) end += 1;
    if (end - i > most) [mode, most] = [value, end - i];
    i = end;
  }
  return mode;
}

/** How many different values there are. */
function distinctOf(x: Float64Array, count: number): number {
  const sorted = x.subarray(0, count).sort();
  let distinct = 0;
  for (let i = 0; i < count; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) distinct += 1;
  return distinct;
}

/** The row of the least (-1) or greatest (1) value: of equal ones the first for the least, the last for the greatest. */
function extremeOf(by: Float64Array, count: number, sign: 1 | -1): number {
  let found = 0;
  for (let i = 1; i < count; i++) {
    if (sign > 0 ? by[i] >= by[found] : by[i] < by[found]) found = i;
  }
  return found;
}

/** The mean without the `proportion` of least and of greatest values, rounded down (scipy.stats.trim_mean). */
function trimmedMeanOf(x: Float64Array, count: number, proportion: number): number {
  const sorted = x.subarray(0, count).sort();
  const cut = Math.trunc(proportion * count);
  let sum = 0, lost = 0;
  for (let i = cut; i < count - cut; i++) {
    const value = sorted[i], next = sum + value, added = next - sum;
    lost += (sum - (next - added)) + (value - added);
    sum = next;
  }
  return compensated(sum, lost) / (count - 2 * cut);
}

/**
 * The least value at which the share of weights comes to `q` (np.quantile with weights, its method
 * "inverted_cdf"). NaN where a weight is negative or all are 0.
 */
function weightedQuantileOf(x: Float64Array, weights: Float64Array, count: number, q: number): number {
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    if (weights[i] < 0) return NaN;
    order[i] = i;
  }
  order.sort((a, b) => x[a] - x[b] || a - b);
  let total = 0;
  for (let i = 0; i < count; i++) total += weights[order[i]];
  if (!(total > 0)) return NaN;
  let share = 0;
  for (let i = 0; i < count; i++) {
    share += weights[order[i]];
    // Values before the first weight have no share of it, not even none of it.
    if (share > 0 && share / total >= q) return x[order[i]];
  }
  return x[order[count - 1]];
}
