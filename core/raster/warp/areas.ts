/**
 * Values made of all cells that a pixel's rectangle covers, each weighted by the part of it that is covered.
 * Cells without a value are left out; a pixel has a value where any cell has.
 */
import type { GridValues } from "../grid.ts";
import type { WarpPlan } from "./plan.ts";
import type { AreaName } from "./resampling.ts";
import { eachRow } from "./target.ts";

/** Parts of a cell that rounding, not the rectangle, covers. */
const SLIVER = 1e-6;

/** What a method makes of `count` values and their weights. */
type Reduce = (values: Float64Array, weights: Float64Array, count: number) => number;

/** Fills `out` and `mask` (1 where there is a value) of one band. */
export function sampleArea(
  plan: WarpPlan,
  method: AreaName,
  band: GridValues,
  valid: Uint8Array,
  out: Float64Array,
  mask: Uint8Array,
): void {
  const { window: { width: columns, height: rows }, turns } = plan;
  const reduce = reducer(method, plan.cellsPerCell);
  const values = band instanceof Float64Array ? band : new Float64Array(band);
  let found = new Float64Array(64);
  let weights = new Float64Array(64);
  eachRow(plan.mesh, plan.width, (index, pixels, u, v, du, dv, halfAcross, halfDown) => {
    for (let k = 0; k < pixels; k++) {
      const x = u + k * du;
      const y = v + k * dv;
      const [left, right] = [x - halfAcross, x + halfAcross];
      const top = Math.max(0, y - halfDown);
      const bottom = Math.min(rows, y + halfDown);
      const firstColumn = Math.floor(left + SLIVER);
      const lastColumn = Math.min(Math.ceil(right - SLIVER) - 1, firstColumn + columns - 1);
      const firstRow = Math.floor(top + SLIVER);
      const lastRow = Math.ceil(bottom - SLIVER) - 1;
      let count = 0;
      for (let row = firstRow; row <= lastRow; row++) {
        const down = Math.min(row + 1, bottom) - Math.max(row, top);
        for (let column = firstColumn; column <= lastColumn; column++) {
          let there = column;
          if (there < 0 || there >= columns) {
            if (!turns) continue;
            there -= columns * Math.floor(there / columns);
          }
          const at = row * columns + there;
          if (valid[at] === 0) continue;
          if (count === found.length) {
            found = grown(found);
            weights = grown(weights);
          }
          found[count] = values[at];
          weights[count++] = down * (Math.min(column + 1, right) - Math.max(column, left));
        }
      }
      if (count === 0) continue;
      out[index + k] = reduce(found, weights, count);
      mask[index + k] = 1;
    }
  });
}

function grown(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * array.length);
  larger.set(array);
  return larger;
}

function reducer(method: AreaName, cellsPerCell: number): Reduce {
  switch (method) {
    case "average":
      return (values, weights, count) => weighted(values, weights, count) / total(weights, count);
    case "sum":
      return (values, weights, count) => weighted(values, weights, count) * cellsPerCell;
    case "rms":
      return (values, weights, count) => {
        let sum = 0;
        for (let i = 0; i < count; i++) sum += weights[i] * values[i] * values[i];
        return Math.sqrt(sum / total(weights, count));
      };
    case "min":
      return (values, _, count) => values.subarray(0, count).reduce((a, b) => Math.min(a, b));
    case "max":
      return (values, _, count) => values.subarray(0, count).reduce((a, b) => Math.max(a, b));
    case "mode":
      return mode;
    case "q1":
      return quantile(0.25);
    case "med":
      return quantile(0.5);
    case "q3":
      return quantile(0.75);
  }
}

function weighted(values: Float64Array, weights: Float64Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += weights[i] * values[i];
  return sum;
}

function total(weights: Float64Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += weights[i];
  return sum;
}

/** The lowest of the values that cover most. */
const mode: Reduce = (values, weights, count) => {
  // Classes are few: a list is searched faster than a map is made, and it may overwrite what was read.
  let classes = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i];
    let at = 0;
    while (at < classes && values[at] !== value) at++;
    if (at === classes) {
      values[classes] = value;
      weights[classes++] = weights[i];
    } else {
      weights[at] += weights[i];
    }
  }
  let best = NaN;
  let most = -1;
  for (let at = 0; at < classes; at++) {
    // Sums of equal parts differ in last bits by their order.
    const same = Math.abs(weights[at] - most) <= 1e-9 * most;
    if (same ? values[at] < best : weights[at] > most) {
      best = values[at];
      most = weights[at];
    }
  }
  return best;
};

/** The value at rank ceil(q n): GDAL's, which is the lower one of the two in the middle. */
function quantile(q: number): Reduce {
  return (values, _, count) => {
    const sorted = values.subarray(0, count).sort();
    return sorted[Math.max(0, Math.ceil(q * count) - 1)];
  };
}
