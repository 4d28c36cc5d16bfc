/** Points to nested ids, parents and children. Numbers serve orders 0 to 24, BigInts all orders. */
import { checkOrder, type LatitudeConvention } from "./convention.ts";
import { checkNested, faceXYOf, nestedFromFaceXY } from "./face_xy.ts";

/**
 * Nested id at `order` (0 to 24) of a point in degrees (longitude -180 to 360).
 *
 * @throws RangeError for coordinates or orders out of range.
 */
export function nestedOf(
  longitude: number,
  latitude: number,
  order: number,
  convention: LatitudeConvention,
): number {
  return nestedFromFaceXY(faceXYOf(longitude, latitude, order, convention), order);
}

/** The cell at `toOrder` that holds the cell `nested` of `order`. */
export function parentAt<T extends number | bigint>(nested: T, order: number, toOrder: number): T;
export function parentAt(nested: number | bigint, order: number, toOrder: number): number | bigint {
  checkNested(nested, order);
  checkOrder(toOrder, order);
  const levels = order - toOrder;
  return typeof nested === "bigint" ? nested >> BigInt(2 * levels) : Math.floor(nested / 4 ** levels);
}
