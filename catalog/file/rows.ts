/** Rows of a catalog as {@linkcode GranuleRow}s, read column by column from DuckDB's chunks. */
import type { DuckDBConnection, DuckDBDataChunk, DuckDBValue, DuckDBVector } from "@duckdb/node-api";
import type { GranuleAsset, GranuleRow } from "../granule.ts";
import { BBOX_FIELDS, type Column, COLUMNS } from "../schema.ts";
import { sqlName } from "../../core/tables/duckdb.ts";

/** What each column is asked for as, so that its vector holds plain values. */
function selectList(withoutCells: boolean): string {
  return COLUMNS.map((column) => selected(column, withoutCells)).join(", ");
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
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    const numbers = chunk.getColumnVector(0);
    const rows = decodeChunk(chunk, places);
    yield { rows, fileRows: rows.map((_, i) => Number(numbers.getItem(i))) };
  }
}

function decodeChunk(chunk: DuckDBDataChunk, places: ReadonlyMap<string, number>): GranuleRow[] {
  const vector = (name: string): DuckDBVector => chunk.getColumnVector(places.get(name)!);
  const getters = new Map<string, (row: number) => unknown>();
  for (const { name, type } of COLUMNS) {
    if (type === "bbox") {
      const [xmin, ymin, xmax, ymax] = BBOX_FIELDS.map(vector) as DuckDBVector[];
      getters.set(name, (row) => {
        const box = {
          xmin: xmin.getItem(row) as number | null,
          ymin: ymin.getItem(row) as number | null,
          xmax: xmax.getItem(row) as number | null,
          ymax: ymax.getItem(row) as number | null,
        };
        return box.xmin === null || box.ymin === null || box.xmax === null || box.ymax === null ? null : box;
      });
      continue;
    }
    const column = vector(name);
    getters.set(name, (row) => decode(type, column, row));
  }
  const rows: GranuleRow[] = [];
  for (let row = 0; row < chunk.rowCount; row++) {
    const decoded: Record<string, unknown> = {};
    for (const [name, get] of getters) decoded[name] = get(row);
    rows.push(decoded as unknown as GranuleRow);
  }
  return rows;
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
    case "json":
      return JSON.parse((column.getItem(row) as string | null) ?? "{}");
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
