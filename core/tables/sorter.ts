/** DuckDB for sorting files, which spills where memory ends. */
import path from "node:path";
import { type Duck, type DuckOptions, openDuck } from "./duckdb.ts";

/** DuckDB's share while it sorts, unless set: a million rows of 170 cells fit, and wider ones spill. */
const SORT_MEMORY_BYTES = 450_000_000;

/**
 * DuckDB for sorting into `output`, beside which it spills unless there is a scratch folder. One thread, because each
 * further one holds row groups of its own while it writes, and a million rows then need twice the memory for little time.
 */
export function openSorter(output: string, options: DuckOptions): Promise<Duck> {
  return openDuck({
    ...options,
    scratch: options.scratch ?? path.dirname(output),
    threads: 1,
    memoryBytes: options.memoryBytes ?? SORT_MEMORY_BYTES,
  });
}

/** Runs statements one after the other. @returns the number that the last one answers */
export async function runStatements({ connection }: Duck, statements: readonly string[]): Promise<number> {
  for (const statement of statements.slice(0, -1)) await connection.run(statement);
  const reader = await connection.runAndReadAll(statements.at(-1)!);
  return Number(reader.getRows()[0][0]);
}

/** The same in a sorter of its own, of statements that are made for it, and then `after` with what they answer. */
export async function sortInto(
  output: string,
  statements: (duck: Duck) => readonly string[] | Promise<readonly string[]>,
  options: DuckOptions,
  after: (duck: Duck, rows: number) => Promise<void>,
): Promise<number> {
  const duck = await openSorter(output, options);
  try {
    const rows = await runStatements(duck, await statements(duck));
    await after(duck, rows);
    return rows;
  } finally {
    duck.close();
  }
}
