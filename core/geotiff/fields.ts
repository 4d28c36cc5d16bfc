/** Fields of a TIFF directory: their types, and their values as numbers and texts. */

/** One entry of a directory. Its values lie at `offset`, in the entry itself or elsewhere. */
export interface TiffField {
  readonly tag: number;
  /** TIFF's number of the type. */
  readonly type: number;
  readonly count: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Bytes of a value, by TIFF's number of the type. */
const SIZES: Readonly<Record<number, number>> = {
  1: 1, // BYTE
  2: 1, // ASCII
  3: 2, // SHORT
  4: 4, // LONG
  5: 8, // RATIONAL
  6: 1, // SBYTE
  7: 1, // UNDEFINED
  8: 2, // SSHORT
  9: 4, // SLONG
  10: 8, // SRATIONAL
  11: 4, // FLOAT
  12: 8, // DOUBLE
  13: 4, // IFD
  16: 8, // LONG8
  17: 8, // SLONG8
  18: 8, // IFD8
};

/** Null for a type that is not known, whose field is passed over as the specification asks. */
export function bytesOfType(type: number): number | null {
  return SIZES[type] ?? null;
}

/** Numbers of a field's bytes, as many as they hold. Values of 8 bytes beyond 2^53 are rounded. */
export function fieldNumbers(bytes: Uint8Array, type: number, littleEndian: boolean): number[] {
  const size = SIZES[type];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = READERS[type];
  const values: number[] = new Array(Math.floor(bytes.length / size));
  for (let i = 0; i < values.length; i++) values[i] = read(view, i * size, littleEndian);
  return values;
}

type Reader = (view: DataView, at: number, littleEndian: boolean) => number;

const unsigned8: Reader = (view, at) => view.getUint8(at);
const unsigned32: Reader = (view, at, little) => view.getUint32(at, little);
const unsigned64: Reader = (view, at, little) => {
  const first = view.getUint32(at, little), second = view.getUint32(at + 4, little);
  return little ? second * 2 ** 32 + first : first * 2 ** 32 + second;
};

const READERS: Readonly<Record<number, Reader>> = {
  1: unsigned8,
  2: unsigned8,
  3: (view, at, little) => view.getUint16(at, little),
  4: unsigned32,
  5: (view, at, little) => view.getUint32(at, little) / view.getUint32(at + 4, little),
  6: (view, at) => view.getInt8(at),
  7: unsigned8,
  8: (view, at, little) => view.getInt16(at, little),
  9: (view, at, little) => view.getInt32(at, little),
  10: (view, at, little) => view.getInt32(at, little) / view.getInt32(at + 4, little),
  11: (view, at, little) => view.getFloat32(at, little),
  12: (view, at, little) => view.getFloat64(at, little),
  13: unsigned32,
  16: unsigned64,
  17: (view, at, little) => Number(view.getBigInt64(at, little)),
  18: unsigned64,
};

/** The text of an ASCII field, up to its first NUL. Bytes that are no UTF-8 are taken for Latin 1. */
export function fieldText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const text = end < 0 ? bytes : bytes.subarray(0, end);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return new TextDecoder("latin1").decode(text);
  }
}
