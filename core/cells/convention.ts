/**
 * The two readings of a geodetic (WGS84) latitude on the sphere of HEALPix. `authalic` converts it to
 * the authalic latitude first, so that cells have equal areas on the ellipsoid. `geodetic` takes the
 * number as if the Earth were a sphere, as older tools do. The two put a point up to 0.1283 degrees
 * (14.3 km) apart.
 */
export type LatitudeConvention = "authalic" | "geodetic";

/** The deepest order: ids fit 64 bits, ix and iy 29 bits each. */
export const MAX_ORDER = 29;

/** The deepest order at which every nested id is an exact Number (12 * 4^24 < 2^53). */
export const MAX_NUMBER_ORDER = 24;

/** Throws RangeError unless `order` is an integer from 0 to `max`. */
export function checkOrder(order: number, max: number = MAX_ORDER): void {
  if (!Number.isInteger(order) || order < 0 || order > max) {
    throw new RangeError(`order ${order} is not a HEALPix order (wanted an integer from 0 to ${max})`);
  }
}
