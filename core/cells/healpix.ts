/** Points to nested ids, parents and children. Numbers serve orders 0 to 24, BigInts all orders. */
import { checkOrder, type LatitudeConvention, MAX_ORDER } from "./convention.ts";
import { checkNested, faceXYOf, nestedBigFromFaceXY, nestedFromFaceXY } from "./face_xy.ts";

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

/** As {@linkcode nestedOf}, for orders 0 to 29. */
export function nestedBigOf(
  longitude: number,
  latitude: number,
  order: number,
  convention: LatitudeConvention,
): bigint {
  return nestedBigFromFaceXY(faceXYOf(longitude, latitude, order, convention), order);
}

/** The cell at `toOrder` that holds the cell `nested` of `order`. */
export function parentAt<T extends number | bigint>(nested: T, order: number, toOrder: number): T;
export function parentAt(nested: number | bigint, order: number, toOrder: number): number | bigint {
  checkNested(nested, order);
  checkOrder(toOrder, order);
  const levels = order - toOrder;
  return typeof nested === "bigint" ? nested >> BigInt(2 * levels) : Math.floor(nested / 4 ** levels);
}

/**
 * The cells at `toOrder` inside the cell `nested` of `order`: `first` and how many, `count`; their ids
 * are consecutive. As Numbers, `toOrder` may be at most 24.
 */
export function childRange<T extends number | bigint>(
  nested: T,
  order: number,
  toOrder: number,
): { first: T; count: T };
export function childRange(
  nested: number | bigint,
  order: number,
  toOrder: number,
): { first: number | bigint; count: number | bigint } {
  checkNested(nested, order);
  if (!(toOrder >= order)) {
    throw new RangeError(`order ${toOrder} is above order ${order}: it has no children`);
  }
  if (typeof nested === "bigint") {
    checkOrder(toOrder, MAX_ORDER);
    const shift = BigInt(2 * (toOrder - order));
    return { first: nested << shift, count: 1n << shift };
  }
  checkOrder(toOrder, 24);
  const count = 4 ** (toOrder - order);
  return { first: nested * count, count };
}
