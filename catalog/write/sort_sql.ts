/** Sorting and merging of catalog files as statements for DuckDB. */
import path from "node:path";
import { sqlName, sqlString } from "../../core/tables/duckdb.ts";
import { contractColumns } from "../file/columns_sql.ts";
import { hiddenTable } from "../file/hidden.ts";
import type { HiddenNames } from "../file/live_manifest.ts";
import { COLUMNS, PLACE_SQL, placeSql, ROW_GROUP_ROWS } from "../schema.ts";
import { FIRST_PASSED_SQL, PASSED_CELLS_SQL, WIDE_CELLS } from "./passing_cells.ts";

/** Rows to sort. */
export interface SortInput {
  /** A table of them with `file_row_number`, as SQL. */
  table: string;
  /** Its own columns and their DuckDB types; a nullable one that is missing reads as null. */
  types: ReadonlyMap<string, string>;
  /** Names that do not count in it. */
  hidden?: HiddenNames | null;
}

/** A file of passing rows as a table of the contract's columns, with `file_row_number`. */
export function passingTable(file: string): string {
  return passed(fileTable(file));
}

function passed(table: string): string {
  return `(SELECT * EXCLUDE (${WIDE_CELLS}) REPLACE (${PASSED_CELLS_SQL} AS cells) FROM ${table})`;
}

/** A Parquet file as a table with `file_row_number`. */
export function fileTable(file: string): string {
  return `read_parquet(${sqlString(path.resolve(file))}, file_row_number = true)`;
}

interface Sorting {
  inputs: readonly SortInput[];
  output: string;
  /** The only footer keys of the output. */
  metadata: ReadonlyMap<string, string>;
  /** A table of the numbers (`row`) of rows in the first input that are left out. */
  leftOut?: string;
}

/**
 * Statements that keep one row of each (collection, id) by revision and then by the later file and place, sort along
 * the cells, and write the output. The last one answers the count of rows.
 */
export function sortStatements({ inputs, output, metadata, leftOut }: Sorting): string[] {
  const names = [...new Set(inputs.flatMap(({ hidden }) => hidden == null ? [] : [hidden]))];
  const tableOf = (hidden: HiddenNames) => `hidden_names_${names.indexOf(hidden)}`;
  const source = inputs.map(({ table, types, hidden }, index) => {
    const where = hidden == null
      ? ""
      : ` WHERE (collection, id) NOT IN (SELECT collection, id FROM ${tableOf(hidden)})`;
    return `SELECT ${index}::INTEGER AS file_index, file_row_number, ${contractColumns(types)}
       FROM ${table}${where}`;
  }).join(" UNION ALL ");
  const alsoLeftOut = leftOut === undefined ? "" : ` UNION ALL SELECT 0, row FROM ${leftOut}`;
  return [
    ...names.flatMap((hidden) => hiddenTable(tableOf(hidden), hidden)),
    `${losersTable(source)}${alsoLeftOut}`,
    copyStatement(
      `(${source}) ANTI JOIN losers USING (file_index, file_row_number) ORDER BY ${CANONICAL_SQL}`,
      output,
      metadata,
    ),
  ];
}

/** The same of passing rows alone, of a file: their cells stay as they pass until they are written. */
export function sortPassing(
  file: string,
  { output, metadata }: Pick<Sorting, "output" | "metadata">,
): string[] {
  const table = fileTable(file);
  return [
    losersTable(`SELECT 0 AS file_index, * FROM ${table}`),
    copyStatement(
      passed(
        `(SELECT * FROM ${table} ANTI JOIN losers USING (file_row_number)
          ORDER BY ${placeSql(FIRST_PASSED_SQL)} NULLS LAST, collection, id)`,
      ),
      output,
      metadata,
    ),
  ];
}

function losersTable(source: string): string {
  return `CREATE OR REPLACE TEMP TABLE losers AS
     (SELECT file_index, file_row_number FROM (${source})
      QUALIFY row_number() OVER (
        PARTITION BY collection, id
        ORDER BY revision DESC NULLS LAST, file_index DESC, file_row_number DESC) > 1)`;
}

/** The order of rows in a catalog. */
export const CANONICAL_SQL = `${PLACE_SQL} NULLS LAST, collection, id`;

/** Writes the contract's columns of what follows FROM as a catalog's file; answers the count of rows. */
export function copyStatement(
  from: string,
  output: string,
  metadata: ReadonlyMap<string, string> = new Map(),
): string {
  const names = COLUMNS.map((column) => sqlName(column.name)).join(", ");
  const keys = [...metadata].map(([key, text]) => `${sqlName(key)}: ${sqlString(text)}`).join(", ");
  return `COPY (SELECT ${names} FROM ${from}) TO ${sqlString(output)}
     (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}${
    keys === "" ? "" : `, KV_METADATA {${keys}}`
  })`;
}
