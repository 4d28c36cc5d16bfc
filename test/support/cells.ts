/** Cells as tests ask for them: of one point, of a shape, of a track. */
import type { LatitudeConvention } from "../../core/cells/convention.ts";
import { coverageIds, coverMixed } from "../../core/cells/coverage.ts";
import { faceXYOf, nestedBigFromFaceXY } from "../../core/cells/face_xy.ts";
import type { Shape } from "../../core/cells/shape.ts";

/** The nested id of a point in degrees, orders 0 to 29. */
export function nestedBigOf(
  longitude: number,
  latitude: number,
  order: number,
  convention: LatitudeConvention,
): bigint {
  return nestedBigFromFaceXY(faceXYOf(longitude, latitude, order, convention), order);
}

/** Nested ids, ascending, of all cells of `order` that the shape touches. */
export function coverShape(shape: Shape, order: number): BigUint64Array {
  return coverageIds(coverMixed(shape, order));
}

/** The cells that hold a point of a track, distinct and ascending. */
export function coverTrack(
  longitude: Float64Array,
  latitude: Float64Array,
  order: number,
  convention: LatitudeConvention,
): BigUint64Array {
  const cells = new Set<bigint>();
  longitude.forEach((lon, i) => cells.add(nestedBigOf(lon, latitude[i], order, convention)));
  return BigUint64Array.from(cells).sort();
}
