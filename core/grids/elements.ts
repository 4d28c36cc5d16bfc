/** Stored elements as a grid's: which type holds them, and the one mark that means "no value". */
import { GranaryError } from "../errors.ts";
import type { Hdf5Values } from "../hdf5/contract.ts";
import type { Packing } from "../hdf5/packing.ts";
import { toFloat64, withSign } from "../hdf5/values.ts";
import type { GridDtype, GridValues } from "../raster/grid.ts";

/** How elements become a grid's. */
export interface ElementRule {
  readonly dtype: GridDtype;
  readonly nodata: number | null;
  /** Other marks of "no value" that the file has; they are read as `nodata`. */
  readonly otherFills: readonly number[];
  /** The type that stored elements have under `_Unsigned`, in numpy's spelling. */
  readonly stored: string;
}

/** numpy's names by kind and size; floats of two bytes are read as float32. */
const DTYPES: Readonly<Record<string, GridDtype>> = {
  i1: "int8",
  u1: "uint8",
  i2: "int16",
  u2: "uint16",
  i4: "int32",
  u4: "uint32",
  f2: "float32",
  f4: "float32",
  f8: "float64",
};

/** The grid type of a stored one; undefined for integers of 64 bits and for what is no number. */
export function gridDtype(stored: string): GridDtype | undefined {
  return DTYPES[stored.slice(1)];
}

/** Whether elements are integers of 64 bits. */
export function isLongInteger(stored: string): boolean {
  return /^[<>|][iu]8$/.test(stored);
}

/** The rule of a variable whose elements become `dtype`. */
export function elementRule(packing: Packing, dtype: GridDtype): ElementRule {
  const [nodata = null, ...others] = packing.fills.map(Number);
  return { dtype, nodata, otherFills: others.filter((fill) => !Number.isNaN(fill)), stored: packing.dtype };
}

/** The rule of 64-bit integers that are read as `dtype`; `fills` all become `nodata`. */
export function longRule(
  dtype: "int32" | "float64",
  packing: Packing,
  fills: readonly number[],
  nodata: number | null,
): ElementRule {
  return { dtype, nodata, otherFills: fills.filter((fill) => fill !== nodata), stored: packing.dtype };
}

/** A new array of the type, all zeros. */
export function emptyValues(dtype: GridDtype, length: number): GridValues {
  switch (dtype) {
    case "int8":
      return new Int8Array(length);
    case "uint8":
      return new Uint8Array(length);
    case "int16":
      return new Int16Array(length);
    case "uint16":
      return new Uint16Array(length);
    case "int32":
      return new Int32Array(length);
    case "uint32":
      return new Uint32Array(length);
    case "float32":
      return new Float32Array(length);
    case "float64":
      return new Float64Array(length);
  }
}

/**
 * Elements as the reader gives them, as the grid's. The same memory where the type stays. Throws a granule
 * error that names `what` where an integer of 64 bits does not fit.
 */
export function gridElements(raw: Hdf5Values, rule: ElementRule, what: string): GridValues {
  const signed = withSign(raw, rule.stored);
  if (signed instanceof BigInt64Array || signed instanceof BigUint64Array) {
    return narrowed(signed, rule, what);
  }
  const { nodata, otherFills } = rule;
  if (nodata !== null) { for (const fill of otherFills) replace(signed, fill, nodata); }
  return signed;
}

/** 64-bit integers as the rule's type. Marks of no value that it does not hold become its own. */
function narrowed(raw: BigInt64Array | BigUint64Array, rule: ElementRule, what: string): GridValues {
  const { nodata, otherFills, dtype } = rule;
  const wide = toFloat64(raw);
  const values = emptyValues(dtype, wide.length);
  for (let i = 0; i < wide.length; i++) {
    const value = nodata !== null && otherFills.includes(wide[i]) ? nodata : wide[i];
    values[i] = value;
    if (value !== nodata && (values[i] !== value || !(Math.abs(value) <= Number.MAX_SAFE_INTEGER))) {
      throw new GranaryError(
        "granule",
        `${what} holds the integer ${raw[i]}, which no ${dtype} holds exactly (convert the variable first)`,
      );
    }
  }
  return values;
}

function replace(values: GridValues, from: number, to: number): void {
  for (let i = 0; i < values.length; i++) if (values[i] === from) values[i] = to;
}
