/** The value of the cell in which a pixel's middle lies. */
import type { WarpPlan } from "./plan.ts";
import { eachRow } from "./target.ts";

/** Middles on the border of two cells, but for rounding, belong to the right and the lower one. */
const BORDER = 1e-10;

/**
 * The cell of each pixel, as an index into the window; -1 for none.
 */
export function nearestCells(plan: WarpPlan): Int32Array {
  const { width, height, window, turns } = plan;
  const cells = new Int32Array(width * height).fill(-1);
  const columns = window.width;
  const rows = window.height;
  eachRow(plan.mesh, width, (index, count, u, v, du, dv) => {
    for (let k = 0; k < count; k++) {
      let x = u + k * du + BORDER;
      const y = v + k * dv + BORDER;
      if (turns) {
        x = Math.floor(x);
        x -= columns * Math.floor(x / columns);
      }
      // Within the window, cutting is rounding down.
      if (x >= 0 && x < columns && y >= 0 && y < rows) cells[index + k] = (y | 0) * columns + (x | 0);
    }
  });
  return cells;
}
