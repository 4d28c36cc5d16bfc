/** The value of the cell in which a pixel's middle lies. */
import { cellsOfMesh } from "../../kernels/pixels.ts";
import { PATCH } from "./mesh.ts";
import type { WarpPlan } from "./plan.ts";

/**
 * The cell of each pixel, as an index into the window; -1 for none. Middles on the border of two cells, but for
 * rounding, belong to the right and the lower one.
 */
export function nearestCells(plan: WarpPlan): Int32Array {
  return cellsOfMesh(plan.mesh, PATCH, plan, plan.window, plan.turns);
}
