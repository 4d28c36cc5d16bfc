/** What fits an array's element type. */
import { type ArrayDtype, integerRange } from "../../core/zarr/element.ts";

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
