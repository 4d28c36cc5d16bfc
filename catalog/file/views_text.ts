/** The views of `catalog sql` as a script for any DuckDB. */
import path from "node:path";
import { sqlString } from "../../core/tables/duckdb.ts";
import { COLUMNS } from "../schema.ts";
import { viewStatements } from "./views.ts";

/** Statements that make `granules`, `urls` and `cells_at(order)` over a catalog file, with its absolute path. */
export function viewScript(file: string, types?: ReadonlyMap<string, string>): string {
  const all = types ?? new Map(COLUMNS.map((column) => [column.name, ""]));
  const statements = viewStatements(`SELECT * FROM read_parquet(${sqlString(path.resolve(file))})`, all);
  const lines = statements.map((statement) =>
    `${statement.replace(/^CREATE TEMP (VIEW|MACRO)/, "CREATE OR REPLACE TEMP $1")};\n`
  );
  return `-- Views over a granary catalog, for DuckDB 1.5 or later.\n${lines.join("\n")}`;
}
