/** Element types of arrays: their typed arrays, their fill values, and how numbers become elements. */
import type { ElementValues, NumberDtype } from "../element_types.ts";
import { inputError } from "../errors.ts";

/** The element types of Zarr arrays that granary writes. */
export type ArrayDtype = NumberDtype | "int64" | "uint64";

/** A typed array of any element type that the store writes. */
export type Elements = ElementValues;

interface ElementType {
  bytes: number;
  make: (length: number) => Elements;
  /** Inclusive range of integers; absent for floats. */
  range?: readonly [bigint, bigint];
}

const TYPES: Readonly<Record<ArrayDtype, ElementType>> = {
  int8: { bytes: 1, make: (n) => new Int8Array(n), range: [-(2n ** 7n), 2n ** 7n - 1n] },
  uint8: { bytes: 1, make: (n) => new Uint8Array(n), range: [0n, 2n ** 8n - 1n] },
  int16: { bytes: 2, make: (n) => new Int16Array(n), range: [-(2n ** 15n), 2n ** 15n - 1n] },
  uint16: { bytes: 2, make: (n) => new Uint16Array(n), range: [0n, 2n ** 16n - 1n] },
  int32: { bytes: 4, make: (n) => new Int32Array(n), range: [-(2n ** 31n), 2n ** 31n - 1n] },
  uint32: { bytes: 4, make: (n) => new Uint32Array(n), range: [0n, 2n ** 32n - 1n] },
  int64: { bytes: 8, make: (n) => new BigInt64Array(n), range: [-(2n ** 63n), 2n ** 63n - 1n] },
  uint64: { bytes: 8, make: (n) => new BigUint64Array(n), range: [0n, 2n ** 64n - 1n] },
  float32: { bytes: 4, make: (n) => new Float32Array(n) },
  float64: { bytes: 8, make: (n) => new Float64Array(n) },
};

/** All element types. */
export const ARRAY_DTYPES = Object.keys(TYPES) as readonly ArrayDtype[];

/** The least and greatest integers of a type; undefined for floats. */
export function integerRange(dtype: ArrayDtype): readonly [bigint, bigint] | undefined {
  return TYPES[dtype].range;
}

/** Elements of zero. */
export function makeElements(dtype: ArrayDtype, length: number): Elements {
  return TYPES[dtype].make(length);
}

/**
 * The fill value as an element: a number, or a bigint for 64-bit integers. null is NaN, which only
 * floats have. Throws an input error when the value does not fit the element type.
 */
export function fillElement(
  name: string,
  dtype: ArrayDtype,
  fill: number | string | null,
): number | bigint {
  const range = integerRange(dtype);
  if (range === undefined) {
    const value = fill === null ? NaN : Number(fill);
    return dtype === "float32" ? Math.fround(value) + 0 : value + 0; // + 0 turns -0 into 0
  }
  const wanted = `wanted an integer from ${range[0]} to ${range[1]}`;
  if (fill === null) throw inputError(`variable ${name}: ${dtype} has no NaN for a fill value; ${wanted}`);
  let value: bigint;
  try {
    value = BigInt(fill);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
    throw inputError(`variable ${name}: fill value ${fill} is not an integer of ${dtype}; ${wanted}`);
  }
  if (value < range[0] || value > range[1]) {
    throw inputError(`variable ${name}: fill value ${fill} does not fit ${dtype}; ${wanted}`);
  }
  return dtype === "int64" || dtype === "uint64" ? value : Number(value);
}

/**
 * Fill value of an array as zarr.json states it (Zarr v3 core, "Fill value"): integers as digits, the
 * values that JSON has no word for as strings. A bigint past 2^53 stays a bigint, for {@linkcode stringifyJson}.
 */
export function fillValueJson(fill: number | bigint): number | bigint | string {
  if (typeof fill === "bigint") return fill;
  if (Number.isNaN(fill)) return "NaN";
  if (fill === Infinity) return "Infinity";
  if (fill === -Infinity) return "-Infinity";
  return fill;
}

/**
 * Writes `values[i]` to `target[positions[i] + shift]` for i in [from, end). NaN leaves the element as
 * it is, the fill value. Integers are truncated as numpy's astype does; a number that does not fit the
 * element type is an input error that names its cell by `nameCell(i)`, never a wrapped or an infinite one.
 */
export function scatterElements(
  target: Elements,
  variable: { name: string; dtype: ArrayDtype },
  positions: ArrayLike<number>,
  values: Float64Array,
  from: number,
  end: number,
  shift: number,
  nameCell: (index: number) => string,
): void {
  const refuse = (i: number, range: string): never => {
    throw inputError(
      `variable ${variable.name}, cell ${nameCell(i)}: the value ${
        values[i]
      } does not fit ${variable.dtype}` +
        ` (${range}); give the variable a wider dtype`,
    );
  };
  // One loop an array type: a shared one would be slow for all of them.
  if (target instanceof Float32Array) {
    for (let i = from; i < end; i++) {
      const value = values[i];
      if (value !== value) continue;
      const held = Math.fround(value);
      if (held - held !== 0 && value - value === 0) refuse(i, "up to 3.4028235e38");
      target[positions[i] + shift] = value;
    }
    return;
  }
  if (target instanceof Float64Array) {
    for (let i = from; i < end; i++) {
      const value = values[i];
      if (value === value) target[positions[i] + shift] = value;
    }
    return;
  }
  const [lowest, highest] = integerRange(variable.dtype)!;
  // 2^64 - 1 rounds up to 2^64 as a number, so the end of the range is compared exclusively.
  const least = Number(lowest), beyond = Number(highest + 1n);
  const big = target instanceof BigInt64Array || target instanceof BigUint64Array;
  for (let i = from; i < end; i++) {
    const value = values[i];
    if (value !== value) continue;
    const whole = Math.trunc(value);
    if (!(whole >= least && whole < beyond)) refuse(i, `${lowest} to ${highest}`);
    if (big) target[positions[i] + shift] = BigInt(whole);
    else target[positions[i] + shift] = whole;
  }
}
