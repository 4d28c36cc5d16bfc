/** `catalog sql`: the user's own query over the views of one catalog, in several formats. */
import type { DuckDBResult } from "@duckdb/node-api";
import { inputError } from "../../core/errors.ts";
import { damageError } from "../../core/tables/reading.ts";
import { shorten } from "../../core/tables/expression.ts";
import type { Queried } from "./queried.ts";
import { arrowStream } from "../../core/tables/result_arrow.ts";
import { parquetResult } from "./parquet_result.ts";
import { csvField, jsonText, plainRows } from "../../core/tables/result_text.ts";

export const SQL_FORMATS = ["table", "csv", "json", "arrow", "parquet"] as const;
export type SqlFormat = (typeof SQL_FORMATS)[number];

/** Rows that a table for people shows. */
export const TABLE_ROWS = 10_000;

/** Statements that only read. */
const READING = new Set(["SELECT", "EXPLAIN"]);

/**
 * Runs one statement that reads. It sees the views that were made (a catalog's are `granules`, `urls` and
 * `cells_at(order)`) and no other file. Throws an input error with DuckDB's own words for anything else.
 */
export async function runSql(catalog: Queried, sql: string): Promise<DuckDBResult> {
  return await explained(catalog, sql, async () => {
    const statement = await prepareOne(catalog, sql);
    return await statement.stream();
  });
}

async function prepareOne(catalog: Queried, sql: string) {
  const { StatementType } = await import("@duckdb/node-api");
  if (!holdsStatement(sql)) throw inputError(`sql "${shorten(sql)}": holds no statement (wanted one SELECT)`);
  const statements = await catalog.duck.connection.extractStatements(sql);
  if (statements.count !== 1) {
    throw inputError(`sql "${shorten(sql)}": holds ${statements.count} statements (wanted one SELECT)`);
  }
  const statement = await statements.prepare(0);
  const kind = StatementType[statement.statementType] ?? "unknown";
  if (!READING.has(kind)) {
    throw inputError(`sql "${shorten(sql)}": is a statement of kind ${kind} (wanted a SELECT)`);
  }
  return statement;
}

/** Whether anything is left without comments and semicolons; DuckDB's binding fails on nothing. */
function holdsStatement(sql: string): boolean {
  return sql.replace(/--[^\n]*|\/\*[^]*?\*\//g, "").replace(/[\s;]/g, "") !== "";
}

async function explained<T>(catalog: Queried, sql: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw sqlFailure(catalog, sql, error);
  }
}

function sqlFailure({ name }: Queried, sql: string, cause: unknown): unknown {
  const error = damageError(name, cause);
  if (!(error instanceof Error) || error.name === "GranaryError" || error.name === "AbortError") return error;
  const disabled = error.message.includes("disabled by configuration");
  const hint = disabled
    ? " (SQL reads what the command names and no other file; catalog sql --print gives views for a DuckDB of your own)"
    : "";
  return inputError(`sql "${shorten(sql)}": ${error.message.trim()}${hint}`);
}

/** The result in a format's own bytes, a chunk at a time. `table` is not bytes: see `tableOf`. */
export async function* formatSql(
  catalog: Queried,
  sql: string,
  format: Exclude<SqlFormat, "table">,
): AsyncGenerator<string | Uint8Array> {
  try {
    if (format === "parquet") {
      await prepareOne(catalog, sql);
      yield* parquetResult(catalog, sql.trim().replace(/(;\s*)+$/, ""));
      return;
    }
    const result = await runSql(catalog, sql);
    if (format === "arrow") yield* arrowStream(result);
    else if (format === "csv") yield* csvLines(result);
    else yield* jsonLines(result);
  } catch (error) {
    throw sqlFailure(catalog, sql, error);
  }
}

/** Names and rows for a table; `more` when there are rows beyond the limit. */
export async function tableOf(
  catalog: Queried,
  sql: string,
  limit: number = TABLE_ROWS,
): Promise<{ columns: string[]; rows: unknown[][]; more: boolean }> {
  const result = await runSql(catalog, sql);
  return await explained(catalog, sql, async () => {
    const rows: unknown[][] = [];
    for await (const chunk of plainRows(result)) {
      rows.push(...chunk);
      if (rows.length > limit) break;
    }
    return { columns: result.columnNames(), rows: rows.slice(0, limit), more: rows.length > limit };
  });
}

async function* csvLines(result: DuckDBResult): AsyncGenerator<string> {
  yield result.columnNames().map(csvField).join(",") + "\n";
  for await (const rows of plainRows(result)) {
    yield rows.map((row) => row.map(csvField).join(",") + "\n").join("");
  }
}

/** A JSON array of objects, one a line. */
async function* jsonLines(result: DuckDBResult): AsyncGenerator<string> {
  const names = result.deduplicatedColumnNames();
  let first = true;
  for await (const rows of plainRows(result)) {
    let text = "";
    for (const row of rows) {
      text += (first ? "[\n" : ",\n") +
        jsonText(Object.fromEntries(row.map((value, i) => [names[i], value])));
      first = false;
    }
    if (text !== "") yield text;
  }
  yield first ? "[]\n" : "\n]\n";
}
