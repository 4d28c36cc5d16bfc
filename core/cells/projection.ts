/**
 * The kernel of cell assignment: longitude and latitude in degrees to base cell (face) and the integer
 * coordinates of the cell in it, at any order from 0 to 29. Plain arithmetic only, so that a point
 * falls into the same cell on every engine and processor.
 *
 * Method: the HEALPix projection (Gorski et al. 2005, ApJ 622, 759). In the equatorial belt a point is
 * placed by its longitude and y = 3/4 sin(latitude), in the polar caps by s = sqrt(3 (1 - |sin|)).
 * Both are odd functions of an angle that is exact in degrees, the latitude and the colatitude, also
 * when sin is that of the authalic latitude of a geodetic one. So each is one odd polynomial
 * (Chebyshev interpolation with 60 digits, relative error below 2^-58, within one unit in the last
 * place as computed), and nothing is lost near the poles.
 */
import { checkOrder, type LatitudeConvention } from "./convention.ts";

interface Coefficients {
  /** The greatest latitude of the belt: the largest number with |sin| <= 2/3. */
  readonly transition: number;
  readonly belt: Float64Array;
  readonly cap: Float64Array;
}

// The first two numbers of a row sum to the leading coefficient; the first has 28 bits.
const GEODETIC: Coefficients = {
  transition: 41.810314895778596,
  belt: Float64Array.of(
    0.01308996940497309,
    -1.5015617868049128e-11,
    -6.645721167759735e-07,
    1.0122012173724412e-11,
    -7.341288646213294e-17,
    3.1059505629422805e-22,
    -8.601151330368718e-28,
    1.6795258656536725e-33,
    -2.436188542898562e-39,
    2.7092192819782566e-45,
    0,
  ),
  cap: Float64Array.of(
    0.021375830518081784,
    -1.538404932261811e-11,
    -2.713104305637419e-07,
    1.0330735414943503e-12,
    -1.8731678372614658e-18,
    1.981248449354295e-24,
    -1.3716427059061874e-30,
    6.695933684967299e-37,
    -2.42821195067993e-43,
    6.7984738055395555e-50,
    -1.510658486722288e-56,
  ),
};
const AUTHALIC: Coefficients = {
  transition: 41.937853910160140,
  belt: Float64Array.of(
    0.013031458365730941,
    1.868602850527614e-11,
    -6.438854897917631e-07,
    7.410973503102725e-12,
    9.681427248762604e-17,
    -5.5387542079254605e-21,
    1.0309543823047427e-25,
    5.086421099884393e-32,
    -5.708430650176279e-35,
    1.4765826095425743e-39,
    0,
  ),
  cap: Float64Array.of(
    0.021471743006259203,
    -3.9139025641256615e-11,
    -2.945681909774638e-07,
    3.0298630905719924e-12,
    -9.297371384064853e-17,
    2.7716966909414944e-21,
    -7.092028739702315e-26,
    1.870724757604843e-30,
    -5.238513893393537e-35,
    1.432986604496032e-39,
    -3.0368308107408193e-44,
  ),
};

/** Just below one: a point beyond the transition lies strictly in the cap. */
const BELOW_ONE = 1 - 2 ** -53;
/**
 * A point on the equator counts as just north of it. It matters at longitude 0 only, where four cells
 * meet and rounding keeps so small a height: healpy and cdshealpix take the northern one.
 */
const JUST_NORTH = 2 ** -54;

/** An odd polynomial of `v`, its leading coefficients in two parts: the error stays below one ulp. */
export function oddPolynomial(v: number, c: Float64Array): number {
  const head = Math.fround(v);
  const u = v * v;
  const tail = c[2] + u * (c[3] + u * (c[4] + u * (c[5] + u * (c[6] + u * (c[7] + u *
                          (c[8] + u * (c[9] + u * c[10])))))));
  return head * c[0] + (head * c[1] + (v - head) * (c[0] + c[1]) + v * u * tail);
}

export function coefficientsOf(convention: LatitudeConvention): Coefficients {
  return convention === "authalic" ? AUTHALIC : GEODETIC;
}

/** Cells as base cell and coordinates; `face` is -1 where there is none. */
interface FaceXYRows {
  readonly face: Int32Array;
  readonly x: Int32Array;
  readonly y: Int32Array;
}

/**
 * Places rows `begin` to `end` (exclusive) into cells at `order`; row `begin + i` goes to place i of
 * `out`. Longitudes from -180 to 360 and latitudes from -90 to 90, in degrees; rows outside, not
 * finite, or with `keep[row]` 0 get face -1.
 */
export function projectRows(
  longitude: ArrayLike<number>,
  latitude: ArrayLike<number>,
  begin: number,
  end: number,
  order: number,
  convention: LatitudeConvention,
  out: FaceXYRows,
  keep?: Uint8Array,
): void {
  checkOrder(order);
  const { transition, belt, cap } = coefficientsOf(convention);
  const { face, x, y } = out;
  const nside = 2 ** order;
  const last = nside - 1;
  // Of the magnitude before: pixels of a row of a map have one latitude.
  let known = NaN;
  let size = NaN;
  for (let row = begin, i = 0; row < end; row++, i++) {
    const lon = longitude[row];
    const lat = latitude[row];
    if (
      !(lat >= -90 && lat <= 90 && lon >= -180 && lon <= 360) || (keep !== undefined && keep[row] === 0)
    ) {
      face[i] = -1;
      continue;
    }
    // Quarter turns from 0 to below 4; what rounds up to 4 is 0.
    let quarters = lon / 90;
    if (quarters < 0) quarters += 4;
    if (quarters >= 4) quarters -= 4;
    const magnitude = Math.abs(lat);
    if (magnitude <= transition) {
      if (magnitude !== known) {
        known = magnitude;
        size = Math.min(oddPolynomial(magnitude, belt), 0.5);
      }
      const signed = lat < 0 ? -size : Math.max(size, JUST_NORTH);
      // Lines of constant `falling` run to the north-west, of `rising` to the north-east.
      const falling = quarters + 0.5 - signed;
      const rising = quarters + 0.5 + signed;
      const p = falling | 0;
      const m = rising | 0;
      face[i] = p === m ? (p & 3) | 4 : p < m ? p & 3 : (m & 3) + 8;
      x[i] = ((rising - m) * nside) | 0;
      y[i] = last - (((falling - p) * nside) | 0);
    } else {
      if (magnitude !== known) {
        known = magnitude;
        size = Math.min(oddPolynomial(90 - magnitude, cap), BELOW_ONE);
      }
      const column = quarters | 0;
      const across = quarters - column;
      const p = (across * size * nside) | 0;
      const m = ((1 - across) * size * nside) | 0;
      if (lat > 0) {
        face[i] = column;
        x[i] = last - m;
        y[i] = last - p;
      } else {
        face[i] = column + 8;
        x[i] = p;
        y[i] = m;
      }
    }
  }
}
