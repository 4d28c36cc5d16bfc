/** Granules whose rows do not hold any longer in some files of a live catalog, in SQL. */
import { sqlString } from "../../core/tables/duckdb.ts";
import type { HiddenNames } from "./live_manifest.ts";

/** Names in one VALUES list; longer ones make DuckDB's parser slow. */
const NAMES_AT_ONCE = 1000;

/** Statements that make `table` of the names. */
export function hiddenTable(table: string, { names }: HiddenNames): string[] {
  const values = Object.entries(names).flatMap(([collection, ids]) =>
    ids.map((id) => `(${sqlString(collection)}, ${sqlString(id)})`)
  );
  const statements = [`CREATE OR REPLACE TEMP TABLE ${table} (collection VARCHAR, id VARCHAR)`];
  for (let at = 0; at < values.length; at += NAMES_AT_ONCE) {
    statements.push(`INSERT INTO ${table} VALUES ${values.slice(at, at + NAMES_AT_ONCE).join(", ")}`);
  }
  return statements;
}

/** A WHERE clause over `read_parquet` of the state's files that leaves them out; empty where there are none. */
export function withoutHidden(table: string, hidden: HiddenNames | null): string {
  return hidden === null
    ? ""
    : ` WHERE NOT (file_index < ${hidden.files} AND (collection, id) IN (SELECT collection, id FROM ${table}))`;
}
