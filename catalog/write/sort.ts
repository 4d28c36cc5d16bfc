/** Sorting and merging of catalog files by DuckDB, which spills where memory ends. */
import path from "node:path";
import { type Duck, type DuckOptions, openDuck, sqlName, sqlString } from "../../core/tables/duckdb.ts";
import { contractColumns, parquetTypes } from "../file/columns_sql.ts";
import { COLUMNS, PLACE_SQL } from "../schema.ts";

/** DuckDB's share while it sorts, unless set: a million rows of 170 cells fit, and wider ones spill. */
const SORT_MEMORY_BYTES = 700_000_000;

/**
 * DuckDB for sorting: one thread, because each further one holds row groups of its own while it writes,
 * and a million rows then need twice the memory for little time.
 */
function openSorter(options: DuckOptions): Promise<Duck> {
  return openDuck({ ...options, threads: 1, memoryBytes: options.memoryBytes ?? SORT_MEMORY_BYTES });
}

/** Rows of a row group in a sorted file. */
const ROW_GROUP_ROWS = 20_000;

/** Rows of one of the files that are left out: by the file's index, their numbers in it. */
interface LeftOut {
  file: number;
  rows: readonly number[];
}

/**
 * Reads `files` (of the catalog's columns; a missing nullable one reads as null), keeps one row of each
 * (collection, id) by revision and then by the later file and place, sorts along the cells, and writes
 * `output` with `metadata` as its only footer keys. Returns the count of rows.
 */
export async function sortFiles(
  files: readonly string[],
  output: string,
  metadata: ReadonlyMap<string, string>,
  options: DuckOptions,
  leftOut: LeftOut = { file: 0, rows: [] },
): Promise<number> {
  const duck = await openSorter({ ...options, scratch: options.scratch ?? path.dirname(output) });
  try {
    return await sortWith(duck, files.map((file) => path.resolve(file)), output, metadata, leftOut);
  } finally {
    duck.close();
  }
}

async function sortWith(
  duck: Duck,
  files: readonly string[],
  output: string,
  metadata: ReadonlyMap<string, string>,
  leftOut: LeftOut,
): Promise<number> {
  const { connection } = duck;
  const parts: string[] = [];
  for (const [index, file] of files.entries()) {
    parts.push(
      `SELECT ${index}::INTEGER AS file_index, file_row_number, ${
        contractColumns(await parquetTypes(duck, file))
      }
       FROM read_parquet(${sqlString(file)}, file_row_number = true)`,
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
  const names = COLUMNS.map((column) => sqlName(column.name)).join(", ");
  const keys = [...metadata].map(([key, text]) => `${sqlName(key)}: ${sqlString(text)}`).join(", ");
  const reader = await connection.runAndReadAll(
    `COPY (
       SELECT ${names} FROM (${source})
       ANTI JOIN losers USING (file_index, file_row_number)
       ORDER BY ${PLACE_SQL} NULLS LAST, collection, id
     ) TO ${sqlString(output)}
     (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, KV_METADATA {${keys}})`,
  );
  await connection.run("DROP TABLE losers");
  return Number(reader.getRows()[0][0]);
}
