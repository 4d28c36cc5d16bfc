/** Cells with the cells around them. */
import { inputError } from "../errors.ts";
import { checkOrder, MAX_NUMBER_ORDER } from "./convention.ts";
import { faceXYFromNested, nestedFromFaceXY } from "./face_xy.ts";
import { NEIGHBOUR_STEPS, stepFrom } from "./neighbours.ts";

/** The greatest distance between a geodetic latitude and its authalic one on WGS84, in radians. */
const GREATEST_SHIFT = 0.12831 * Math.PI / 180;
/** Widths of a base cell that one radian along a meridian crosses at most: in a cap, sqrt(6) / 2. */
const FACES_PER_RADIAN_MERIDIAN = 1.2248;
/** The same in any direction: beside the pole, where it is sqrt(3/2 + 6 / pi^2). */
const FACES_PER_RADIAN = 1.4519;
/** More cells than this are refused. */
export const MAX_DILATED_CELLS = 20_000_000;

/** Rings of neighbours that reach from a point's authalic cell to its geodetic one, at `order`. */
export function ringsForGeodetic(order: number): number {
  checkOrder(order);
  return Math.ceil(GREATEST_SHIFT * FACES_PER_RADIAN_MERIDIAN * 2 ** order);
}

/** Rings of neighbours that reach every point within `metres` of a cell of `order`. */
export function ringsForMetres(metres: number, order: number): number {
  checkOrder(order);
  // A metre on the ellipsoid is at most this angle on the sphere; one more ring for corners where only
  // three cells meet.
  return metres > 0 ? Math.ceil(metres / 6_330_000 * FACES_PER_RADIAN * 2 ** order) + 1 : 0;
}

/**
 * Nested ids of `order` (0 to 24), ascending: the given cells and `rings` rings of neighbours.
 *
 * @throws GranaryError (input) for more than 20 million cells.
 */
export function dilateCells(cells: ArrayLike<number>, order: number, rings: number): Float64Array {
  checkOrder(order, MAX_NUMBER_ORDER);
  if (!Number.isInteger(rings) || rings < 0) throw new RangeError(`${rings} is not a number of rings`);
  const nside = 2 ** order;
  const found = new Set<number>();
  let edge: number[] = [];
  for (let i = 0; i < cells.length; i++) {
    if (!found.has(cells[i])) edge.push(cells[i]);
    found.add(cells[i]);
  }
  for (let ring = 0; ring < rings && edge.length > 0; ring++) {
    const next: number[] = [];
    for (const cell of edge) {
      const place = faceXYFromNested(cell, order);
      for (const [dx, dy] of NEIGHBOUR_STEPS) {
        const beside = stepFrom(place, nside, dx, dy);
        if (beside === undefined) continue;
        const nested = nestedFromFaceXY(beside, order);
        if (found.has(nested)) continue;
        found.add(nested);
        next.push(nested);
      }
      if (found.size > MAX_DILATED_CELLS) {
        throw inputError(
          `widening by ${rings} rings at order ${order} gives more than ${MAX_DILATED_CELLS} cells`,
        );
      }
    }
    edge = next;
  }
  return Float64Array.from(found).sort();
}
