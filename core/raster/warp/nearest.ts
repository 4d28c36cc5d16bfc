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
      let column = Math.floor(u + k * du + BORDER);
      const row = Math.floor(v + k * dv + BORDER);
      if (turns) column -= columns * Math.floor(column / columns);
      if (column >= 0 && column < columns && row >= 0 && row < rows) {
        cells[index + k] = row * columns + column;
      }
    }
  });
  return cells;
}
