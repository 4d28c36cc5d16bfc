/** Bins of equal width and their counts, as numpy.histogram has them to the last bit. */
import { inputError } from "../../errors.ts";

/** A number of bins, with a range or over all values; or the edges. */
export type HistogramBins =
  | { readonly count: number; readonly range?: readonly [number, number] }
  | { readonly edges: readonly number[] };

const DEFAULT_BINS = 10;
export const MAX_BINS = 65_536;

/**
 * The edges of the bins: one more than there are bins, ascending. A single value gets bins from half below
 * it to half above; no value, from 0 to 1.
 * @param values ascending
 * @param single whether the values are float32, in which numpy then computes the edges
 */
export function binEdges(
  values: Float64Array,
  single: boolean,
  bins: HistogramBins = { count: DEFAULT_BINS },
): number[] {
  if ("edges" in bins) {
    const { edges } = bins;
    const ascending = edges.every((edge, i) => Number.isFinite(edge) && (i === 0 || edge >= edges[i - 1]));
    if (edges.length < 2 || edges.length > MAX_BINS + 1 || !ascending) {
      throw inputError(`bins ${edges.slice(0, 5)}: wanted 2 to ${MAX_BINS + 1} edges in ascending order`);
    }
    return [...edges];
  }
  const { count, range } = bins;
  if (!(Number.isInteger(count) && count >= 1 && count <= MAX_BINS)) {
    throw inputError(`${count} bins: wanted 1 to ${MAX_BINS}`);
  }
  if (range !== undefined && !(range[0] <= range[1] && range.every(Number.isFinite))) {
    throw inputError(`histogram range ${range}: wanted a lower and an upper bound`);
  }
  const empty = values.length === 0;
  let [first, last] = range ?? (empty ? [0, 1] : [values[0], values[values.length - 1]]);
  const whole = single && range === undefined && !empty;
  if (first === last) [first, last] = [first - 0.5, last + 0.5];
  const round = whole ? Math.fround : (value: number) => value;
  const step = round(round(last - first) / count);
  const edges = Array.from({ length: count + 1 }, (_, i) => round(round(i * step) + first));
  edges[count] = last;
  return edges;
}

/** How many values lie in each bin; the last bin holds its upper edge too. */
export function countInto(values: Float64Array, counts: Float64Array, edges: readonly number[]): number[] {
  const found = new Array<number>(edges.length - 1).fill(0);
  const last = found.length - 1;
  let bin = 0;
  for (let k = 0; k < values.length; k++) {
    const value = values[k];
    if (value < edges[0] || value > edges[last + 1]) continue;
    while (bin < last && value >= edges[bin + 1]) bin++;
    found[bin] += counts[k];
  }
  return found;
}
