/**
 * DuckDB over files with holes: what a statement reads is brought before it runs. DuckDB itself says which
 * columns that are, by its plan of the statement.
 */
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { FILES_AT_ONCE, mapBounded } from "../../core/concurrency.ts";
import type { Duck } from "../../core/tables/duckdb.ts";
import type { RemoteFile } from "./remote_file.ts";
import type { RowSpan } from "./row_spans.ts";

/** What reads columns, in a plan. */
const SCAN = "READ_PARQUET";

/** Statements that read no column, whatever they name. */
const NO_READING = /^\s*(SET|RESET|DROP|CREATE\s+(OR\s+REPLACE\s+)?(TEMP\s+)?(VIEW|MACRO))\b/i;

/**
 * The same DuckDB; the columns that its statements read come to `files` before. Of a statement that says the condition
 * of `spans`, the row groups come that these meet.
 */
export function filledDuck(
  duck: Duck,
  files: readonly RemoteFile[],
  signal: AbortSignal | undefined,
  spans: readonly RowSpan[] | null = null,
): Duck {
  const { connection } = duck;
  const fill = async (sql: string, values?: DuckDBValue[] | Record<string, DuckDBValue>): Promise<void> => {
    if (NO_READING.test(sql)) return;
    const read = await columnsOf(connection, sql, values);
    if (read === undefined) return;
    const within = read.byRows ? spans : null;
    for (const file of files) await file.locate(duck);
    await mapBounded(files, FILES_AT_ONCE, (file) => file.fill(read.isWanted, within, signal));
  };
  const filled: Pick<DuckDBConnection, "run" | "runAndReadAll" | "stream" | "extractStatements"> = {
    async run(sql, values, types) {
      await fill(sql, values);
      return await connection.run(sql, values, types);
    },
    async runAndReadAll(sql, values, types) {
      await fill(sql, values);
      return await connection.runAndReadAll(sql, values, types);
    },
    async stream(sql, values, types) {
      await fill(sql, values);
      return await connection.stream(sql, values, types);
    },
    async extractStatements(sql) {
      await fill(sql);
      return await connection.extractStatements(sql);
    },
  };
  return { ...duck, connection: within(connection, filled) };
}

/** The connection with some methods of its own; any other that would run a statement unseen is not there. */
function within(connection: DuckDBConnection, own: Partial<DuckDBConnection>): DuckDBConnection {
  const passed = new Set<PropertyKey>(["createAppender", "closeSync", "disconnectSync"]);
  return new Proxy(connection, {
    get(target, name) {
      if (name in own) return own[name as keyof DuckDBConnection];
      if (!passed.has(name)) return undefined;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

interface Reading {
  isWanted(column: string): boolean;
  /** Whether all that reads columns is limited to rows by their numbers. */
  byRows: boolean;
}

/** Tells the columns that a statement may read; undefined where it reads none. */
async function columnsOf(
  connection: DuckDBConnection,
  sql: string,
  values: DuckDBValue[] | Record<string, DuckDBValue> | undefined,
): Promise<Reading | undefined> {
  const isOne = await connection.extractStatements(sql).then(({ count }) => count === 1, () => false);
  // What is no statement, or several, is refused by whoever asked for it.
  if (!isOne) return undefined;
  let plan: unknown;
  try {
    const reader = await connection.runAndReadAll(`EXPLAIN (FORMAT json) ${sql}`, values);
    plan = reader.getRows().map((row) => JSON.parse(String(row[1])));
  } catch {
    // A mistake in the statement, which it tells itself, or one that cannot be explained, such as EXPLAIN.
    return /^\s*EXPLAIN\b/i.test(sql) ? { isWanted: () => true, byRows: false } : undefined;
  }
  const words = new Set<string>();
  const texts: string[] = [];
  if (!gather(plan, texts)) return undefined;
  // Filters that depend on parameters may stand in the statement only.
  for (const text of [...texts, sql]) {
    for (const [word] of text.matchAll(/\w+/g)) words.add(word.toLowerCase());
  }
  const all = texts.join("\n").toLowerCase();
  const isWanted = (column: string) => {
    const name = column.toLowerCase();
    return /^\w+$/.test(name) ? words.has(name) : all.includes(name) || sql.toLowerCase().includes(name);
  };
  return { isWanted, byRows: isByRows(plan) };
}

/** Whether each operator of a plan that reads columns has a filter of row numbers: it passes over other row groups. */
function isByRows(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return true;
  const { name, extra_info: info } = node as { name?: unknown; extra_info?: { Filters?: unknown } };
  const isScan = typeof name === "string" && name.trim() === SCAN;
  if (isScan && !JSON.stringify(info?.Filters ?? "").includes("file_row_number")) return false;
  return Object.values(node).every(isByRows);
}

/** Gathers what a plan's operators say of themselves; whether one of them reads columns. */
function gather(node: unknown, texts: string[]): boolean {
  if (typeof node === "string") {
    texts.push(node);
    return node === SCAN;
  }
  if (typeof node !== "object" || node === null) return false;
  return Object.values(node).map((value) => gather(value, texts)).includes(true);
}
