/** A row index as DuckDB reads it. */
import { inputError } from "../../core/errors.ts";
import { type Duck, sqlString } from "../../core/tables/duckdb.ts";
import { ROWS_KEY } from "../schema.ts";
import { HEAD_CELL } from "./index_format.ts";
import { type CellRange, expectIndexFile, type IndexReader, type RunChunk } from "./index_reader.ts";

/** An index that `duck` may read. */
export function duckIndex({ connection }: Duck, file: string): IndexReader {
  const table = `read_parquet(${sqlString(file)})`;
  return {
    async stated() {
      expectIndexFile(file);
      const reader = await connection.runAndReadAll(
        `SELECT decode(value) FROM parquet_kv_metadata(${sqlString(file)}) WHERE decode(key) = '${ROWS_KEY}'`,
      ).catch((error: unknown) => {
        throw inputError(`${file}: not a Parquet file (${(error as Error).message.split("\n")[0]})`);
      });
      const text = reader.getRows()[0]?.[0];
      return typeof text === "string" ? text : undefined;
    },
    async heads() {
      const reader = await connection.runAndReadAll(
        `SELECT collection, id, size_bytes, checksum FROM ${table} WHERE cell = ${HEAD_CELL}`,
      );
      return reader.getRows().map(([collection, id, size, checksum]) => ({
        granule: `${collection}\n${id}`,
        sizeBytes: size === null ? null : Number(size),
        checksum: checksum === null ? null : String(checksum),
      }));
    },
    async *runs(hull, ranges): AsyncGenerator<RunChunk> {
      // Of alternatives alone DuckDB reads every row group, of one range those that it touches.
      const condition = ranges === null
        ? within(hull)
        : `${within(hull)} AND (${ranges.map(within).join(" OR ")})`;
      const result = await connection.stream(
        `SELECT collection, id, "group", cell::DOUBLE, first_row, rows FROM ${table} WHERE ${condition}`,
      );
      for (;;) {
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) return;
        const vectors = Array.from({ length: 6 }, (_, c) => chunk.getColumnVector(c));
        yield {
          length: chunk.rowCount,
          granule: (i) => `${vectors[0].getItem(i)}\n${vectors[1].getItem(i)}`,
          group: (i) => String(vectors[2].getItem(i)),
          cell: (i) => vectors[3].getItem(i) as number,
          first: (i) => vectors[4].getItem(i) as number,
          rows: (i) => vectors[5].getItem(i) as number,
        };
      }
    },
  };
}

function within({ from, to }: CellRange): string {
  return `cell BETWEEN ${from} AND ${to}`;
}
