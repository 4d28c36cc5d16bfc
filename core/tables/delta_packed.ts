/**
 * Whole numbers as Parquet packs them by their differences, DELTA_BINARY_PACKED. (Apache Parquet format, "Encodings",
 * "Delta Encoding".)
 */
import { NotPlainError } from "./parquet_columns.ts";

/** Of more bits a number is put together byte by byte. */
const MOST_BITS_AT_ONCE = 24;

/**
 * Fills an array with the values that begin at `at`: those of 32 bits as unsigned numbers, those of 64 bits where numbers
 * hold them and their differences exactly. Throws {@linkcode NotPlainError} where the bytes are not of as many such values.
 */
export function readDeltas(bytes: Uint8Array, at: number, into: Uint32Array | Float64Array): void {
  const reader = { bytes, at };
  const isNarrow = into instanceof Uint32Array;
  const blockValues = varint(reader), blocksParts = varint(reader), count = varint(reader);
  const partValues = blockValues / blocksParts;
  // As the format has it; whatever the numbers are, so much is asked of the bytes.
  expect(count === into.length && Number.isInteger(partValues) && partValues > 0 && partValues % 32 === 0);
  let value = signed(reader);
  if (count > 0) into[0] = value;
  for (let next = 1; next < count;) {
    const least = signed(reader);
    let widths = reader.at;
    reader.at += blocksParts;
    expect(reader.at <= bytes.length);
    for (let part = 0; part < blocksParts && next < count; part++) {
      const width = bytes[widths++];
      const end = Math.min(count, next + partValues);
      const packed = reader.at;
      reader.at += width * partValues / 8;
      expect(width <= 53 && reader.at <= bytes.length);
      if (isNarrow && width <= MOST_BITS_AT_ONCE) {
        value = unpackNarrow(bytes, packed, width, value, least, into, next, end);
        next = end;
        continue;
      }
      for (let bit = 8 * packed; next < end; next++, bit += width) {
        const sum = value + least + bitsAt(bytes, bit, width);
        into[next] = value = isNarrow ? sum | 0 : sum;
      }
    }
  }
}

/** Fills [next, end) with numbers of 32 bits, by differences of `width` bits; returns the last of them as a signed one. */
function unpackNarrow(
  bytes: Uint8Array,
  place: number,
  width: number,
  value: number,
  least: number,
  into: Uint32Array | Float64Array,
  next: number,
  end: number,
): number {
  const mask = 2 ** width - 1;
  value |= 0;
  least |= 0;
  for (let have = 0, bits = 0; next < end; next++) {
    for (; have < width; have += 8) bits |= bytes[place++] << have;
    into[next] = value = value + least + (bits & mask) | 0;
    bits >>>= width;
    have -= width;
  }
  return value;
}

function expect(holds: boolean): asserts holds {
  if (!holds) throw new NotPlainError("numbers are not packed by their differences");
}

/** `width` bits from a bit on, the lowest first. */
function bitsAt(bytes: Uint8Array, bit: number, width: number): number {
  let value = 0;
  for (let taken = 0; taken < width;) {
    const place = bit + taken;
    const from = place % 8;
    const some = Math.min(8 - from, width - taken);
    value += (bytes[Math.floor(place / 8)] >> from & 2 ** some - 1) * 2 ** taken;
    taken += some;
  }
  return value;
}

function varint(reader: { readonly bytes: Uint8Array; at: number }): number {
  let value = 0;
  for (let scale = 1;; scale *= 128) {
    expect(reader.at < reader.bytes.length);
    const byte = reader.bytes[reader.at++];
    value += (byte & 127) * scale;
    // Beyond this a number is not exact.
    expect(value <= Number.MAX_SAFE_INTEGER && scale <= 2 ** 49);
    if (byte < 128) return value;
  }
}

/** Zigzag: 0, -1, 1, -2, … */
function signed(reader: { readonly bytes: Uint8Array; at: number }): number {
  const value = varint(reader);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
