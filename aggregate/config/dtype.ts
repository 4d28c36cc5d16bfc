/** What fits an array's element type. */
import type { ArrayDtype } from "../../core/zarr/element.ts";

/** The least and greatest integers of a type; undefined for floats. */
export function integerRange(dtype: ArrayDtype): readonly [bigint, bigint] | undefined {
  const match = /^(u?)int(\d+)$/.exec(dtype);
  if (!match) return undefined;
  const bits = BigInt(match[2]);
  return match[1] === "u" ? [0n, (1n << bits) - 1n] : [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
}

/** Why `value` cannot be an element of `dtype`; undefined if it can. NaN is null. */
export function misfit(value: number | null, dtype: ArrayDtype): string | undefined {
  const range = integerRange(dtype);
  if (range === undefined) {
    if (value === null) return undefined;
    if (!Number.isFinite(value)) return "must be finite or NaN";
    if (dtype === "float32" && !Number.isFinite(Math.fround(value))) return "is beyond float32";
    return undefined;
  }
  if (value === null) return `NaN does not exist in ${dtype} (wanted a whole number)`;
  if (!Number.isInteger(value)) return `must be a whole number for ${dtype}`;
  if (!Number.isSafeInteger(value)) return "is beyond 2^53, where numbers lose their last digits";
  const [least, greatest] = range;
  if (BigInt(value) < least || BigInt(value) > greatest) {
    return `is outside of ${dtype} (${least} to ${greatest})`;
  }
  return undefined;
}
