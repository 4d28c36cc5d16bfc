/** Sorting and merging of catalog files by DuckDB, which spills where memory ends. */
import path from "node:path";
import { type Duck, type DuckOptions, openDuck, sqlName, sqlString } from "../../core/tables/duckdb.ts";
import { contractColumns, parquetTypes } from "../file/columns_sql.ts";
import { hiddenTable } from "../file/hidden.ts";
import type { HiddenNames } from "../file/live_manifest.ts";
import { COLUMNS, PLACE_SQL, ROW_GROUP_ROWS } from "../schema.ts";

/** DuckDB's share while it sorts, unless set: a million rows of 170 cells fit, and wider ones spill. */
const SORT_MEMORY_BYTES = 700_000_000;

/**
 * DuckDB for sorting: one thread, because each further one holds row groups of its own while it writes,
 * and a million rows then need twice the memory for little time.
 */
export function openSorter(options: DuckOptions): Promise<Duck> {
  return openDuck({ ...options, threads: 1, memoryBytes: options.memoryBytes ?? SORT_MEMORY_BYTES });
}

/** Rows of one of the files that are left out: by the file's index, their numbers in it. */
interface LeftOut {
  file: number;
  rows: readonly number[];
}

/** A file to sort: names that are `hidden` do not count in it. */
export interface SortInput {
  file: string;
  hidden: HiddenNames | null;
}

/**
 * Reads `files` (of the catalog's columns; a missing nullable one reads as null), keeps one row of each
 * (collection, id) by revision and then by the later file and place, sorts along the cells, and writes
 * `output` with `metadata` as its only footer keys. Returns the count of rows.
 */
export async function sortFiles(
  files: readonly (string | SortInput)[],
  output: string,
  metadata: ReadonlyMap<string, string>,
  options: DuckOptions,
  leftOut: LeftOut = { file: 0, rows: [] },
): Promise<number> {
  const duck = await openSorter({ ...options, scratch: options.scratch ?? path.dirname(output) });
  try {
    const inputs = files.map((one): SortInput => typeof one === "string" ? { file: one, hidden: null } : one);
    return await sortWith(duck, inputs, output, metadata, leftOut);
  } finally {
    duck.close();
  }
}

async function sortWith(
  duck: Duck,
  files: readonly SortInput[],
  output: string,
  metadata: ReadonlyMap<string, string>,
  leftOut: LeftOut,
): Promise<number> {
  const { connection } = duck;
  const hidden = [...new Set(files.flatMap(({ hidden }) => hidden === null ? [] : [hidden]))];
  const tableOf = (names: HiddenNames) => `hidden_names_${hidden.indexOf(names)}`;
  for (const names of hidden) {
    for (const statement of hiddenTable(tableOf(names), names)) await connection.run(statement);
  }
  const parts: string[] = [];
  for (const [index, input] of files.entries()) {
    const file = path.resolve(input.file);
    const where = input.hidden === null
      ? ""
      : ` WHERE (collection, id) NOT IN (SELECT collection, id FROM ${tableOf(input.hidden)})`;
    parts.push(
      `SELECT ${index}::INTEGER AS file_index, file_row_number, ${
        contractColumns(await parquetTypes(duck, file))
      }
       FROM read_parquet(${sqlString(file)}, file_row_number = true)${where}`,
    );
  }
  const source = parts.join(" UNION ALL ");
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE losers AS
     SELECT file_index, file_row_number FROM (${source})
     QUALIFY row_number() OVER (
       PARTITION BY collection, id
       ORDER BY revision DESC NULLS LAST, file_index DESC, file_row_number DESC) > 1`,
  );
  const appender = await connection.createAppender("losers");
  for (const row of leftOut.rows) {
    appender.appendInteger(leftOut.file);
    appender.appendBigInt(BigInt(row));
    appender.endRow();
  }
  appender.closeSync();
  const rows = await copyRows(
    duck,
    `(${source}) ANTI JOIN losers USING (file_index, file_row_number) ORDER BY ${CANONICAL_SQL}`,
    output,
    metadata,
  );
  await connection.run("DROP TABLE losers");
  return rows;
}

/** The order of rows in a catalog. */
export const CANONICAL_SQL = `${PLACE_SQL} NULLS LAST, collection, id`;

/** Writes the contract's columns of what follows FROM as a catalog's file; returns the count of rows. */
export async function copyRows(
  { connection }: Duck,
  from: string,
  output: string,
  metadata: ReadonlyMap<string, string> = new Map(),
): Promise<number> {
  const names = COLUMNS.map((column) => sqlName(column.name)).join(", ");
  const keys = [...metadata].map(([key, text]) => `${sqlName(key)}: ${sqlString(text)}`).join(", ");
  const reader = await connection.runAndReadAll(
    `COPY (SELECT ${names} FROM ${from}) TO ${sqlString(output)}
     (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}${
      keys === "" ? "" : `, KV_METADATA {${keys}}`
    })`,
  );
  return Number(reader.getRows()[0][0]);
}
