/**
 * exp, log and pow of plain arithmetic, so that results do not depend on the engine's or the system's
 * libm (whose last bits differ between processors). Double-doubles carry some 100 bits, which round to
 * within one ulp and nearly always to the nearest.
 */
import { add, divide, high, low, multiply, twoSum } from "./double_double.ts";

/** ln 2 as the sum of two doubles. */
const LN2_HIGH = 0.6931471805599453;
const LN2_LOW = 2.3190468138462996e-17;
const BITS = new DataView(new ArrayBuffer(8));

/** 2^n for -1022 <= n <= 1023. */
function powerOfTwo(n: number): number {
  BITS.setUint32(0, (n + 1023) << 20);
  BITS.setUint32(4, 0);
  return BITS.getFloat64(0);
}

/** exp(x + xLow), |xLow| tiny, rounded to a double. */
function exponentialOf(x: number, xLow: number): number {
  if (x !== x) return NaN;
  if (x > 709.79) return Infinity;
  if (x < -745.2) return 0;
  const k = Math.round(x / LN2_HIGH);
  multiply(k, 0, LN2_HIGH, LN2_LOW);
  add(x, xLow, -high, -low);
  // exp(r) = exp(r / 64)^64: with |r| / 64 < 0.0055 ten terms reach past 100 bits.
  let r = high / 64;
  let rLow = low / 64;
  let sum = 1;
  let sumLow = 0;
  for (let n = 11; n >= 1; n--) {
    multiply(sum, sumLow, r, rLow);
    divide(high, low, n, 0);
    add(1, 0, high, low);
    sum = high;
    sumLow = low;
  }
  r = sum;
  rLow = sumLow;
  for (let n = 0; n < 6; n++) {
    multiply(r, rLow, r, rLow);
    r = high;
    rLow = low;
  }
  // In two steps, so that neither factor leaves the range and a subnormal is rounded once.
  const half = Math.trunc(k / 2);
  return (r * powerOfTwo(half)) * powerOfTwo(k - half);
}

/** log of a positive finite x as a double-double in `high` and `low`. */
function logarithmOf(x: number): void {
  let exponent = 0;
  let mantissa = x;
  if (mantissa < 2.2250738585072014e-308) {
    mantissa *= 18014398509481984; // 2^54
    exponent = -54;
  }
  BITS.setFloat64(0, mantissa);
  const top = BITS.getUint32(0);
  exponent += (top >>> 20) - 1023;
  BITS.setUint32(0, (top & 0xfffff) | 0x3ff00000);
  mantissa = BITS.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  // log m = 2 atanh(s), s = (m - 1) / (m + 1), |s| < 0.1716: 23 odd terms reach 2^-110.
  twoSum(mantissa, 1);
  divide(mantissa - 1, 0, high, low);
  const s = high;
  const sLow = low;
  multiply(s, sLow, s, sLow);
  const square = high;
  const squareLow = low;
  let sum = 0;
  let sumLow = 0;
  for (let n = 45; n >= 1; n -= 2) {
    multiply(sum, sumLow, square, squareLow);
    const term = high;
    const termLow = low;
    divide(1, 0, n, 0);
    add(high, low, term, termLow);
    sum = high;
    sumLow = low;
  }
  multiply(sum, sumLow, 2 * s, 2 * sLow);
  const tail = high;
  const tailLow = low;
  multiply(exponent, 0, LN2_HIGH, LN2_LOW);
  add(high, low, tail, tailLow);
}

/** e^x. */
export function exponential(x: number): number {
  return exponentialOf(x, 0);
}

/** The natural logarithm: NaN below 0, -Infinity at 0. */
export function logarithm(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return Infinity;
  logarithmOf(x);
  return high;
}

/** Whole exponents up to here are products, by squaring; beyond it, exp and log serve. */
const PRODUCT_LIMIT = 64;

/** a^b as C's pow: products for small whole b, a square root for 0.5, else exp(b log a). */
export function power(a: number, b: number): number {
  if (b === 2) return a * a;
  if (b === 1) return a;
  if (b === -1) return 1 / a;
  if (b === 0 || a === 1) return 1;
  if (b !== b || a !== a) return NaN;
  if (b === 0.5 && a !== -Infinity) return Math.sqrt(a) + 0;
  if (a === -1 && !Number.isFinite(b)) return 1;
  const whole = Math.floor(b) === b;
  if (whole && Math.abs(b) <= PRODUCT_LIMIT && a !== 0 && Number.isFinite(a)) return wholePower(a, b);
  if (a === 0 || !Number.isFinite(a) || !Number.isFinite(b)) return Math.pow(a, b); // exact by the standard
  if (a < 0 && !whole) return NaN;
  const odd = whole && Math.abs(b) < 9007199254740992 && b % 2 !== 0;
  logarithmOf(Math.abs(a));
  if (Math.abs(high * b) > 800) return magnitude(high * b > 0 ? Infinity : 0, a < 0 && odd);
  multiply(high, low, b, 0);
  return magnitude(exponentialOf(high, low), a < 0 && odd);
}

function magnitude(value: number, negative: boolean): number {
  return negative ? -value : value;
}

/** a^n by squaring in double-double, so that the last bit is nearly always the nearest. */
function wholePower(a: number, n: number): number {
  let result = 1;
  let resultLow = 0;
  let base = a;
  let baseLow = 0;
  for (let rest = Math.abs(n); rest > 0; rest >>>= 1) {
    if (rest & 1) {
      multiply(result, resultLow, base, baseLow);
      result = high;
      resultLow = low;
    }
    if (rest > 1) {
      multiply(base, baseLow, base, baseLow);
      base = high;
      baseLow = low;
    }
  }
  if (!Number.isFinite(result)) return plainPower(a, n);
  if (n > 0) return result;
  if (result === 0) return plainPower(a, n);
  divide(1, 0, result, resultLow);
  return Number.isFinite(high) ? high : 1 / result;
}

/** The same product in doubles, for what overflows the exact splitting. */
function plainPower(a: number, n: number): number {
  let result = 1;
  for (let i = Math.abs(n); i > 0; i--) result *= a;
  return n < 0 ? 1 / result : result;
}
