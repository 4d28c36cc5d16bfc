/** The row groups of a catalog's file, each known by what the file's footer says of it, wherever it lies in the file. */
import { sqlString } from "../../core/tables/duckdb.ts";
import type { DuckDBConnection } from "@duckdb/node-api";

export interface RowGroup {
  /** The number of its first row in the file. */
  first: number;
  rows: number;
  /** Of the sizes and statistics of its columns; a group that an update copies keeps it. */
  digest: string;
}

/** In the order of the file. */
export async function rowGroupsOf(connection: DuckDBConnection, path: string): Promise<RowGroup[]> {
  const reader = await connection.runAndReadAll(
    `SELECT any_value(row_group_num_rows)::DOUBLE, md5(string_agg(concat_ws('|', path_in_schema, num_values,
       total_compressed_size, total_uncompressed_size, stats_null_count, stats_min_value, stats_max_value),
       chr(10) ORDER BY column_id))
     FROM parquet_metadata(${sqlString(path)}) GROUP BY row_group_id ORDER BY row_group_id`,
  );
  let first = 0;
  return reader.getRows().map(([rows, digest]) => {
    const group = { first, rows: rows as number, digest: String(digest) };
    first += group.rows;
    return group;
  });
}
