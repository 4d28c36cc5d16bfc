/**
 * A few granule rows put into a table of DuckDB as they are: what writes Parquet files of many rows takes longer
 * to start than these take.
 */
import type { DuckDBValue } from "@duckdb/node-api";
import { type Duck, sqlName } from "../../core/tables/duckdb.ts";
import type { GranuleAsset, GranuleRow } from "../granule.ts";
import { ASSET_FIELDS, type Column, COLUMNS, SQL_TYPES } from "../schema.ts";

/** Each value, those of lists as well, costs a call here: more rows are cheaper as a file. */
export const FEW_ROWS = 100;

type Library = typeof import("@duckdb/node-api");

/** Makes a temporary table of the contract's columns and `file_row_number`, of at most {@linkcode FEW_ROWS} rows. */
export async function makeTable(
  { connection }: Duck,
  table: string,
  rows: readonly GranuleRow[],
): Promise<void> {
  const columns = COLUMNS.map(({ name, type }) => `${sqlName(name)} ${SQL_TYPES[type]}`);
  await connection.run(`CREATE TEMP TABLE ${sqlName(table)} (file_row_number BIGINT, ${columns.join(", ")})`);
  if (rows.length === 0) return;
  const library = await import("@duckdb/node-api");
  const appender = await connection.createAppender(table);
  const types = Array.from({ length: appender.columnCount }, (_, column) => appender.columnType(column));
  const chunk = library.DuckDBDataChunk.create(types);
  chunk.setRows(rows.map((row, i) => [BigInt(i), ...COLUMNS.map((column) => valueOf(library, column, row))]));
  appender.appendDataChunk(chunk);
  appender.closeSync();
}

function valueOf(library: Library, { name, type }: Column, row: GranuleRow): DuckDBValue {
  const value = row[name as keyof GranuleRow];
  if (value === null || value === undefined) return null;
  switch (type) {
    case "timestamp":
      return new library.DuckDBTimestampTZValue(BigInt(Math.round(value as number * 1000)));
    case "int64":
      return BigInt(value as number);
    case "json":
      return JSON.stringify(value);
    case "wkb":
      return library.blobValue(value as Uint8Array);
    case "cells":
      return library.listValue(Array.from(row.cells));
    case "bbox":
      return library.structValue({ ...row.bbox });
    case "assets":
      return library.listValue(row.assets.map((asset) => library.structValue(assetValues(asset))));
    default:
      return value as string | number;
  }
}

function assetValues(asset: GranuleAsset): Record<string, DuckDBValue> {
  return Object.fromEntries(ASSET_FIELDS.map(({ name, type }) => {
    const value = asset[name as keyof GranuleAsset] ?? null;
    return [name, value !== null && type === "int64" ? BigInt(value) : value];
  }));
}
