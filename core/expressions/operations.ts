/**
 * The operations on single values: what each name computes, in IEEE arithmetic that gives the same bits
 * on every engine and processor (+ - * / and sqrt are exact by the standard; the rest is built of them).
 */
import { exponential, logarithm, power } from "./elementary.ts";
import { arccos, arcsin, arctan, arctan2, cos, sin, tan } from "./trigonometry.ts";

type UnaryOperation = (x: number) => number;
type BinaryOperation = (a: number, b: number) => number;

/** What signs mean, by numpy's names of the operations. */
export const ARITHMETIC: Readonly<Record<string, string>> = {
  "+": "add",
  "-": "subtract",
  "*": "multiply",
  "/": "divide",
  "%": "remainder",
  "**": "power",
};
export const COMPARISONS: Readonly<Record<string, string>> = {
  "==": "equal",
  "!=": "not_equal",
  "<": "less",
  "<=": "less_equal",
  ">": "greater",
  ">=": "greater_equal",
};

/** Operations of one argument, by numpy's name. */
export const UNARY: Readonly<Record<string, UnaryOperation>> = {
  negative: (x) => -x,
  sqrt: Math.sqrt,
  square: (x) => x * x,
  reciprocal: (x) => 1 / x,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  rint: roundHalfEven,
  exp: exponential,
  log: logarithm,
  log10: (x) => logarithm(x) / Math.LN10,
  log2: (x) => logarithm(x) / Math.LN2,
  sin,
  cos,
  tan,
  arcsin,
  arccos,
  arctan,
  radians: (x) => x * (Math.PI / 180),
  degrees: (x) => x * (180 / Math.PI),
  isfinite: (x) => (Number.isFinite(x) ? 1 : 0),
  isnan: (x) => (x !== x ? 1 : 0),
  invert: (x) => 1 - x,
};

/** Operations of two arguments, by numpy's name. */
export const BINARY: Readonly<Record<string, BinaryOperation>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  remainder: floorRemainder,
  power,
  minimum: Math.min,
  maximum: Math.max,
  arctan2,
  hypot,
  equal: (a, b) => (a === b ? 1 : 0),
  not_equal: (a, b) => (a !== b ? 1 : 0),
  less: (a, b) => (a < b ? 1 : 0),
  less_equal: (a, b) => (a <= b ? 1 : 0),
  greater: (a, b) => (a > b ? 1 : 0),
  greater_equal: (a, b) => (a >= b ? 1 : 0),
  logical_and: (a, b) => (a !== 0 && b !== 0 ? 1 : 0),
  logical_or: (a, b) => (a !== 0 || b !== 0 ? 1 : 0),
  logical_xor: (a, b) => ((a !== 0) !== (b !== 0) ? 1 : 0),
};

/** The length of (a, b), scaled where squares would overflow or vanish. Infinite if either is. */
function hypot(a: number, b: number): number {
  const largest = Math.max(Math.abs(a), Math.abs(b));
  if (Math.abs(a) === Infinity || Math.abs(b) === Infinity) return Infinity;
  if ((largest > 1e-140 && largest < 1e140) || !(largest > 0)) return Math.sqrt(a * a + b * b);
  const scale = largest > 1 ? 1e-160 : 1e160;
  const [x, y] = [a * scale, b * scale];
  return Math.sqrt(x * x + y * y) / scale;
}

/** Half to even, as np.rint. Keeps the sign of zero. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const fraction = x - floor;
  if (!(fraction > 0)) return x;
  if (fraction < 0.5) return x < 0 || floor !== 0 ? floor : 0;
  if (fraction > 0.5) return floor + 1 === 0 ? -0 : floor + 1;
  const even = floor % 2 === 0 ? floor : floor + 1;
  return even === 0 && x < 0 ? -0 : even;
}

/** np.remainder: the sign of the divisor, as Python's `%`. */
export function floorRemainder(a: number, b: number): number {
  const rest = a % b;
  if (rest !== 0) return (b < 0) !== (rest < 0) ? rest + b : rest;
  return b < 0 ? -0 : rest === 0 ? 0 : rest;
}
