/** Which values a map's colours span without --range. */

/** Values are coloured between these; beyond them by the ends. */
export interface ValueRange {
  low: number;
  high: number;
}

/** Values beyond these shares are outliers if they would widen the range by much. */
const LOW_SHARE = 0.01;
const HIGH_SHARE = 0.99;

/** How much wider all values may reach than all but the outliers, and still be spanned whole. */
const WIDENING = 1.35;

/** Sorting more than this many values would take longer than drawing them; a regular sample does. */
const MOST_SORTED = 1_000_000;

/** The range of the values, without outliers; symmetric about 0 for a diverging colour map. */
export function robustRange(values: Float64Array, diverging: boolean): ValueRange {
  const stride = Math.ceil(values.length / MOST_SORTED);
  const sample = stride === 1 ? values.slice() : values.filter((_, i) => i % stride === 0);
  sample.sort();
  const [least, most] = extremes(values);
  const at = (share: number) => sample[Math.round(share * (sample.length - 1))];
  let low = at(LOW_SHARE), high = at(HIGH_SHARE);
  if (most - least <= WIDENING * (high - low)) [low, high] = [least, most];
  if (diverging && low < 0 && high > 0) {
    high = Math.max(-low, high);
    low = -high;
  }
  if (low === high) {
    const half = Number.isInteger(low) ? 1 : Math.abs(low) * 0.05;
    return { low: low - half, high: high + half };
  }
  return { low, high };
}

/** The least and the greatest finite value. */
export function extremes(values: Float64Array): [least: number, most: number] {
  let least = Infinity, most = -Infinity;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}
