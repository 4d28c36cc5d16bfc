/**
 * Weighted means of the cells around a pixel's middle. A pixel has a value where the cell in which its middle
 * lies has one, so that masks are those of nearest sampling; of the cells around it those without a value are
 * left out and the weights of the others made up to one.
 */
import type { GridValues } from "../grid.ts";
import type { WarpPlan } from "./plan.ts";
import type { Kernel } from "./resampling.ts";
import { eachRow } from "./target.ts";

/** Entries of a kernel's table a cell; between them weights are interpolated, at whole cells they are exact. */
const TABLE_STEPS = 512;

/** The kernel's weights at distances from 0 to its radius; the entries beyond are 0. */
function tableOf({ radius, weight }: Kernel): Float64Array {
  const table = new Float64Array(radius * TABLE_STEPS + 2);
  for (let i = 0; i <= radius * TABLE_STEPS; i++) table[i] = weight(i / TABLE_STEPS);
  return table;
}

/**
 * Fills `out` of one band. `valid` holds 1 for the window's cells that have a value; `cells` is each pixel's
 * nearest one, or -1.
 */
export function sampleKernel(
  plan: WarpPlan,
  kernel: Kernel,
  band: GridValues,
  valid: Uint8Array,
  cells: Int32Array,
  out: Float64Array,
): void {
  const { window: { width: columns, height: rows }, turns } = plan;
  const shrinkX = 1 / Math.max(1, plan.cellsPerPixel[0]);
  const shrinkY = 1 / Math.max(1, plan.cellsPerPixel[1]);
  const reachX = kernel.radius / shrinkX;
  const reachY = kernel.radius / shrinkY;
  const weights = new Float64Array(Math.ceil(2 * reachX) + 2);
  const table = tableOf(kernel);
  const weight = (distance: number) => {
    const place = Math.abs(distance) * TABLE_STEPS;
    const entry = Math.floor(place);
    return table[entry] + (place - entry) * (table[entry + 1] - table[entry]);
  };
  // One element type keeps the loop below fast for all.
  const values = band instanceof Float64Array ? band : new Float64Array(band);
  eachRow(plan.mesh, plan.width, (index, count, u, v, du, dv) => {
    for (let k = 0; k < count; k++) {
      const cell = cells[index + k];
      if (cell < 0 || valid[cell] === 0) continue;
      // Middles of cells lie at halves.
      const x = u + k * du - 0.5;
      const y = v + k * dv - 0.5;
      const firstColumn = Math.ceil(x - reachX);
      const lastColumn = Math.floor(x + reachX);
      const firstRow = Math.max(0, Math.ceil(y - reachY));
      const lastRow = Math.min(rows - 1, Math.floor(y + reachY));
      for (let column = firstColumn; column <= lastColumn; column++) {
        weights[column - firstColumn] = weight((column - x) * shrinkX);
      }
      let sum = 0, total = 0;
      for (let row = firstRow; row <= lastRow; row++) {
        const across = weight((row - y) * shrinkY);
        if (across === 0) continue;
        for (let column = firstColumn; column <= lastColumn; column++) {
          let there = column;
          if (there < 0 || there >= columns) {
            if (!turns) continue;
            there -= columns * Math.floor(there / columns);
          }
          const at = row * columns + there;
          if (valid[at] === 0) continue;
          const share = across * weights[column - firstColumn];
          sum += share * values[at];
          total += share;
        }
      }
      out[index + k] = Math.abs(total) > 1e-9 ? sum / total : values[cell];
    }
  });
}
