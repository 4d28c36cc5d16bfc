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
  { name, dtype }: { name: string; dtype: ArrayDtype },
  positions: ArrayLike<number>,
  values: Float64Array,
  from: number,
  end: number,
  shift: number,
  nameCell: (index: number) => string,
): void {
  const range = integerRange(dtype);
  const placed = target instanceof Float32Array
    ? placeSingles(target, positions, values, from, end, shift)
    : target instanceof Float64Array
    ? placeDoubles(target, positions, values, from, end, shift)
    : target instanceof BigInt64Array || target instanceof BigUint64Array
    ? placeLongs(target, range!, positions, values, from, end, shift)
    : placeIntegers(target, range!, positions, values, from, end, shift);
  if (placed === end) return;
  throw inputError(
    `variable ${name}, cell ${nameCell(placed)}: the value ${values[placed]} does not fit ${dtype}` +
      ` (${range === undefined ? "up to 3.4028235e38" : `${range[0]} to ${range[1]}`});` +
      ` give the variable a wider dtype`,
  );
}

// One loop an array type, in a function of its own: a shared one would be slow for all of them. Each returns the index of
// the first value that does not fit, or `end`.

function placeSingles(
  target: Float32Array,
  positions: ArrayLike<number>,
  values: Float64Array,
  from: number,
  end: number,
  shift: number,
): number {
  for (let i = from; i < end; i++) {
    const value = values[i];
    if (value !== value) continue;
    const held = Math.fround(value);
    if (held - held !== 0 && value - value === 0) return i;
    target[positions[i] + shift] = value;
  }
  return end;
}

function placeDoubles(
  target: Float64Array,
  positions: ArrayLike<number>,
  values: Float64Array,
  from: number,
  end: number,
  shift: number,
): number {
  for (let i = from; i < end; i++) {
    const value = values[i];
    if (value === value) target[positions[i] + shift] = value;
  }
  return end;
}

function placeIntegers(
  target: Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array,
  range: readonly [bigint, bigint],
  positions: ArrayLike<number>,
  values: Float64Array,
  from: number,
  end: number,
  shift: number,
): number {
  const least = Number(range[0]), most = Number(range[1]);
  for (let i = from; i < end; i++) {
    const value = values[i];
    if (value !== value) continue;
    const whole = Math.trunc(value);
    if (!(whole >= least && whole <= most)) return i;
    target[positions[i] + shift] = whole;
  }
  return end;
}

function placeLongs(
  target: BigInt64Array | BigUint64Array,
  range: readonly [bigint, bigint],
  positions: ArrayLike<number>,
  values: Float64Array,
  from: number,
  end: number,
  shift: number,
): number {
  // 2^64 - 1 rounds up to 2^64 as a number, so the end of the range is compared exclusively.
  const least = Number(range[0]), beyond = Number(range[1] + 1n);
  for (let i = from; i < end; i++) {
    const value = values[i];
    if (value !== value) continue;
    const whole = Math.trunc(value);
    if (!(whole >= least && whole < beyond)) return i;
    target[positions[i] + shift] = BigInt(whole);
  }
  return end;
}
