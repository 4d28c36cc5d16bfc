/** What the footer of a Parquet file says of the rows in each of its row groups. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { sqlString } from "../../core/tables/duckdb.ts";
import type { RowSpan } from "./row_spans.ts";

export interface GroupStatistics extends RowSpan {
  /** By column. */
  columns: ReadonlyMap<StatedColumn, ColumnStatistics>;
}

/** Least and greatest value, times in microseconds since 1970; null where the footer does not say. */
interface ColumnStatistics {
  least: number | null;
  greatest: number | null;
  nulls: number | null;
}

/** Columns that selections are narrowed by, by their paths in a footer. */
const PATHS = {
  start_datetime: "start_datetime",
  end_datetime: "end_datetime",
  datetime: "datetime",
  "bbox, xmin": "xmin",
  cell_order: "cell_order",
  "cells, list, element": "cells",
} as const;

export type StatedColumn = typeof PATHS[keyof typeof PATHS];

/** Of every row group, in the order of the file. */
export async function groupStatistics(
  connection: DuckDBConnection,
  path: string,
): Promise<GroupStatistics[]> {
  const value = (stated: string) =>
    `if(path_in_schema LIKE '%datetime', epoch_us(try_cast(${stated} AS TIMESTAMPTZ))::DOUBLE, try_cast(${stated} AS DOUBLE))`;
  const reader = await connection.runAndReadAll(
    `SELECT row_group_id, row_group_num_rows::DOUBLE, path_in_schema, ${value("stats_min_value")},
       ${value("stats_max_value")}, stats_null_count::DOUBLE
     FROM parquet_metadata(${sqlString(path)})
     WHERE path_in_schema IN (${Object.keys(PATHS).map(sqlString).join(", ")}) ORDER BY row_group_id`,
  );
  const groups = new Map<unknown, { rows: number; columns: Map<StatedColumn, ColumnStatistics> }>();
  for (const [group, rows, place, least, greatest, nulls] of reader.getRows()) {
    const { columns } = groups.get(group) ??
      groups.set(group, { rows: rows as number, columns: new Map() }).get(group)!;
    columns.set(PATHS[place as keyof typeof PATHS], {
      least: least as number | null,
      greatest: greatest as number | null,
      nulls: nulls as number | null,
    });
  }
  let first = 0;
  return [...groups.values()].map(({ rows, columns }) => {
    const group = { first, rows, columns };
    first += rows;
    return group;
  });
}
