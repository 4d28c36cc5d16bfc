/** Raw elements of a dataset as values: fill becomes NaN, packed integers become physical numbers. */
import type { Values } from "../values.ts";
import type { Hdf5Scalar, Hdf5Values } from "./contract.ts";

/** What a dataset's attributes say of its elements (CF conventions 2.5.1 and 8.1). */
export interface Packing {
  /** `_FillValue` and `missing_value`, in the elements' own type. */
  readonly fills: readonly (number | bigint)[];
  readonly scale: number;
  readonly offset: number;
}

/** The packing of a dataset with these attributes, whose elements have this numpy type. */
export function packingOf(
  attributes: Readonly<Record<string, Hdf5Scalar | Hdf5Scalar[]>>,
  dtype: string,
): Packing {
  const fills = new Set<number | bigint>();
  for (const name of ["_FillValue", "missing_value"]) {
    const attribute = attributes[name];
    for (const value of Array.isArray(attribute) ? attribute : [attribute]) {
      const fill = inElementType(value, dtype);
      if (fill !== undefined) fills.add(fill);
    }
  }
  return {
    fills: [...fills],
    scale: firstNumber(attributes.scale_factor) ?? 1,
    offset: firstNumber(attributes.add_offset) ?? 0,
  };
}

/** The first number of an attribute, if it has one. */
export function firstNumber(attribute: Hdf5Scalar | Hdf5Scalar[] | undefined): number | undefined {
  const value = Array.isArray(attribute) ? attribute[0] : attribute;
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" ? value : undefined;
}

/**
 * `raw` as values: NaN where fill, then `value * scale + offset`. float32 stays float32 and integers of 8
 * and 16 bits become float32, which holds them exactly; others, and all that is scaled, become float64
 * (integers past 2^53 round). A float array is changed in place and returned where its type stays.
 */
export function toValues(raw: Hdf5Values, packing: Packing): Values {
  const packed = packing.scale !== 1 || packing.offset !== 0;
  const values = raw instanceof Float64Array || (raw instanceof Float32Array && !packed)
    ? raw
    : !packed && raw.BYTES_PER_ELEMENT <= 2
    ? Float32Array.from(raw as Int16Array)
    : toFloat64(raw);
  for (const fill of packing.fills) eraseFill(values, raw, fill);
  if (packed) {
    const { scale, offset } = packing;
    for (let i = 0; i < values.length; i += 1) values[i] = values[i] * scale + offset;
  }
  return values;
}

/** As {@linkcode toValues}, always float64: coordinates. */
export function toCoordinate(raw: Hdf5Values, packing: Packing): Float64Array {
  const values = toValues(raw, packing);
  return values instanceof Float64Array ? values : Float64Array.from(values);
}

/** Elements as float64; 64-bit integers are put together from halves, without a bigint each. */
export function toFloat64(raw: Hdf5Values): Float64Array {
  if (raw instanceof Float64Array) return raw;
  const values = new Float64Array(raw.length);
  if (raw instanceof BigInt64Array || raw instanceof BigUint64Array) {
    const words = new Uint32Array(raw.buffer, raw.byteOffset, raw.length * 2);
    const signed = raw instanceof BigInt64Array;
    for (let i = 0; i < values.length; i += 1) {
      const high = words[2 * i + 1];
      values[i] = (signed ? high | 0 : high) * 4294967296 + words[2 * i];
    }
    return values;
  }
  values.set(raw);
  return values;
}

function eraseFill(values: Values, raw: Hdf5Values, fill: number | bigint): void {
  if (typeof fill === "number" && Number.isNaN(fill)) return;
  if (typeof fill === "bigint") {
    // A float64 may round a neighbour onto the fill, so the integers themselves are compared.
    const integers = raw as BigInt64Array;
    for (let i = 0; i < values.length; i += 1) if (integers[i] === fill) values[i] = NaN;
    return;
  }
  const elements = raw as Float64Array;
  for (let i = 0; i < values.length; i += 1) if (elements[i] === fill) values[i] = NaN;
}

/** A fill value as an element of `dtype` would hold it; undefined where no element can equal it. */
function inElementType(value: Hdf5Scalar | undefined, dtype: string): number | bigint | undefined {
  if (value === undefined || typeof value === "string") return undefined;
  if (/[iu]8$/.test(dtype)) {
    if (typeof value === "bigint") return value;
    return Number.isInteger(value) ? BigInt(value) : undefined;
  }
  const number = Number(value);
  if (dtype.endsWith("f4")) return Math.fround(number);
  return number;
}
