/** Element types of arrays by numpy's names, and their typed arrays: those of grids, Zarr arrays and HDF5 datasets. */

/** Types whose elements are plain numbers. */
export type NumberDtype =
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "float32"
  | "float64";

export type NumberValues =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** With the integers of 64 bits, which are bigints. */
export type ElementValues = NumberValues | BigInt64Array | BigUint64Array;

type ArrayConstructor = {
  new (length: number): NumberValues;
  new (buffer: ArrayBufferLike, offset?: number, length?: number): NumberValues;
  readonly BYTES_PER_ELEMENT: number;
};

export const NUMBER_ARRAYS: Readonly<Record<NumberDtype, ArrayConstructor>> = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** Bytes of an element. */
export function elementBytes(dtype: NumberDtype): number {
  return NUMBER_ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/** An array of a type: new, or over memory that is there. */
export function makeValues(dtype: NumberDtype, length: number): NumberValues;
export function makeValues(
  dtype: NumberDtype,
  buffer: ArrayBufferLike,
  at?: number,
  length?: number,
): NumberValues;
export function makeValues(dtype: NumberDtype, from: number | ArrayBufferLike, at?: number, length?: number) {
  // The two constructors are one to the engine, but not to the type checker.
  return new NUMBER_ARRAYS[dtype](from as ArrayBuffer, at, length);
}
