/**
 * Arrow columns made straight from values: buffers are filled here, not by builders, so that a batch
 * costs one pass a column and no value is boxed twice.
 */
import {
  Binary,
  Bool,
  type Data,
  type DataType,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  Uint32,
  Uint64,
  Uint8,
  Utf8,
} from "apache-arrow";

import { readableHalves } from "../halves.ts";

type Maybe<T> = T | null;

interface Validity {
  nullBitmap: Uint8Array | null;
  nullCount: number;
}

/** Arrow's validity bitmap: bit i of byte i >> 3 is 1 where a value stands. */
export function validityOf(values: readonly Maybe<unknown>[]): Validity {
  let nullBitmap: Uint8Array | null = null;
  let nullCount = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== null) continue;
    if (nullBitmap === null) {
      nullBitmap = new Uint8Array(Math.ceil(values.length / 64) * 8).fill(255);
    }
    nullBitmap[i >> 3] &= ~(1 << (i & 7));
    nullCount += 1;
  }
  return { nullBitmap, nullCount };
}

const encoder = new TextEncoder();

/** Strings as UTF-8. */
export function utf8Column(values: readonly Maybe<string>[]): Data<Utf8> {
  return asciiColumn(values) ?? anyTextColumn(values);
}

/** Strings of one byte a character, encoded at once; undefined where one has others. */
function asciiColumn(values: readonly Maybe<string>[]): Data<Utf8> | undefined {
  const valueOffsets = new Int32Array(values.length + 1);
  for (let i = 0; i < values.length; i++) valueOffsets[i + 1] = valueOffsets[i] + (values[i]?.length ?? 0);
  // Null joins as nothing.
  const text = values.join("");
  const data = new Uint8Array(text.length);
  const { read, written } = encoder.encodeInto(text, data);
  if (read < text.length || written !== text.length) return undefined;
  return makeData({ type: new Utf8(), length: values.length, valueOffsets, data, ...validityOf(values) });
}

function anyTextColumn(values: readonly Maybe<string>[]): Data<Utf8> {
  const offsets = new Int32Array(values.length + 1);
  let capacity = 64;
  for (const value of values) capacity += value === null ? 0 : value.length;
  let bytes = new Uint8Array(capacity);
  let end = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== null) {
      let { read, written } = encoder.encodeInto(value, bytes.subarray(end));
      if (read < value.length) {
        const wider = new Uint8Array(Math.max(bytes.length * 2, end + value.length * 3));
        wider.set(bytes.subarray(0, end));
        bytes = wider;
        ({ read, written } = encoder.encodeInto(value, bytes.subarray(end)));
      }
      end += written;
    }
    offsets[i + 1] = end;
  }
  return makeData({
    type: new Utf8(),
    length: values.length,
    valueOffsets: offsets,
    data: bytes.subarray(0, end),
    ...validityOf(values),
  });
}

/** Byte strings. */
export function binaryColumn(values: readonly Maybe<Uint8Array>[]): Data<Binary> {
  const offsets = new Int32Array(values.length + 1);
  let total = 0;
  for (let i = 0; i < values.length; i++) offsets[i + 1] = total += values[i]?.length ?? 0;
  const bytes = new Uint8Array(total);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value !== null) bytes.set(value, offsets[i]);
  }
  return makeData({
    type: new Binary(),
    length: values.length,
    valueOffsets: offsets,
    data: bytes,
    ...validityOf(values),
  });
}

/** Float64 values. */
export function float64Column(values: readonly Maybe<number>[]): Data<Float64> {
  const data = Float64Array.from(values, (value) => value ?? 0);
  return makeData({ type: new Float64(), length: values.length, data, ...validityOf(values) });
}

/** Int32 values. */
export function int32Column(values: readonly Maybe<number>[]): Data<Int32> {
  const data = Int32Array.from(values, (value) => value ?? 0);
  return makeData({ type: new Int32(), length: values.length, data, ...validityOf(values) });
}

/** Integers as int64. */
export function int64Column(values: readonly Maybe<number | bigint>[]): Data<Int64> {
  const data = BigInt64Array.from(values, (value) => value === null ? 0n : BigInt(value));
  return makeData({ type: new Int64(), length: values.length, data, ...validityOf(values) });
}

/** Booleans, a bit each. */
export function boolColumn(values: readonly Maybe<boolean>[]): Data<Bool> {
  const data = new Uint8Array(Math.ceil(values.length / 64) * 8);
  for (let i = 0; i < values.length; i++) if (values[i]) data[i >> 3] |= 1 << (i & 7);
  return makeData({ type: new Bool(), length: values.length, data, ...validityOf(values) });
}

/** Uint8 values. */
export function uint8Column(values: readonly number[]): Data<Uint8> {
  return makeData({ type: new Uint8(), length: values.length, data: Uint8Array.from(values), nullCount: 0 });
}

/** Milliseconds since 1970 as microseconds, UTC. */
export function timestampColumn(values: readonly Maybe<number>[]): Data<TimestampMicrosecond> {
  const data = BigInt64Array.from(
    values,
    (value) => value === null ? 0n : BigInt(Math.round(value * 1000)),
  );
  return makeData({
    type: new TimestampMicrosecond("UTC"),
    length: values.length,
    data,
    ...validityOf(values),
  });
}

export interface NamedColumn {
  name: string;
  data: Data;
  nullable: boolean;
}

/** Columns of `rows` rows as a record batch; `metadata` is the schema's. */
export function recordBatch(
  columns: readonly NamedColumn[],
  rows: number,
  metadata: ReadonlyMap<string, string> = new Map(),
): RecordBatch {
  const fields = columns.map(({ name, data, nullable }) => new Field(name, data.type, nullable));
  const children = columns.map(({ data }) => data);
  const data = makeData({ type: new Struct(fields), length: rows, nullCount: 0, children });
  return new RecordBatch(new Schema(fields, new Map(metadata)), data);
}

/** One struct a row from its fields; `present` says which rows have one. */
export function structColumn(
  fields: readonly NamedColumn[],
  present: readonly Maybe<unknown>[],
): Data<Struct> {
  const type = new Struct(fields.map(({ name, data, nullable }) => new Field(name, data.type, nullable)));
  return makeData({
    type,
    length: present.length,
    children: fields.map(({ data }) => data),
    ...validityOf(present),
  });
}

/** One list of uint64 a row. */
export function uint64ListColumn(lists: readonly BigUint64Array[]): Data<List<Uint64>> {
  const offsets = offsetsOf(lists);
  const values = new BigUint64Array(offsets[lists.length]);
  for (let i = 0; i < lists.length; i++) values.set(lists[i], offsets[i]);
  const child = makeData({ type: new Uint64(), length: values.length, data: values, nullCount: 0 });
  return makeListData(child, offsets, lists);
}

/** One list a row of integers below 2^32 as uint32; null for none. */
export function uint32ListColumn(lists: readonly Maybe<BigUint64Array>[]): Data<List<Uint32>> {
  const offsets = offsetsOf(lists);
  const values = new Uint32Array(offsets[lists.length]);
  for (let i = 0; i < lists.length; i++) {
    const list = lists[i];
    if (list === null) continue;
    const halves = readableHalves(list);
    for (let k = 0, at = offsets[i]; k < list.length; k++, at++) values[at] = halves[2 * k];
  }
  const child = makeData({ type: new Uint32(), length: values.length, data: values, nullCount: 0 });
  return makeListData(child, offsets, lists);
}

/** Where the values of each list begin among those of all, and where the last ones end. */
function offsetsOf(lists: readonly Maybe<BigUint64Array>[]): Int32Array {
  const offsets = new Int32Array(lists.length + 1);
  for (let i = 0; i < lists.length; i++) offsets[i + 1] = offsets[i] + (lists[i]?.length ?? 0);
  return offsets;
}

function makeListData<T extends DataType>(
  child: Data<T>,
  valueOffsets: Int32Array,
  lists: readonly Maybe<unknown>[],
): Data<List<T>> {
  const type = new List(new Field("element", child.type, false));
  return makeData({ type, length: lists.length, valueOffsets, child, ...validityOf(lists) });
}

/** One list a row of the elements that `child` holds one after the other; `present` says which rows have one. */
export function listColumn(
  lengths: readonly number[],
  child: Data,
  present: readonly Maybe<unknown>[] | null = null,
): Data<List> {
  const offsets = new Int32Array(lengths.length + 1);
  for (let i = 0; i < lengths.length; i++) offsets[i + 1] = offsets[i] + lengths[i];
  return makeData({
    type: new List(new Field("element", child.type, present !== null)),
    length: lengths.length,
    valueOffsets: offsets,
    child,
    ...(present === null ? { nullCount: 0 } : validityOf(present)),
  });
}
