/**
 * Columns of Parquet files whose pages are of the plain kind: version 1, packed by zstd, values one after the other or
 * by a dictionary, as DuckDB writes them. Anything else, and what is not as it says of itself, is refused: it is for
 * DuckDB to read, or to refuse in its own words. (Apache Parquet format, "Data Pages" and "Encodings".)
 */
import { CodecFault } from "../codecs/bytes.ts";
import { unpackZstd } from "../codecs/zstd.ts";
import { readThriftAt, type ThriftStruct } from "./thrift_compact.ts";

/** What is not of the plain kind. */
export class NotPlainError extends Error {}

/** Members of PageHeader, DataPageHeader and DictionaryPageHeader in parquet.thrift. */
const PAGE = { type: 1, bytes: 2, packedBytes: 3, sum: 4, data: 5, dictionary: 7 } as const;
const HEADER = { values: 1, encoding: 2 } as const;
const DATA_PAGE = 0, DICTIONARY_PAGE = 2;
const PLAIN = 0, PLAIN_DICTIONARY = 2, DELTA_BINARY_PACKED = 5, RLE_DICTIONARY = 8;

/** Wider codes do not fit what is shifted here; no dictionary has so many values. */
const MOST_CODE_BITS = 24;

/** Types of values, by their numbers in parquet.thrift. */
export const PHYSICAL = { int32: 1, int64: 2, double: 5, bytes: 6 } as const;

type Values = Int32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer> | Float64Array<ArrayBuffer> | string[];

/** What the footer says of a column's pages in a row group. */
export interface ColumnShape {
  /** One of {@linkcode PHYSICAL}. */
  type: number;
  /** Values, missing ones and empty lists. */
  entries: number;
  /** The level of a value that is there. */
  definition: number;
  /** The level of a value that goes on with the innermost list; 0 outside of lists. */
  repetition: number;
  /** No more bytes do its pages take together, unpacked. */
  bytes: number;
}

/** A column of a row group, or entries of it that follow each other. */
export interface Column {
  /** One an entry. */
  definition: Uint8Array;
  /** Whether a value is missing. */
  hasGaps: boolean;
  /** One an entry; empty outside of lists. */
  repetition: Uint8Array;
  /** The values that are there, or those that they are chosen from. */
  values: Values;
  /** Of each that is there its place in `values`; null where they are there in turn. */
  codes: Uint32Array | null;
}

/** Entries [from, to). */
export interface Entries {
  from: number;
  to: number;
}

/** Decodes the entries of a column by its pages, which `bytes` begin with. Throws {@linkcode NotPlainError}. */
export function decodeColumn(bytes: Uint8Array, shape: ColumnShape, { from, to }: Entries): Column {
  const definition = new Uint8Array(shape.entries);
  const repetition = new Uint8Array(shape.repetition > 0 ? shape.entries : 0);
  const parts: Values[] = [];
  const codes = new Uint32Array(to - from);
  let dictionary: Values | undefined;
  let at = 0, room = shape.bytes, entries = 0, coded = 0, hasGaps = false;
  while (entries < shape.entries) {
    const page = readPage(bytes, at, room);
    at = page.end;
    room -= page.bytes.length;
    if (page.type === DICTIONARY_PAGE && dictionary === undefined && entries === 0) {
      dictionary = plainValues(shape.type, page.bytes, 0, { all: page.values, from: 0, to: page.values });
      continue;
    }
    const { values: count, bytes: plain } = page;
    expect(page.type === DATA_PAGE && count > 0 && entries + count <= shape.entries);
    let place = 0;
    if (shape.repetition > 0) {
      place = readLevels(plain, place, shape.repetition, repetition, entries, count).end;
    }
    const levels = readLevels(plain, place, shape.definition, definition, entries, count);
    const [begin, end] = [from, to].map((entry) => Math.max(0, Math.min(count, entry - entries)));
    const counted = levels.areGreatest
      ? { all: count, from: begin, to: end }
      : countThere(definition.subarray(entries, entries + count), shape.definition, begin, end);
    if (page.encoding === PLAIN && dictionary === undefined) {
      parts.push(plainValues(shape.type, plain, levels.end, counted));
    } else {
      expect(page.encoding === PLAIN_DICTIONARY || page.encoding === RLE_DICTIONARY);
      expect(dictionary !== undefined && (counted.all === 0 || levels.end < plain.length));
      const runs = { bytes: plain, at: levels.end + 1, end: plain.length };
      const there = counted.to - counted.from;
      if (there > 0) {
        readRuns(runs, plain[levels.end], dictionary.length - 1, codes, coded, counted.from, there);
      }
      coded += there;
    }
    hasGaps ||= counted.to - counted.from < end - begin;
    entries += count;
  }
  return {
    definition: definition.subarray(from, to),
    repetition: repetition.subarray(from, to),
    hasGaps,
    values: dictionary ?? joined(shape.type, parts),
    codes: dictionary === undefined ? null : codes.subarray(0, coded),
  };
}

/** A page of values that are packed by their differences, behind their levels. */
export interface DeltaPage {
  values: number;
  /** Unpacked. */
  bytes: Uint8Array;
}

/** Such pages that follow each other, of whatever columns, of no more bytes together than `room`. */
export function* deltaPages(bytes: Uint8Array, room: number): Generator<DeltaPage> {
  for (let at = 0; at < bytes.length;) {
    const page = readPage(bytes, at, room);
    expect(page.type === DATA_PAGE && page.encoding === DELTA_BINARY_PACKED && page.values > 0);
    at = page.end;
    room -= page.bytes.length;
    yield page;
  }
}

/** How many values of a page are there, and which of them are those of the entries [begin, end). */
interface Counted extends Entries {
  all: number;
}

function countThere(levels: Uint8Array, greatest: number, begin: number, end: number): Counted {
  const counted = { all: 0, from: 0, to: 0 };
  levels.forEach((level, entry) => {
    if (level !== greatest) return;
    counted.all += 1;
    if (entry < begin) counted.from += 1;
    if (entry < end) counted.to += 1;
  });
  return counted;
}

function expect(holds: boolean): asserts holds {
  if (!holds) throw new NotPlainError("a page is not of the plain kind");
}

/** The page at `at`, of no more bytes than `room`. */
function readPage(bytes: Uint8Array, at: number, room: number) {
  let header: ThriftStruct, begin: number;
  try {
    ({ struct: header, end: begin } = readThriftAt(bytes, at));
  } catch (error) {
    if (error instanceof RangeError) throw new NotPlainError(error.message, { cause: error });
    throw error;
  }
  const type = numberIn(header, PAGE.type);
  // Sums of pages are not checked here.
  expect(!header.has(PAGE.sum));
  const own = header.get(type === DICTIONARY_PAGE ? PAGE.dictionary : PAGE.data)?.value;
  expect(own instanceof Map);
  const values = numberIn(own, HEADER.values), encoding = numberIn(own, HEADER.encoding);
  const end = begin + numberIn(header, PAGE.packedBytes);
  expect(values >= 0 && end >= begin && end <= bytes.length);
  expect(type !== DICTIONARY_PAGE || encoding === PLAIN || encoding === PLAIN_DICTIONARY);
  const size = numberIn(header, PAGE.bytes);
  expect(size >= 0 && size <= room);
  return { type, values, encoding, bytes: unpacked(bytes.subarray(begin, end), size), end };
}

function unpacked(packed: Uint8Array, size: number): Uint8Array {
  try {
    const bytes = unpackZstd(packed, size);
    expect(bytes.length === size);
    return bytes;
  } catch (error) {
    if (error instanceof CodecFault) throw new NotPlainError(error.message, { cause: error });
    throw error;
  }
}

/** -1 where there is none. */
export function numberIn(members: ThriftStruct, field: number): number {
  const value = members.get(field)?.value;
  return typeof value === "bigint" ? Number(value) : -1;
}

/** Levels stand behind their length, in as few bits as the greatest takes. */
export function readLevels(
  bytes: Uint8Array,
  at: number,
  greatest: number,
  into: Uint8Array,
  from: number,
  count: number,
): { end: number; areGreatest: boolean } {
  expect(at + 4 <= bytes.length);
  const end = at + 4 + new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0, true);
  expect(end <= bytes.length);
  const width = 32 - Math.clz32(greatest);
  return { end, areGreatest: readRuns({ bytes, at: at + 4, end }, width, greatest, into, from, 0, count) };
}

/**
 * "RLE / bit-packing hybrid": runs of one value, and values of `width` bits one after the other, none above `greatest`.
 * Passes over `skip` values and puts `count` into an array; returns whether these are one run of the greatest.
 */
function readRuns(
  { bytes, at, end }: { bytes: Uint8Array; at: number; end: number },
  width: number,
  greatest: number,
  into: Uint8Array | Uint32Array,
  from: number,
  skip: number,
  count: number,
): boolean {
  expect(width <= MOST_CODE_BITS);
  const first = from, to = from + count;
  const mask = 2 ** width - 1;
  while (from < to) {
    let head = 0;
    for (let shift = 0;; shift += 7) {
      expect(at < end && shift < 28);
      const byte = bytes[at++];
      head |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    const isPacked = (head & 1) === 1;
    const length = (head >> 1) * (isPacked ? 8 : 1);
    const next = at + (isPacked ? (head >> 1) * width : Math.ceil(width / 8));
    expect(length > 0);
    if (skip >= length) {
      skip -= length;
      at = next;
      continue;
    }
    const last = Math.min(to, from + length - skip);
    if (!isPacked) {
      expect(next <= end);
      let value = 0;
      for (let shift = 0; at < next; shift += 8) value |= bytes[at++] << shift;
      expect(value <= greatest);
      into.fill(value, from, last);
      if (value === greatest && from === first && last === to) return true;
      from = last;
    } else {
      expect(at + Math.ceil((skip + last - from) * width / 8) <= end);
      at += Math.floor(skip * width / 8);
      let have = skip * width % 8;
      let bits = have === 0 ? 0 : bytes[at++] >> have;
      if (have > 0) have = 8 - have;
      for (; from < last; from++) {
        for (; have < width; have += 8) bits |= bytes[at++] << have;
        const value = bits & mask;
        expect(value <= greatest);
        into[from] = value;
        bits >>>= width;
        have -= width;
      }
    }
    skip = 0;
    at = next;
  }
  return false;
}

/** Of all values that lie one after the other those of [from, to). */
function plainValues(type: number, bytes: Uint8Array, at: number, { all, from, to }: Counted): Values {
  const numbers = (size: number): ArrayBuffer => {
    expect(at + size * all === bytes.length);
    const begin = bytes.byteOffset + at;
    return bytes.buffer.slice(begin + size * from, begin + size * to) as ArrayBuffer;
  };
  switch (type) {
    case PHYSICAL.int32:
      return new Int32Array(numbers(4));
    case PHYSICAL.int64:
      return new BigInt64Array(numbers(8));
    case PHYSICAL.double:
      return new Float64Array(numbers(8));
    case PHYSICAL.bytes:
      return texts(bytes, at, { all, from, to });
    default:
      throw new NotPlainError(`values are of type ${type}`);
  }
}

function texts(bytes: Uint8Array, at: number, { all, from, to }: Counted): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: string[] = [];
  for (let i = 0; i < all; i++) {
    expect(at + 4 <= bytes.length);
    const begin = at + 4;
    at = begin + view.getUint32(at, true);
    expect(at <= bytes.length);
    if (i < from || i >= to) continue;
    try {
      found.push(decoder.decode(bytes.subarray(begin, at)));
    } catch (error) {
      throw new NotPlainError("a text is not UTF-8", { cause: error });
    }
  }
  expect(at === bytes.length);
  return found;
}

function joined(type: number, parts: readonly Values[]): Values {
  if (parts.length === 1) return parts[0];
  if (type === PHYSICAL.bytes) return (parts as string[][]).flat();
  const numbers = parts as Int32Array[];
  const bytes = new Uint8Array(numbers.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const { buffer } of numbers) {
    bytes.set(new Uint8Array(buffer), at);
    at += buffer.byteLength;
  }
  const all = numbers.reduce((sum, { length }) => sum + length, 0);
  return plainValues(type, bytes, 0, { all, from: 0, to: all });
}

/** Of each entry of a column outside of lists its value, or null where it is missing. */
export function valuesOf<T extends number | bigint | string>(
  column: Column,
  definition: number,
): (T | null)[] {
  const { values, codes } = column;
  let next = 0;
  return Array.from(column.definition, (level) => {
    if (level !== definition) return null;
    const place = next++;
    return values[codes === null ? place : codes[place]] as T;
  });
}
