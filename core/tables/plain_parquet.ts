/**
 * Parquet files of the plain kind, as granary has DuckDB write them, column by column: for a few rows, of which
 * DuckDB's start would take longer than all else. Whatever is not of that kind throws a NotPlainError.
 */
import fs from "node:fs";
import { systemCode } from "../errors.ts";
import {
  type Column,
  type ColumnShape,
  decodeColumn,
  type Entries,
  NotPlainError,
  numberIn,
  PHYSICAL,
} from "./parquet_columns.ts";
import { metadataOf, NotInPartsError, readAt, structsOf } from "./parquet_row_groups.ts";
import type { ThriftStruct, ThriftValue } from "./thrift_compact.ts";

/** Members of FileMetaData, KeyValue, SchemaElement, RowGroup, ColumnChunk, ColumnMetaData and Statistics. */
const FILE = { schema: 2, rows: 3, groups: 4, keys: 5, encryption: 8 } as const;
const KEY = { key: 1, value: 2 } as const;
const ELEMENT = { type: 1, repetition: 3, name: 4, children: 5, converted: 6, logical: 10 } as const;
const GROUP = { columns: 1, rows: 3 } as const;
const CHUNK = { file: 1, metadata: 3, encryption: 8 } as const;
const COLUMN = {
  type: 1,
  codec: 4,
  values: 5,
  bytes: 6,
  packedBytes: 7,
  dataPage: 9,
  dictionaryPage: 11,
  statistics: 12,
};
const STATISTICS = { greatest: 5, least: 6 } as const;
const OPTIONAL = 1, REPEATED = 2, LIST = 3, ZSTD = 6;

/** A footer that takes longer than DuckDB does is left to it. */
const MOST_FOOTER_BYTES = 64 * 1024;

/** Of a column in a row group. */
const MOST_ENTRIES = 4e6;

/**
 * What the columns that are read of a file may take, which a few bytes may unpack to. More is for DuckDB, which
 * keeps within its memory and can be interrupted.
 */
const MOST_BYTES = 256e6;

/** What an entry takes beside the bytes of pages: its levels, its code, and its value in the columns made of it. */
const ENTRY_BYTES = 32;

/** Groups within groups of a schema; a list of structs has three. */
const MOST_NESTING = 8;

/** Types of columns, by their physical and their converted type. */
const KINDS: Readonly<Record<string, PlainKind>> = {
  "6 0": "text",
  "6 -1": "bytes",
  "5 -1": "double",
  "1 17": "int32",
  "1 13": "uint32",
  "1 11": "uint8",
  "2 18": "int64",
  "2 14": "uint64",
};
const TIMESTAMP = `${PHYSICAL.int64} 10`;

export type PlainKind =
  | "text"
  | "bytes"
  | "double"
  | "int32"
  | "uint32"
  | "uint8"
  | "int64"
  | "uint64"
  | "timestamp";

/** A column as a file's schema has it. */
interface PlainColumn {
  kind: PlainKind;
  /** Which of its parents and itself are optional (`o`), repeated (`r`), optional lists (`l`): a text is `o`. */
  nesting: string;
  /** Its place among the columns of a row group. */
  place: number;
}

interface Group {
  rows: number;
  chunks: readonly ThriftStruct[];
}

export class PlainParquet {
  /** By the names of its parents and its own, with dots between. */
  readonly columns: ReadonlyMap<string, PlainColumn>;
  /** Key-value metadata, in its order. */
  readonly keys: readonly (readonly [string, string])[];
  readonly groups: readonly Group[];
  #room = MOST_BYTES;

  private constructor(
    readonly file: string,
    readonly fd: number,
    metadata: ThriftStruct,
    /** Bytes before the footer. */
    readonly bytes: number,
  ) {
    if (metadata.has(FILE.encryption)) throw new NotPlainError(`${file}: is encrypted`);
    this.columns = columnsOf(structsOf(metadata.get(FILE.schema)?.value));
    this.keys = structsOf(metadata.get(FILE.keys)?.value).map((entry) =>
      [textIn(entry, KEY.key), textIn(entry, KEY.value)] as const
    );
    this.groups = structsOf(metadata.get(FILE.groups)?.value).map((group) => ({
      rows: numberIn(group, GROUP.rows),
      chunks: structsOf(group.get(GROUP.columns)?.value),
    }));
    const rows = this.groups.reduce((sum, group) => sum + group.rows, 0);
    if (rows !== numberIn(metadata, FILE.rows) || this.groups.some(({ rows }) => rows < 1)) {
      throw new NotPlainError(`${file}: counts its rows otherwise than its row groups do`);
    }
  }

  /** Opens a file. Throws {@linkcode NotPlainError}, and what the system says of a file that cannot be read. */
  static open(file: string): PlainParquet {
    const fd = fs.openSync(file, "r");
    try {
      const { metadata, bytes } = metadataOf(fd, file, MOST_FOOTER_BYTES);
      return new PlainParquet(file, fd, metadata, bytes);
    } catch (error) {
      fs.closeSync(fd);
      throw asNotPlain(error);
    }
  }

  close(): void {
    fs.closeSync(this.fd);
  }

  /** A column of a row group, which has to be of a kind and nesting; outside of lists some rows of it. */
  read(group: number, name: string, kind: PlainKind, nesting = "o", some?: Entries): Column {
    const column = this.#column(name, kind, nesting);
    const members = this.#metadata(group, column);
    const begin = [COLUMN.dictionaryPage, COLUMN.dataPage].map((field) => numberIn(members, field))
      .find((place) => place > 0) ?? -1;
    const length = numberIn(members, COLUMN.packedBytes);
    const shape: ColumnShape = {
      type: numberIn(members, COLUMN.type),
      entries: numberIn(members, COLUMN.values),
      definition: nesting.length,
      repetition: nesting.includes("r") ? 1 : 0,
      bytes: numberIn(members, COLUMN.bytes),
    };
    const isInside = begin >= 4 && length >= 0 && begin + length <= this.bytes;
    const { rows } = this.groups[group];
    const areAll = shape.repetition === 0 ? shape.entries === rows : shape.entries >= rows;
    if (numberIn(members, COLUMN.codec) !== ZSTD || !isInside || !areAll || shape.entries > MOST_ENTRIES) {
      throw new NotPlainError(`${this.file}: column ${name} is not of the plain kind`);
    }
    this.#room -= shape.bytes + ENTRY_BYTES * shape.entries;
    if (shape.bytes < 0 || this.#room < 0) throw new NotPlainError(`${this.file}: is much to unpack`);
    try {
      return decodeColumn(
        readAt(this.fd, begin, length, this.file),
        shape,
        some ?? { from: 0, to: shape.entries },
      );
    } catch (error) {
      throw asNotPlain(error);
    }
  }

  /** Least and greatest value of a column of whole numbers from 0 on in a row group; null where they are not stated. */
  bounds(group: number, name: string): { least: number; greatest: number } | null {
    const members = this.#metadata(group, this.#column(name, "uint64", "o"));
    const stated = members.get(COLUMN.statistics)?.value;
    if (!(stated instanceof Map)) return null;
    const [least, greatest] = [STATISTICS.least, STATISTICS.greatest].map((field) => {
      const bytes = stated.get(field)?.value;
      return bytes instanceof Uint8Array && bytes.length === 8
        ? Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
        : undefined;
    });
    return least === undefined || greatest === undefined ? null : { least, greatest };
  }

  #column(name: string, kind: PlainKind, nesting: string): PlainColumn {
    const column = this.columns.get(name);
    if (column?.kind === kind && column.nesting === nesting) return column;
    throw new NotPlainError(`${this.file}: column ${name} is ${column?.kind ?? "missing"} (wanted ${kind})`);
  }

  #metadata(group: number, { place }: PlainColumn): ThriftStruct {
    const chunk = this.groups[group].chunks[place];
    const members = chunk?.get(CHUNK.metadata)?.value;
    if (members instanceof Map && !chunk.has(CHUNK.file) && !chunk.has(CHUNK.encryption)) return members;
    throw new NotPlainError(`${this.file}: has columns elsewhere`);
  }
}

/** Whether DuckDB is to be asked, or to say why a file cannot be read. */
export function isNotPlain(error: unknown): boolean {
  return error instanceof NotPlainError || systemCode(error) !== undefined;
}

function asNotPlain(error: unknown): unknown {
  return error instanceof NotInPartsError ? new NotPlainError(error.message, { cause: error }) : error;
}

/** The columns of a schema, which lists a tree depth first. */
function columnsOf([root, ...elements]: readonly ThriftStruct[]): Map<string, PlainColumn> {
  const columns = new Map<string, PlainColumn>();
  let at = 0;
  const walk = (count: number, parents: readonly string[], nesting: string): void => {
    for (let i = 0; i < count; i++) {
      const element = elements[at++];
      if (element === undefined) throw new NotPlainError("a schema ends too early");
      const names = [...parents, textIn(element, ELEMENT.name)];
      const own = nesting + nestingOf(element);
      const children = numberIn(element, ELEMENT.children);
      if (children > 0) {
        if (names.length > MOST_NESTING) throw new NotPlainError("a schema is nested too deep");
        walk(children, names, own);
        continue;
      }
      const name = names.join(".");
      if (columns.has(name)) throw new NotPlainError(`column ${name} is there twice`);
      columns.set(name, { kind: kindOf(element), nesting: own, place: columns.size });
    }
  };
  if (root !== undefined) walk(numberIn(root, ELEMENT.children), [], "");
  return columns;
}

function nestingOf(element: ThriftStruct): string {
  const repetition = numberIn(element, ELEMENT.repetition);
  const isGroup = numberIn(element, ELEMENT.children) > 0;
  const converted = isGroup ? numberIn(element, ELEMENT.converted) : -1;
  if (repetition === OPTIONAL && converted === LIST) return "l";
  if (converted === -1 && repetition === OPTIONAL) return "o";
  if (converted === -1 && repetition === REPEATED) return "r";
  throw new NotPlainError("a schema is not of the plain kind");
}

function kindOf(element: ThriftStruct): PlainKind {
  const types = `${numberIn(element, ELEMENT.type)} ${numberIn(element, ELEMENT.converted)}`;
  const logical = element.get(ELEMENT.logical)?.value;
  const timestamp = types === TIMESTAMP && isMoment(logical) ? "timestamp" : undefined;
  const kind = logical === undefined ? KINDS[types] : timestamp;
  if (kind === undefined) throw new NotPlainError("a column is of a type that only DuckDB reads");
  return kind;
}

/** Whether a LogicalType of parquet.thrift is a moment of UTC in microseconds. */
function isMoment(logical: ThriftValue | undefined): boolean {
  const timestamp = structIn(logical, 8);
  return timestamp?.get(1)?.value === true && structIn(structIn(timestamp, 2), 2) !== undefined;
}

function structIn(value: ThriftValue | undefined, field: number): ThriftStruct | undefined {
  const found = value instanceof Map ? value.get(field)?.value : undefined;
  return found instanceof Map ? found : undefined;
}

function textIn(members: ThriftStruct, field: number): string {
  const value = members.get(field)?.value;
  if (!(value instanceof Uint8Array)) throw new NotPlainError("a text of the footer is missing");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
  } catch (error) {
    throw new NotPlainError("a text of the footer is not UTF-8", { cause: error });
  }
}
