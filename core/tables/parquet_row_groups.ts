/**
 * Row groups of Parquet files as they lie in their bytes, and a file made of row groups of several files: pages
 * are copied, not decoded, and what the metadata says of their places is put right. (Apache Parquet format,
 * "File format" and parquet.thrift.)
 */
import fs from "node:fs";
import { writeAllSync } from "../files/atomic.ts";
import { PARQUET_MAGIC } from "./parquet_magic.ts";
import {
  readThrift,
  THRIFT,
  type ThriftList,
  type ThriftStruct,
  type ThriftValue,
  writeThrift,
} from "./thrift_compact.ts";

/** Members of FileMetaData, RowGroup, ColumnChunk and ColumnMetaData in parquet.thrift. */
const FILE = { schema: 2, rows: 3, groups: 4, keys: 5, encryption: 8 } as const;
const GROUP = { columns: 1, rows: 3, offset: 5, ordinal: 7 } as const;
const CHUNK = { file: 1, offset: 2, metadata: 3, firstIndex: 4, lastIndex: 7, encryption: 8 } as const;
const COLUMN = {
  compressedBytes: 7,
  dataPage: 9,
  indexPage: 10,
  dictionaryPage: 11,
  bloomFilter: 14,
  bloomBytes: 15,
} as const;

/** Length of the metadata, and the magic number. */
const TAIL_BYTES = 8;
const COPY_BYTES = 8 * 1024 * 1024;

/** A row group of a file. */
export interface RowGroup {
  readonly file: string;
  readonly rows: number;
  /** Where its pages lie, [begin, end). */
  readonly begin: number;
  readonly end: number;
  readonly metadata: ThriftStruct;
}

/** A Parquet file's metadata, as far as one that takes its row groups must know. */
export interface ParquetParts {
  readonly groups: readonly RowGroup[];
  /** Bytes of the schema: row groups of files where they are equal go together. */
  readonly schema: Uint8Array;
  readonly metadata: ThriftStruct;
}

/** A file whose row groups cannot be taken out as bytes: pages in other files, encrypted, or not one after the other. */
export class NotInPartsError extends Error {}

/** Reads the metadata of a file. Throws {@linkcode NotInPartsError} where its row groups cannot be taken apart. */
export function parquetParts(file: string): ParquetParts {
  const { metadata, bytes } = readMetadata(file);
  if (metadata.has(FILE.encryption)) throw new NotInPartsError(`${file}: is encrypted`);
  const groups = structsOf(metadata.get(FILE.groups)?.value).map((group) => rowGroup(file, group));
  groups.forEach(({ begin, end }, i) => {
    if (begin < (groups[i - 1]?.end ?? PARQUET_MAGIC.length) || !(begin < end) || end > bytes) {
      throw new NotInPartsError(`${file}: its row groups do not lie one after the other`);
    }
  });
  const schema = metadata.get(FILE.schema);
  if (schema === undefined) throw new NotInPartsError(`${file}: says no schema`);
  return { groups, schema: writeThrift(new Map([[FILE.schema, schema]])), metadata };
}

/** Bytes of a file before its metadata. Throws {@linkcode NotInPartsError} for what does not end as Parquet does. */
export function bytesBeforeMetadata(file: string): number {
  const fd = fs.openSync(file, "r");
  try {
    return placeOfMetadata(fd, file).bytes;
  } finally {
    fs.closeSync(fd);
  }
}

function placeOfMetadata(fd: number, file: string): { bytes: number; length: number } {
  const { size } = fs.fstatSync(fd);
  const tail = readAt(fd, Math.max(0, size - TAIL_BYTES), TAIL_BYTES, file);
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  const magic = new TextDecoder().decode(tail.subarray(4));
  if (magic !== PARQUET_MAGIC || length > size - TAIL_BYTES - PARQUET_MAGIC.length) {
    throw new NotInPartsError(`${file}: does not end as Parquet does`);
  }
  return { bytes: size - TAIL_BYTES - length, length };
}

function readMetadata(file: string): { metadata: ThriftStruct; bytes: number } {
  const fd = fs.openSync(file, "r");
  try {
    return metadataOf(fd, file);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * The metadata of an open file, and the bytes before it. Throws {@linkcode NotInPartsError} for what is none, and for
 * what is longer than `mostBytes`.
 */
export function metadataOf(
  fd: number,
  file: string,
  mostBytes = Infinity,
): { metadata: ThriftStruct; bytes: number } {
  const { bytes, length } = placeOfMetadata(fd, file);
  if (length > mostBytes) throw new NotInPartsError(`${file}: has ${length} bytes of metadata`);
  try {
    return { metadata: readThrift(readAt(fd, bytes, length, file)), bytes };
  } catch (error) {
    throw error instanceof RangeError ? new NotInPartsError(`${file}: ${error.message}`) : error;
  }
}

function rowGroup(file: string, metadata: ThriftStruct): RowGroup {
  let [begin, end] = [Infinity, 0];
  for (const chunk of structsOf(metadata.get(GROUP.columns)?.value)) {
    const column = chunk.get(CHUNK.metadata)?.value;
    if (!(column instanceof Map) || chunk.has(CHUNK.file) || chunk.has(CHUNK.encryption)) {
      throw new NotInPartsError(`${file}: has columns in other files, or encrypted ones`);
    }
    const first = Math.min(
      ...[COLUMN.dataPage, COLUMN.indexPage, COLUMN.dictionaryPage].map((field) =>
        // Some writers give 0 for none.
        numberIn(column, field) || Infinity
      ),
    );
    begin = Math.min(begin, first);
    end = Math.max(end, first + (numberIn(column, COLUMN.compressedBytes) ?? 0));
  }
  return { file, rows: numberIn(metadata, GROUP.rows) ?? 0, begin, end, metadata };
}

/**
 * Writes `file` (created, not synced) of row groups in the order given, with `keys` as its only key-value metadata.
 * `like` gives the rest of the metadata: its schema has to be that of all the row groups. Bloom filters come
 * along; page indices, which name places, are left out.
 */
export function joinRowGroups(
  file: string,
  groups: readonly RowGroup[],
  like: ParquetParts,
  keys: ReadonlyMap<string, string>,
): void {
  const sources = new Map<string, number>();
  const sourceOf = (group: RowGroup) => {
    const fd = sources.get(group.file) ?? fs.openSync(group.file, "r");
    sources.set(group.file, fd);
    return fd;
  };
  const out = fs.openSync(file, "wx");
  try {
    const magic = new TextEncoder().encode(PARQUET_MAGIC);
    writeAllSync(out, magic);
    let at = magic.length;
    const moved = groups.map((group, index) => {
      copyRange(sourceOf(group), out, group.begin, group.end, group.file);
      const metadata = movedGroup(group, at - group.begin, index);
      at += group.end - group.begin;
      return metadata;
    });
    moved.forEach((metadata, index) => {
      at = moveFilters(metadata, sourceOf(groups[index]), out, at, groups[index].file);
    });
    writeAllSync(out, metadataBytes(fileMetadata(like.metadata, groups, moved, keys)));
  } finally {
    fs.closeSync(out);
    for (const fd of sources.values()) fs.closeSync(fd);
  }
}

function fileMetadata(
  like: ThriftStruct,
  groups: readonly RowGroup[],
  moved: ThriftStruct[],
  keys: ReadonlyMap<string, string>,
): ThriftStruct {
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  const members: ThriftStruct = new Map(like);
  members.set(FILE.rows, { type: THRIFT.i64, value: BigInt(rows) });
  members.set(FILE.groups, { type: THRIFT.list, value: { type: THRIFT.struct, values: moved } });
  members.set(FILE.keys, { type: THRIFT.list, value: { type: THRIFT.struct, values: keyEntries(keys) } });
  return ascending(members);
}

function keyEntries(keys: ReadonlyMap<string, string>): ThriftStruct[] {
  const binary = (text: string) => ({ type: THRIFT.binary, value: new TextEncoder().encode(text) });
  return [...keys].map(([key, text]) => new Map([[1, binary(key)], [2, binary(text)]]));
}

/** The metadata as a file ends with it: its length and the magic number come last. */
function metadataBytes(metadata: ThriftStruct): Uint8Array {
  const thrift = writeThrift(metadata);
  const bytes = new Uint8Array(thrift.length + TAIL_BYTES);
  bytes.set(thrift);
  new DataView(bytes.buffer).setUint32(thrift.length, thrift.length, true);
  bytes.set(new TextEncoder().encode(PARQUET_MAGIC), thrift.length + 4);
  return bytes;
}

/** Adds key-value metadata to a file that nobody reads yet (not synced); its pages stay where they are. */
export function addKeys(file: string, keys: ReadonlyMap<string, string>): void {
  const { metadata, bytes } = readMetadata(file);
  const values = [...structsOf(metadata.get(FILE.keys)?.value), ...keyEntries(keys)];
  metadata.set(FILE.keys, { type: THRIFT.list, value: { type: THRIFT.struct, values } });
  const added = metadataBytes(ascending(metadata));
  const fd = fs.openSync(file, "r+");
  try {
    for (let at = 0; at < added.length;) at += fs.writeSync(fd, added, at, added.length - at, bytes + at);
    fs.ftruncateSync(fd, bytes + added.length);
  } finally {
    fs.closeSync(fd);
  }
}

const ascending = (members: ThriftStruct): ThriftStruct => new Map([...members].sort(([a], [b]) => a - b));

/** A row group's metadata `by` bytes further on. */
function movedGroup({ metadata }: RowGroup, by: number, ordinal: number): ThriftStruct {
  const columns = structsOf(metadata.get(GROUP.columns)?.value).map((chunk) => {
    const moved: ThriftStruct = new Map(
      [...chunk].filter(([field]) => field < CHUNK.firstIndex || field > CHUNK.lastIndex),
    );
    shift(moved, CHUNK.offset, by);
    const column: ThriftStruct = new Map(moved.get(CHUNK.metadata)!.value as ThriftStruct);
    for (const field of [COLUMN.dataPage, COLUMN.indexPage, COLUMN.dictionaryPage]) shift(column, field, by);
    return moved.set(CHUNK.metadata, { type: THRIFT.struct, value: column });
  });
  const group: ThriftStruct = new Map(metadata);
  group.set(GROUP.columns, { type: THRIFT.list, value: { type: THRIFT.struct, values: columns } });
  shift(group, GROUP.offset, by);
  if (group.has(GROUP.ordinal)) {
    if (ordinal < 32_768) group.set(GROUP.ordinal, { type: THRIFT.i16, value: BigInt(ordinal) });
    else group.delete(GROUP.ordinal);
  }
  return group;
}

/** Copies the Bloom filters of a moved row group to `at`; returns where they end. */
function moveFilters(group: ThriftStruct, from: number, out: number, at: number, file: string): number {
  let end = at;
  for (const chunk of structsOf(group.get(GROUP.columns)?.value)) {
    const column = chunk.get(CHUNK.metadata)!.value as ThriftStruct;
    const offset = numberIn(column, COLUMN.bloomFilter);
    const length = numberIn(column, COLUMN.bloomBytes);
    if (offset === undefined || length === undefined) {
      // One whose length is not told stays behind.
      column.delete(COLUMN.bloomFilter);
      continue;
    }
    copyRange(from, out, offset, offset + length, file);
    column.set(COLUMN.bloomFilter, { type: THRIFT.i64, value: BigInt(end) });
    end += length;
  }
  return end;
}

/** 0 stands for no place. */
function shift(members: ThriftStruct, field: number, by: number): void {
  const value = numberIn(members, field);
  if (value) members.set(field, { type: THRIFT.i64, value: BigInt(value + by) });
}

function copyRange(from: number, to: number, begin: number, end: number, file: string): void {
  for (let at = begin; at < end; at += COPY_BYTES) {
    writeAllSync(to, readAt(from, at, Math.min(COPY_BYTES, end - at), file));
  }
}

/** Bytes of an open file. Throws {@linkcode NotInPartsError} where it has not so many. */
export function readAt(fd: number, at: number, length: number, file: string): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let read = 0; read < length;) {
    const count = fs.readSync(fd, bytes, read, length - read, at + read);
    if (count === 0) throw new NotInPartsError(`${file}: ends too early`);
    read += count;
  }
  return bytes;
}

export function structsOf(value: ThriftValue | undefined): ThriftStruct[] {
  const values = (value as ThriftList | undefined)?.values;
  return Array.isArray(values) ? values.filter((one): one is ThriftStruct => one instanceof Map) : [];
}

function numberIn(members: ThriftStruct, field: number): number | undefined {
  const value = members.get(field)?.value;
  return typeof value === "bigint" ? Number(value) : undefined;
}
