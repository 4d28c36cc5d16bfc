/**
 * Double-double arithmetic: a number as the sum of two float64, some 106 bits (Dekker 1971; Knuth's
 * two-sum). Made of + - * / alone, so that its bits are the same everywhere. Results are left in `high`
 * and `low`: nothing is allocated.
 */

const SPLITTER = 134217729;

/** The greater part of the last result of a function of this file. */
export let high = 0;
/** The lesser part. */
export let low = 0;

/** high + low = a + b exactly, where |a| >= |b|. */
function fastTwoSum(a: number, b: number): void {
  high = a + b;
  low = b - (high - a);
}

/** high + low = a + b exactly. */
export function twoSum(a: number, b: number): void {
  const sum = a + b;
  const part = sum - a;
  low = (a - (sum - part)) + (b - part);
  high = sum;
}

/** high + low = a * b exactly, short of overflow. */
export function twoProduct(a: number, b: number): void {
  const aBig = SPLITTER * a;
  const aHigh = aBig - (aBig - a);
  const aLow = a - aHigh;
  const bBig = SPLITTER * b;
  const bHigh = bBig - (bBig - b);
  const bLow = b - bHigh;
  const product = a * b;
  low = ((aHigh * bHigh - product) + aHigh * bLow + aLow * bHigh) + aLow * bLow;
  high = product;
}

/** (a + aLow) * (b + bLow). */
export function multiply(a: number, aLow: number, b: number, bLow: number): void {
  twoProduct(a, b);
  fastTwoSum(high, low + (a * bLow + aLow * b));
}

/** (a + aLow) + (b + bLow). */
export function add(a: number, aLow: number, b: number, bLow: number): void {
  twoSum(a, b);
  fastTwoSum(high, low + (aLow + bLow));
}

/** (a + aLow) / (b + bLow). */
export function divide(a: number, aLow: number, b: number, bLow: number): void {
  const first = a / b;
  multiply(first, 0, b, bLow);
  const rest = ((a - high) - low) + aLow;
  fastTwoSum(first, rest / b);
}
