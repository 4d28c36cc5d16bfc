/** Stored elements as a grid's: which type holds them, and the one mark that means "no value". */
import { makeValues } from "../element_types.ts";
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
  /** Elements outside are read as `nodata`; null where all are kept. */
  readonly valid: ElementRange | null;
  /** The type that stored elements have under `_Unsigned`, in numpy's spelling. */
  readonly stored: string;
}

interface ElementRange {
  readonly least: number;
  readonly most: number;
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

/** numpy's name of a stored number's type. */
export function dtypeName(stored: string): string {
  if (isLongInteger(stored)) return stored[1] === "u" ? "uint64" : "int64";
  return stored.slice(1) === "f2" ? "float16" : gridDtype(stored) ?? stored;
}

/** Whether elements are integers of 64 bits. */
export function isLongInteger(stored: string): boolean {
  return /^[<>|][iu]8$/.test(stored);
}

/** The rule of a variable whose elements become `dtype`. */
export function elementRule(packing: Packing, dtype: GridDtype): ElementRule {
  const [nodata = null, ...others] = packing.fills.map(Number);
  return {
    dtype,
    nodata,
    otherFills: others.filter((fill) => !Number.isNaN(fill)),
    valid: null,
    stored: packing.dtype,
  };
}

const EXTREMES: Readonly<Record<GridDtype, ElementRange>> = {
  int8: { least: -128, most: 127 },
  uint8: { least: 0, most: 255 },
  int16: { least: -32768, most: 32767 },
  uint16: { least: 0, most: 65535 },
  int32: { least: -2147483648, most: 2147483647 },
  uint32: { least: 0, most: 4294967295 },
  float32: { least: -Infinity, most: Infinity },
  float64: { least: -Infinity, most: Infinity },
};

/**
 * The same rule with values outside of the stated range read as the mark of no value: a file without one gets
 * the highest element outside, else the lowest; floats get NaN. The rule itself where nothing lies outside.
 */
export function withinRange(rule: ElementRule, packing: Packing): ElementRule {
  const range = storedRange(packing, rule.dtype);
  if (range === null) return rule;
  const { least, most } = EXTREMES[rule.dtype];
  if (range.least <= least && range.most >= most) return rule;
  const isFloat = rule.dtype === "float32" || rule.dtype === "float64";
  const mark = isFloat ? NaN : range.most < most ? most : least;
  return { ...rule, nodata: rule.nodata ?? mark, valid: range };
}

/** Unpacked limits of integers may be this far from an element, in elements. */
const ROUNDING = 1e-6;

/** The stated range in stored elements. */
function storedRange({ valid, scale, offset }: Packing, dtype: GridDtype): ElementRange | null {
  if (valid === null) return null;
  if (!valid.physical) return { least: valid.min, most: valid.max };
  const ends = [(valid.min - offset) / scale, (valid.max - offset) / scale];
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  if (dtype === "float64") return { least, most };
  if (dtype === "float32") return { least: Math.fround(least), most: Math.fround(most) };
  return { least: Math.ceil(least - ROUNDING), most: Math.floor(most + ROUNDING) };
}

/** The rule of 64-bit integers that are read as `dtype`; `fills` all become `nodata`. */
export function longRule(
  dtype: "int32" | "float64",
  packing: Packing,
  fills: readonly number[],
  nodata: number | null,
): ElementRule {
  return {
    dtype,
    nodata,
    otherFills: fills.filter((fill) => fill !== nodata),
    valid: null,
    stored: packing.dtype,
  };
}

/**
 * Elements as the reader gives them, as the grid's. The same memory where the type stays. Throws a granule
 * error that names `what` where an integer of 64 bits does not fit.
 */
export function gridElements(raw: Hdf5Values, rule: ElementRule, what: string): GridValues {
  const signed = withSign(raw, rule.stored);
  if (signed instanceof BigInt64Array || signed instanceof BigUint64Array) {
    const values = narrowed(signed, rule, what);
    if (rule.valid !== null && rule.nodata !== null) hideOutside(values, rule.valid, rule.nodata);
    return values;
  }
  const { nodata, otherFills } = rule;
  if (nodata !== null) {
    for (const fill of otherFills) replace(signed, fill, nodata);
    if (rule.valid !== null) hideOutside(signed, rule.valid, nodata);
  }
  return signed;
}

/** Whether a grid's elements are the stored ones, bit by bit. */
export function isStoredAsRead({ dtype, otherFills, valid, stored }: ElementRule): boolean {
  return otherFills.length === 0 && valid === null && gridDtype(stored) === dtype &&
    dtypeName(stored) !== "float16";
}

/** 64-bit integers as the rule's type. Marks of no value that it does not hold become its own. */
function narrowed(raw: BigInt64Array | BigUint64Array, rule: ElementRule, what: string): GridValues {
  const { nodata, otherFills, dtype } = rule;
  const wide = toFloat64(raw);
  const values = makeValues(dtype, wide.length);
  for (let i = 0; i < wide.length; i++) {
    const value = nodata !== null && otherFills.includes(wide[i]) ? nodata : wide[i];
    values[i] = value;
    const holds = values[i] === value &&
      (Math.abs(value) <= Number.MAX_SAFE_INTEGER || BigInt(value) === raw[i]);
    if (value !== nodata && !holds) {
      throw new GranaryError(
        "granule",
        `${what} holds the integer ${raw[i]}, which no ${dtype} holds exactly (convert the variable first)`,
      );
    }
  }
  return values;
}

function hideOutside(values: GridValues, { least, most }: ElementRange, nodata: number): void {
  for (let i = 0; i < values.length; i++) if (values[i] < least || values[i] > most) values[i] = nodata;
}

function replace(values: GridValues, from: number, to: number): void {
  for (let i = 0; i < values.length; i++) if (values[i] === from) values[i] = to;
}
