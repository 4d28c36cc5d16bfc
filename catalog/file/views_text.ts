/** The views of `catalog sql` as a script for any DuckDB. */
import path from "node:path";
import { sqlFiles } from "../../core/tables/duckdb.ts";
import { COLUMNS } from "../schema.ts";
import type { CatalogFiles } from "./catalog_files.ts";
import { hiddenTable, withoutHidden } from "./hidden.ts";
import { viewStatements } from "./views.ts";

const HIDDEN = "hidden_names";

/**
 * Statements that make `granules`, `urls` and `cells_at(order)` over a catalog's files, with their absolute paths; of a
 * live catalog, over its state of now.
 */
export function viewScript(
  { files, hidden }: Pick<CatalogFiles, "files" | "hidden">,
  types?: ReadonlyMap<string, string>,
): string {
  const all = types ?? new Map(COLUMNS.map((column) => [column.name, ""]));
  const granules = `SELECT * FROM read_parquet(${sqlFiles(files.map((file) => path.resolve(file)))})` +
    withoutHidden(HIDDEN, hidden);
  const statements = [
    ...(hidden === null ? [] : hiddenTable(HIDDEN, hidden)),
    ...viewStatements(granules, all),
  ];
  const lines = statements.map((statement) =>
    `${statement.replace(/^CREATE TEMP (VIEW|MACRO)/, "CREATE OR REPLACE TEMP $1")};\n`
  );
  return `-- Views over a granary catalog, for DuckDB 1.5 or later.\n${lines.join("\n")}`;
}
