/** Granule rows on their way to a catalog as one Arrow record batch, with the columns of `schema.ts` and those of `passing_cells.ts`. */
import type { Data, RecordBatch } from "apache-arrow";
import type { GranuleAsset, GranuleRow } from "../granule.ts";
import { ASSET_FIELDS, BBOX_FIELDS, type Column, COLUMNS } from "../schema.ts";
import { passingCells } from "./passing_cells.ts";
import {
  binaryColumn,
  float64Column,
  int32Column,
  int64Column,
  listColumn,
  type NamedColumn,
  recordBatch,
  structColumn,
  timestampColumn,
  uint8Column,
  utf8Column,
} from "../../core/tables/arrow_columns.ts";

/** A record batch of `rows`. They are taken as they are: `checkRow` checks them. */
export function rowsToBatch(rows: readonly GranuleRow[]): RecordBatch {
  const columns = COLUMNS.flatMap((column): NamedColumn[] => {
    const { name, type, nullable } = column;
    return type === "cells" ? passingCells(rows) : [{ name, data: columnData(column, type, rows), nullable }];
  });
  return recordBatch(columns, rows.length);
}

function columnData(
  column: Column,
  type: Exclude<Column["type"], "cells">,
  rows: readonly GranuleRow[],
): Data {
  switch (type) {
    case "bbox":
      return bboxColumn(rows);
    case "assets":
      return assetsColumn(rows);
    case "json":
      return utf8Column(rows.map((row) => JSON.stringify(row.properties)));
    case "wkb":
      return binaryColumn(rows.map((row) => row.geometry));
    case "string":
      return utf8Column(values<string>(column, rows));
    case "int32":
      return int32Column(values<number>(column, rows));
    case "int64":
      return int64Column(values<number>(column, rows));
    case "uint8":
      return uint8Column(rows.map((row) => row.cell_order));
    case "timestamp":
      return timestampColumn(values<number>(column, rows));
  }
}

function values<T>(column: Column, rows: readonly GranuleRow[]): (T | null)[] {
  const name = column.name as keyof GranuleRow;
  return rows.map((row) => (row[name] ?? null) as T | null);
}

/** The box of each row, where it has one. */
export function bboxColumn(rows: readonly GranuleRow[]): Data {
  const fields = BBOX_FIELDS.map((name) => ({
    name,
    data: float64Column(rows.map((row) => row.bbox?.[name] ?? null)) as Data,
    nullable: true,
  }));
  return structColumn(fields, rows.map((row) => row.bbox));
}

function assetsColumn(rows: readonly GranuleRow[]): Data {
  const assets = rows.flatMap((row) => row.assets);
  const fields = ASSET_FIELDS.map(({ name, type }) => {
    const column = assets.map((asset) => asset[name as keyof GranuleAsset] ?? null);
    const data: Data = type === "int64"
      ? int64Column(column as (number | null)[])
      : utf8Column(column as (string | null)[]);
    return { name, data, nullable: name !== "key" };
  });
  return listColumn(rows.map((row) => row.assets.length), structColumn(fields, assets));
}
