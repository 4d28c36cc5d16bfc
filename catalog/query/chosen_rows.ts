/** Rows of a catalog that are known by their numbers, for DuckDB. */
import type { DuckDBValue } from "@duckdb/node-api";
import type { Catalog } from "../file/open_catalog.ts";

/** Puts the numbers of rows into DuckDB's table `chosen`, in place of those that were there. */
export async function fillChosen(catalog: Catalog, rows: ReadonlySet<number>): Promise<void> {
  const { connection } = catalog.duck;
  await connection.run("CREATE OR REPLACE TEMP TABLE chosen (file_row_number BIGINT)");
  const appender = await connection.createAppender("chosen");
  for (const row of rows) {
    appender.appendBigInt(BigInt(row));
    appender.endRow();
  }
  appender.closeSync();
}

/** Those of the rows that fulfil a condition over the catalog's columns. */
export async function fulfilling(
  catalog: Catalog,
  rows: ReadonlySet<number>,
  condition: string,
  values: DuckDBValue[],
): Promise<Set<number>> {
  await fillChosen(catalog, rows);
  const reader = await catalog.duck.connection.runAndReadAll(
    `SELECT file_row_number FROM ${catalog.conditionTable} AS granules
     SEMI JOIN chosen USING (file_row_number) WHERE ${condition}`,
    values,
  );
  return new Set(reader.getRows().map(([row]) => Number(row)));
}
