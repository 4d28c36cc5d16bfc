/** Rows of a catalog as {@linkcode GranuleRow}s, read column by column from DuckDB's chunks. */
import type { DuckDBConnection, DuckDBDataChunk, DuckDBValue, DuckDBVector } from "@duckdb/node-api";
import type { GranuleAsset, GranuleRow } from "../granule.ts";
import { BBOX_FIELDS, type Column, COLUMNS } from "../schema.ts";
import { sqlName } from "../../core/tables/duckdb.ts";
import { chunksAhead } from "../../core/tables/query.ts";

/** Columns of text. They come together, as a JSON list a row: one text is read faster than many. */
const TEXT_COLUMNS = COLUMNS.filter(({ type }) => type === "string" || type === "json");
const OTHER_COLUMNS = COLUMNS.filter((column) => !TEXT_COLUMNS.includes(column));
const TEXTS = "texts_of_row";

/** What columns are asked for as, so that vectors hold plain values. */
function selectList(withoutCells: boolean): string {
  const texts = TEXT_COLUMNS.map(({ name }) => `${sqlName(name)}::VARCHAR`).join(", ");
  return [
    ...OTHER_COLUMNS.map((column) => selected(column, withoutCells)),
    `to_json([${texts}])::VARCHAR AS ${TEXTS}`,
  ].join(", ");
}

function selected({ name, type }: Column, withoutCells: boolean): string {
  const quoted = sqlName(name);
  if (withoutCells && (type === "wkb" || type === "cells")) {
    return `${type === "wkb" ? "NULL::BLOB" : "[]::UBIGINT[]"} AS ${quoted}`;
  }
  if (type === "timestamp") return `epoch_us(${quoted}) AS ${quoted}`;
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

/** Rows of a table expression of the contract's columns and `file_row_number`, a chunk at a time. */
export async function* readRows(
  connection: DuckDBConnection,
  from: { table: string; tail?: string; values?: DuckDBValue[]; withoutCells?: boolean },
): AsyncGenerator<RowChunk> {
  const sql = `SELECT file_row_number, ${selectList(from.withoutCells ?? false)} FROM ${from.table} ${
    from.tail ?? ""
  }`;
  const result = await connection.stream(sql, from.values);
  const places = new Map(result.columnNames().map((name, index) => [name, index]));
  for await (const chunk of chunksAhead(result)) {
    const numbers = chunk.getColumnVector(0);
    const rows = decodeChunk(chunk, places);
    yield { rows, fileRows: rows.map((_, i) => Number(numbers.getItem(i))) };
  }
}

function decodeChunk(chunk: DuckDBDataChunk, places: ReadonlyMap<string, number>): GranuleRow[] {
  const vector = (name: string): DuckDBVector => chunk.getColumnVector(places.get(name)!);
  const texts = vector(TEXTS);
  const getters = COLUMNS.map(({ name, type }): [string, (row: number, texts: Texts) => unknown] => {
    if (type === "bbox") return [name, boxGetter(vector)];
    const text = TEXT_COLUMNS.findIndex((column) => column.name === name);
    if (type === "json") return [name, (_, texts) => JSON.parse(texts[text] ?? "{}")];
    if (type === "string") return [name, (_, texts) => texts[text]];
    const column = vector(name);
    return [name, (row) => decode(type, column, row)];
  });
  const lists = Array.from({ length: chunk.rowCount }, (_, row) => texts.getItem(row) as string);
  const textsOfRows = JSON.parse(`[${lists.join(",")}]`) as Texts[];
  return textsOfRows.map((own, row) => {
    const decoded: Record<string, unknown> = {};
    for (const [name, get] of getters) decoded[name] = get(row, own);
    return decoded as unknown as GranuleRow;
  });
}

type Texts = readonly (string | null)[];

function boxGetter(vector: (name: string) => DuckDBVector): (row: number) => GranuleRow["bbox"] {
  const [xmin, ymin, xmax, ymax] = BBOX_FIELDS.map(vector) as DuckDBVector[];
  return (row) => {
    const box = {
      xmin: xmin.getItem(row) as number | null,
      ymin: ymin.getItem(row) as number | null,
      xmax: xmax.getItem(row) as number | null,
      ymax: ymax.getItem(row) as number | null,
    };
    return box.xmin === null || box.ymin === null || box.xmax === null || box.ymax === null
      ? null
      : box as GranuleRow["bbox"];
  };
}

function decode(type: string, column: DuckDBVector, row: number): unknown {
  switch (type) {
    case "cells":
      return listCells(column as unknown as ListVector, row).slice();
    case "wkb": {
      const bytes = (column as unknown as BlobVector).getItemBytes(row);
      return bytes === null ? null : new Uint8Array(bytes);
    }
    case "timestamp": {
      const micros = column.getItem(row) as bigint | null;
      return micros === null ? null : Number(micros) / 1000;
    }
    case "int64": {
      const value = column.getItem(row) as bigint | null;
      return value === null ? null : Number(value);
    }
    case "assets": {
      const text = column.getItem(row) as string | null;
      return text === null ? [] : JSON.parse(text) as GranuleAsset[];
    }
    default:
      return column.getItem(row);
  }
}

interface BlobVector {
  getItemBytes(row: number): Uint8Array | null;
}

/** The parts of DuckDB's list vector that reach its flat child without boxing a value. */
export interface ListVector {
  getEntryOffset(row: number): number;
  getEntryLength(row: number): number;
  readonly childVector: DuckDBVector;
}

/** The cells of one row: a view into the chunk, to be copied when kept. */
function listCells(column: ListVector, row: number): BigUint64Array {
  const offset = column.getEntryOffset(row);
  return childCells(column).subarray(offset, offset + column.getEntryLength(row));
}

/** The cells of all rows of a chunk, one after the other. */
export function childCells(column: ListVector): BigUint64Array {
  return (column.childVector as unknown as { items: BigUint64Array }).items;
}
