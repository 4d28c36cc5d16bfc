/** Raw elements of a dataset as values: fill becomes NaN, packed integers become physical numbers. */
import { asFloat } from "../kernels/float_sums.ts";
import { memoryOf } from "../kernels/memory.ts";
import type { Values } from "../values.ts";
import type { Hdf5Scalar, Hdf5Values } from "./contract.ts";
import type { Packing } from "./packing.ts";

/** The first number of an attribute, if it has one. */
export function firstNumber(attribute: Hdf5Scalar | Hdf5Scalar[] | undefined): number | undefined {
  const value = Array.isArray(attribute) ? attribute[0] : attribute;
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" ? value : undefined;
}

/** The stored elements with the sign that `_Unsigned` gives them; the same memory. */
export function withSign(raw: Hdf5Values, dtype: string): Hdf5Values {
  const { buffer, byteOffset, length } = raw;
  const unsigned = dtype.includes("u");
  if (raw instanceof Int8Array && unsigned) return new Uint8Array(buffer, byteOffset, length);
  if (raw instanceof Int16Array && unsigned) return new Uint16Array(buffer, byteOffset, length);
  if (raw instanceof Int32Array && unsigned) return new Uint32Array(buffer, byteOffset, length);
  if (raw instanceof BigInt64Array && unsigned) return new BigUint64Array(buffer, byteOffset, length);
  const signed = dtype.includes("i");
  if (raw instanceof Uint8Array && signed) return new Int8Array(buffer, byteOffset, length);
  if (raw instanceof Uint16Array && signed) return new Int16Array(buffer, byteOffset, length);
  if (raw instanceof Uint32Array && signed) return new Int32Array(buffer, byteOffset, length);
  if (raw instanceof BigUint64Array && signed) return new BigInt64Array(buffer, byteOffset, length);
  return raw;
}

/**
 * `raw` as values: NaN where fill or outside the valid range, then `value * scale + offset`. float32 stays float32 and integers of 8
 * and 16 bits become float32, which holds them exactly; others, and all that is scaled, become float64
 * (integers past 2^53 round). A float array is changed in place and returned where its type stays.
 */
export function toValues(raw: Hdf5Values, packing: Packing): Values {
  const packed = packing.scale !== 1 || packing.offset !== 0;
  const values = raw instanceof Float64Array || (raw instanceof Float32Array && !packed)
    ? raw
    : !packed && raw.BYTES_PER_ELEMENT <= 2
    ? new Float32Array(raw as Int16Array)
    : toFloat64(raw);
  const { scale, offset, valid } = packing;
  for (const fill of packing.fills) eraseFill(values, raw, fill);
  if (valid !== null && !valid.physical) eraseInvalid(values, valid.min, valid.max);
  if (packed) { for (let i = 0; i < values.length; i += 1) values[i] = values[i] * scale + offset; }
  if (valid?.physical) eraseInvalid(values, valid.min, valid.max);
  return values;
}

/** As {@linkcode toValues}, always float64: coordinates. */
export function toCoordinate(raw: Hdf5Values, packing: Packing): Float64Array {
  const values = toValues(raw, packing);
  return values instanceof Float64Array ? values : new Float64Array(values);
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

function eraseInvalid(values: Values, min: number, max: number): void {
  for (let i = 0; i < values.length; i += 1) if (values[i] < min || values[i] > max) values[i] = NaN;
}

function eraseFill(values: Values, raw: Hdf5Values, fill: number | bigint): void {
  if (typeof fill === "number" && Number.isNaN(fill)) return;
  if (typeof fill === "bigint") {
    // A float64 may round a neighbour onto the fill, so the integers themselves are compared.
    const integers = raw as BigInt64Array;
    for (let i = 0; i < values.length; i += 1) if (integers[i] === fill) values[i] = NaN;
    return;
  }
  const memory = values === raw ? memoryOf(values) : undefined;
  if (memory !== undefined) {
    const { eraseFloat32, eraseFloat64 } = memory.kernels;
    if (values instanceof Float32Array) eraseFloat32(values.byteOffset, values.length, asFloat(fill));
    else eraseFloat64(values.byteOffset, values.length, fill);
    return;
  }
  const elements = raw as Float64Array;
  for (let i = 0; i < values.length; i += 1) if (elements[i] === fill) values[i] = NaN;
}
