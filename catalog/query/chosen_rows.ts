/** Rows of a catalog that are known by their numbers, for DuckDB. */
import type { DuckDBValue } from "@duckdb/node-api";
import type { Catalog } from "../file/open_catalog.ts";
import { spansOfRows } from "./narrow.ts";

/** So many numbers stand in the statement itself: a table of them would take statements of its own. */
const FEW_ROWS = 200;
/** Of a chunk of DuckDB. */
const CHUNK_ROWS = 2048;

/** What a `SEMI JOIN … USING (file_row_number)` names to take these rows; it holds until other rows are asked for. */
export async function chosenRows(catalog: Catalog, rows: ReadonlySet<number>): Promise<string> {
  if (rows.size <= FEW_ROWS) {
    return `(SELECT unnest([${[...rows].join(", ")}]::BIGINT[]) AS file_row_number)`;
  }
  const { connection } = catalog.duck;
  await connection.run("CREATE OR REPLACE TEMP TABLE chosen (file_row_number BIGINT)");
  const { BIGINT, DuckDBDataChunk } = await import("@duckdb/node-api");
  const appender = await connection.createAppender("chosen");
  const all = BigInt64Array.from(rows, BigInt);
  for (let from = 0; from < all.length; from += CHUNK_ROWS) {
    const numbers = Array.from(all.subarray(from, from + CHUNK_ROWS));
    const chunk = DuckDBDataChunk.create([BIGINT], numbers.length);
    chunk.setColumnValues(0, numbers);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  return "chosen";
}

/** Those of the rows that fulfil a condition over the catalog's columns. */
export async function fulfilling(
  catalog: Catalog,
  rows: ReadonlySet<number>,
  condition: string,
  values: DuckDBValue[],
): Promise<Set<number>> {
  const chosen = await chosenRows(catalog, rows);
  const kept = new Set<number>();
  for (const within of catalog.within(await spansOfRows(catalog, rows))) {
    const reader = await within.connection.runAndReadAll(
      `SELECT file_row_number FROM ${catalog.conditionTable} AS granules
       SEMI JOIN ${chosen} USING (file_row_number) WHERE ${condition} AND ${within.condition}`,
      values,
    );
    for (const [row] of reader.getRows()) kept.add(Number(row));
  }
  return kept;
}
