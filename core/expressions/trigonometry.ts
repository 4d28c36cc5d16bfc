/**
 * Trigonometric functions of plain arithmetic, within one ulp and with the same bits everywhere, by
 * double-doubles. Inverse functions take the engine's value, whose last bits may differ, and correct it
 * by one Newton step far past those bits.
 */
import { add, divide, high, low, multiply, twoProduct, twoSum } from "./double_double.ts";

/** pi / 2 as the sum of three doubles. */
const HALF_PI = [1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33] as const;
/** Angles beyond have neighbours more than a radian apart: they have no sine. */
const LARGEST_ANGLE = 2 ** 53;
/** Terms of the series on [-pi/4, pi/4]: past 2^-80. */
const LAST_TERM = 23;

let sine = 0;
let sineLow = 0;
let cosine = 0;
let cosineLow = 0;

/** Sets sine and cosine of a finite angle, each as two doubles. */
function sineAndCosine(x: number): void {
  const k = Math.round(x / HALF_PI[0]);
  twoProduct(k, HALF_PI[0]);
  const [product, productLow] = [high, low];
  twoSum(x, -product);
  add(high, low, -productLow, 0);
  const [rest, restLow] = [high, low];
  twoProduct(k, HALF_PI[1]);
  add(rest, restLow, -high, -low);
  add(high, low, -k * HALF_PI[2], 0);
  const [r, rLow] = [high, low];
  series(r, rLow, LAST_TERM);
  multiply(high, low, r, rLow);
  const [s, sLow] = [high, low];
  series(r, rLow, LAST_TERM - 1);
  const [c, cLow] = [high, low];
  switch (((k % 4) + 4) % 4) {
    case 0:
      [sine, sineLow, cosine, cosineLow] = [s, sLow, c, cLow];
      return;
    case 1:
      [sine, sineLow, cosine, cosineLow] = [c, cLow, -s, -sLow];
      return;
    case 2:
      [sine, sineLow, cosine, cosineLow] = [-s, -sLow, -c, -cLow];
      return;
    default:
      [sine, sineLow, cosine, cosineLow] = [-c, -cLow, s, sLow];
  }
}

/** 1 - r^2 / (n (n - 1)) (1 - …), n from `last` down by twos: sin(r) / r where it is odd, else cos(r). */
function series(r: number, rLow: number, last: number): void {
  multiply(r, rLow, r, rLow);
  const [square, squareLow] = [high, low];
  let sum = 1;
  let sumLow = 0;
  for (let n = last; n > 1; n -= 2) {
    multiply(sum, sumLow, square, squareLow);
    divide(high, low, -n * (n - 1), 0);
    add(1, 0, high, low);
    sum = high;
    sumLow = low;
  }
  add(sum, sumLow, 0, 0);
}

/** Sine of radians; NaN past 2^53 and for what is not finite. */
export function sin(x: number): number {
  if (!(Math.abs(x) <= LARGEST_ANGLE)) return NaN;
  if (x === 0) return x;
  sineAndCosine(x);
  return sine;
}

/** Cosine of radians; NaN past 2^53 and for what is not finite. */
export function cos(x: number): number {
  if (!(Math.abs(x) <= LARGEST_ANGLE)) return NaN;
  sineAndCosine(x);
  return cosine;
}

/** Tangent of radians; NaN past 2^53 and for what is not finite. */
export function tan(x: number): number {
  if (!(Math.abs(x) <= LARGEST_ANGLE)) return NaN;
  if (x === 0) return x;
  sineAndCosine(x);
  divide(sine, sineLow, cosine, cosineLow);
  return high;
}

/** Angle whose sine is x, in radians. */
export function arcsin(x: number): number {
  const guess = Math.asin(x);
  if (!(Math.abs(x) < 1) || Math.abs(x) < 1e-9) return guess;
  sineAndCosine(guess);
  add(x, 0, -sine, -sineLow);
  divide(high, low, cosine, cosineLow);
  return guess + high;
}

/** Angle whose cosine is x, in radians, 0 to pi. */
export function arccos(x: number): number {
  const guess = Math.acos(x);
  if (!(Math.abs(x) < 1)) return guess;
  sineAndCosine(guess);
  add(cosine, cosineLow, -x, 0);
  divide(high, low, sine, sineLow);
  return guess + high;
}

/** Angle whose tangent is x, in radians. */
export function arctan(x: number): number {
  return arctan2(x, 1);
}

/** Angle of the point (x, y), in radians, -pi to pi. */
export function arctan2(y: number, x: number): number {
  const guess = Math.atan2(y, x);
  const largest = Math.max(Math.abs(x), Math.abs(y));
  if (x === 0 || y === 0 || !(largest < Infinity) || guess === 0) return guess;
  // Both within the range of exact products; what underflows does not turn the angle.
  const scale = largest > 1e100 ? 1e-200 : largest < 1e-100 ? 1e200 : 1;
  const [a, b] = [y * scale, x * scale];
  sineAndCosine(guess);
  multiply(cosine, cosineLow, a, 0);
  const [across, acrossLow] = [high, low];
  multiply(sine, sineLow, b, 0);
  add(across, acrossLow, -high, -low);
  const turn = high / Math.sqrt(a * a + b * b);
  return Number.isFinite(turn) ? guess + turn : guess;
}
