/** The contract's columns out of a Parquet file, whatever the file's own types are. */
import { type Duck, sqlName, sqlString } from "../../core/tables/duckdb.ts";
import { COLUMNS, SQL_TYPES } from "../schema.ts";

/** Column names and DuckDB types of a file that was written as the contract says. */
export const OWN_TYPES: ReadonlyMap<string, string> = new Map(
  COLUMNS.map(({ name, type }) => [name, SQL_TYPES[type]]),
);

/** Column names and DuckDB types of a Parquet file. */
export async function parquetTypes(duck: Duck, file: string): Promise<Map<string, string>> {
  const reader = await duck.connection.runAndReadAll(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${sqlString(file)}))`,
  );
  return new Map(reader.getRows().map(([name, type]) => [String(name), String(type)]));
}

/**
 * A select list of every column of the contract in its own type; a nullable column that is missing
 * reads as null.
 */
export function contractColumns(types: ReadonlyMap<string, string>): string {
  return COLUMNS.map((column) => {
    const name = sqlName(column.name);
    const found = types.get(column.name);
    if (found === undefined) return `NULL::${SQL_TYPES[column.type]} AS ${name}`;
    if (column.type === "wkb" && found.startsWith("GEOMETRY")) return `ST_AsWKB(${name}) AS ${name}`;
    return found === SQL_TYPES[column.type] ? name : `${name}::${SQL_TYPES[column.type]} AS ${name}`;
  }).join(", ");
}
