/** Rows of the one table of all benchmarks. */
import fs from "node:fs";
import process from "node:process";

/** Where `scripts/bench.ts` gathers rows, a line of JSON each. */
export const ROWS_FILE = "GRANARY_BENCH_ROWS";

export interface BenchRow {
  /** What was measured, of what, against whom. */
  readonly what: string;
  /** Median and spread with their unit; or a ratio. */
  readonly figure: string;
  /** What is wanted of it; null where nothing is. */
  readonly wanted: string | null;
}

/** Adds a row to the table, where one is gathered. */
export function addRow(row: BenchRow): void {
  const file = process.env[ROWS_FILE];
  if (file !== undefined) fs.appendFileSync(file, `${JSON.stringify(row)}\n`);
}
