/** Where the patches' pixels fall, for the loops of the methods. */
import type { Mesh } from "./mesh.ts";
import { PATCH } from "./mesh.ts";

/**
 * Calls `row` for every row of every patch: the first pixel's index in the output, the number of pixels, the
 * source column and row of the first, their steps, and the half sides of a pixel's rectangle in the source.
 */
export function eachRow(
  mesh: Mesh,
  width: number,
  row: (
    index: number,
    count: number,
    u: number,
    v: number,
    du: number,
    dv: number,
    halfAcross: number,
    halfDown: number,
  ) => void,
): void {
  for (let p = 0; p < mesh.length; p += PATCH) {
    const x0 = mesh[p], y0 = mesh[p + 1], columns = mesh[p + 2], rows = mesh[p + 3];
    const u0 = mesh[p + 4], v0 = mesh[p + 5];
    const ux = mesh[p + 6], vx = mesh[p + 7], uy = mesh[p + 8], vy = mesh[p + 9];
    const uxy = mesh[p + 10], vxy = mesh[p + 11];
    const halfAcross = (Math.abs(ux + uxy * (rows - 1) / 2) + Math.abs(uy + uxy * (columns - 1) / 2)) / 2;
    const halfDown = (Math.abs(vx + vxy * (rows - 1) / 2) + Math.abs(vy + vxy * (columns - 1) / 2)) / 2;
    for (let y = 0; y < rows; y++) {
      row(
        (y0 + y) * width + x0,
        columns,
        u0 + y * uy,
        v0 + y * vy,
        ux + y * uxy,
        vx + y * vxy,
        halfAcross,
        halfDown,
      );
    }
  }
}
