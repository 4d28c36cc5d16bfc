/** Rows of a catalog as {@linkcode GranuleRow}s, read column by column from DuckDB's chunks. */
import type { DuckDBConnection, DuckDBDataChunk, DuckDBValue, DuckDBVector } from "@duckdb/node-api";
import type { S3Access } from "../../core/access/location.ts";
import type { BoundingBox } from "../../core/geometry/box.ts";
import type { GranuleAsset, GranuleRow } from "../granule.ts";
import { BBOX_FIELDS, type Column, COLUMNS } from "../schema.ts";
import { sqlName } from "../../core/tables/duckdb.ts";
import { chunksAhead } from "../../core/tables/query.ts";

/** Columns of text. They come together, as a JSON list a row: one text is read faster than many. */
const TEXT_COLUMNS = COLUMNS.filter(({ type }) => type === "string" || type === "json");
/** Their places in the list. */
const TEXT = Object.fromEntries(TEXT_COLUMNS.map(({ name }, place) => [name, place]));
const OTHER_COLUMNS = COLUMNS.filter((column) => !TEXT_COLUMNS.includes(column));
const TEXTS = "texts_of_row";

/** What columns are asked for as, so that vectors hold plain values. */
function selectList(withoutCells: boolean): string {
  const texts = TEXT_COLUMNS.map(({ name }) => `${sqlName(name)}::VARCHAR`).join(", ");
  return [
    ...OTHER_COLUMNS.filter(({ type }) => !withoutCells || type !== "wkb" && type !== "cells").map(selected),
    `to_json([${texts}])::VARCHAR AS ${TEXTS}`,
  ].join(", ");
}

function selected({ name, type }: Column): string {
  const quoted = sqlName(name);
  // As numbers, of which a vector makes no bigints.
  if (type === "timestamp") return `epoch_us(${quoted})::DOUBLE AS ${quoted}`;
  if (type === "int64") return `${quoted}::DOUBLE AS ${quoted}`;
  if (type === "bbox") return BBOX_FIELDS.map((field) => `${quoted}.${field} AS ${field}`).join(", ");
  if (type === "assets") {
    return `CASE WHEN len(${quoted}) > 0 THEN to_json(${quoted})::VARCHAR END AS ${quoted}`;
  }
  return quoted;
}

/** Rows of a chunk, with the place of each in its file. */
export interface RowChunk {
  rows: GranuleRow[];
  fileRows: number[];
}

/**
 * Rows of a table expression of the contract's columns and `file_row_number`, a chunk at a time; `withoutCells`, their
 * geometry is null and their cells are none.
 */
export async function* readRows(
  connection: DuckDBConnection,
  from: { table: string; tail?: string; values?: DuckDBValue[]; withoutCells?: boolean },
): AsyncGenerator<RowChunk> {
  const { withoutCells = false } = from;
  const sql = `SELECT file_row_number::DOUBLE, ${selectList(withoutCells)} FROM ${from.table} ${
    from.tail ?? ""
  }`;
  const result = await connection.stream(sql, from.values);
  const places = new Map(result.columnNames().map((name, index) => [name, index]));
  for await (const chunk of chunksAhead(result)) {
    const { items } = chunk.getColumnVector(0) as unknown as NumberVector;
    yield { rows: decodeChunk(chunk, places, withoutCells), fileRows: Array.from(items) };
  }
}

const NO_CELLS = new BigUint64Array(0);

function decodeChunk(
  chunk: DuckDBDataChunk,
  places: ReadonlyMap<string, number>,
  withoutCells: boolean,
): GranuleRow[] {
  const vector = (name: string): DuckDBVector => chunk.getColumnVector(places.get(name)!);
  const numbers = (name: string) => numbersOf(vector(name));
  const texts = vector(TEXTS);
  const lists = Array.from({ length: chunk.rowCount }, (_, row) => texts.getItem(row) as string);
  const textsOfRows = JSON.parse(`[${lists.join(",")}]`) as Texts[];
  const revision = numbers("revision"), cellOrder = numbers("cell_order"), size = numbers("size_bytes");
  const start = timesOf(numbers("start_datetime")), end = timesOf(numbers("end_datetime"));
  const datetime = timesOf(numbers("datetime"));
  const box = boxesOf(BBOX_FIELDS.map(numbers));
  const assets = assetsOf(vector("assets"));
  const geometry = withoutCells ? () => null : geometriesOf(vector("geometry"));
  const cells = withoutCells ? () => NO_CELLS : cellsOf(vector("cells") as unknown as ListVector);
  // Of one shape, which an engine makes and reads sooner than one put together name by name.
  return textsOfRows.map((text, row): GranuleRow => ({
    id: text[TEXT.id]!,
    collection: text[TEXT.collection]!,
    provider: text[TEXT.provider]!,
    concept_id: text[TEXT.concept_id],
    revision: revision(row),
    start_datetime: start(row),
    end_datetime: end(row),
    datetime: datetime(row),
    geometry: geometry(row),
    bbox: box(row),
    cell_order: cellOrder(row)!,
    cells: cells(row),
    s3_base: text[TEXT.s3_base],
    https_base: text[TEXT.https_base],
    local_base: text[TEXT.local_base],
    path: text[TEXT.path]!,
    s3_credentials: text[TEXT.s3_credentials],
    s3_region: text[TEXT.s3_region],
    s3_endpoint: text[TEXT.s3_endpoint],
    s3_access: text[TEXT.s3_access] as S3Access | null,
    size_bytes: size(row),
    checksum: text[TEXT.checksum],
    assets: assets(row),
    properties: JSON.parse(text[TEXT.properties] ?? "{}"),
  }));
}

type Texts = readonly (string | null)[];

/** The parts of DuckDB's vectors of numbers of up to 32 bits, and of doubles, that reach them without a call a value. */
interface NumberVector extends MaskedVector {
  readonly items: ArrayLike<number>;
}

/** A bit a row, set where there is a value; none where all are there. */
interface MaskedVector {
  readonly validity: { readonly data: BigUint64Array | null; readonly offset: number };
}

/** Whether there is a value in a row. DuckDB's own function of this makes three bigints. */
function maskOf({ validity: { data, offset } }: MaskedVector): (row: number) => boolean {
  if (data === null) return () => true;
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length * 2);
  return (row) => (words[(offset + row) >>> 5] >>> ((offset + row) & 31) & 1) === 1;
}

function numbersOf(vector: DuckDBVector): (row: number) => number | null {
  const { items } = vector as unknown as NumberVector;
  const isThere = maskOf(vector as unknown as MaskedVector);
  return (row) => isThere(row) ? items[row] : null;
}

/** Milliseconds of microseconds. */
function timesOf(micros: (row: number) => number | null): (row: number) => number | null {
  return (row) => {
    const value = micros(row);
    return value === null ? null : value / 1000;
  };
}

function boxesOf(
  [xmin, ymin, xmax, ymax]: ((row: number) => number | null)[],
): (row: number) => BoundingBox | null {
  return (row) => {
    const box = { xmin: xmin(row), ymin: ymin(row), xmax: xmax(row), ymax: ymax(row) };
    return box.xmin === null || box.ymin === null || box.xmax === null || box.ymax === null
      ? null
      : box as BoundingBox;
  };
}

function assetsOf(vector: DuckDBVector): (row: number) => GranuleAsset[] {
  const isThere = maskOf(vector as unknown as MaskedVector);
  return (row) => isThere(row) ? JSON.parse(vector.getItem(row) as string) as GranuleAsset[] : [];
}

function geometriesOf(vector: DuckDBVector): (row: number) => Uint8Array | null {
  const isThere = maskOf(vector as unknown as MaskedVector);
  return (row) => isThere(row) ? new Uint8Array((vector as unknown as BlobVector).getItemBytes(row)) : null;
}

interface BlobVector {
  getItemBytes(row: number): Uint8Array;
}

function cellsOf(column: ListVector): (row: number) => BigUint64Array {
  const cells = childCells(column);
  return (row) => {
    const from = column.getEntryOffset(row);
    // A copy: what the chunk holds goes with it.
    return cells.slice(from, from + column.getEntryLength(row));
  };
}

/** The parts of DuckDB's list vector that reach its flat child without boxing a value. */
export interface ListVector {
  getEntryOffset(row: number): number;
  getEntryLength(row: number): number;
  readonly childVector: DuckDBVector;
}

/** The cells of all rows of a chunk, one after the other. */
export function childCells(column: ListVector): BigUint64Array {
  return (column.childVector as unknown as { items: BigUint64Array }).items;
}
