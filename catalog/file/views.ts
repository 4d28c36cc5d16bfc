/**
 * The views and macros of `catalog sql`: `granules`, `urls` and `cells_at(order)`. The same statements
 * are printed by `catalog sql --print`, and run in any DuckDB of version 1.5 or later.
 */
import { sqlFiles } from "../../core/tables/duckdb.ts";

/**
 * The rows of the files at `paths`, under the clause `where`, for a connection that reads geometry as bytes: it
 * becomes GEOMETRY, as any other DuckDB reads it.
 */
export function granulesOf(
  paths: readonly string[],
  types: ReadonlyMap<string, string>,
  where: string,
): string {
  const geometry = types.get("geometry") === "BLOB" ? " REPLACE (ST_GeomFromWKB(geometry) AS geometry)" : "";
  return `SELECT *${geometry} FROM read_parquet(${sqlFiles(paths)})${where}`;
}

/** The statements that make the views over `granules`, a query of the catalog's rows. */
export function viewStatements(granules: string, types: ReadonlyMap<string, string>): string[] {
  const absent = (name: string): string => types.has(name) ? name : `NULL AS ${name}`;
  return [
    `CREATE TEMP VIEW granules AS ${granules}`,
    `CREATE TEMP VIEW urls AS
SELECT collection, id, NULL AS asset, s3_base || path AS s3, https_base || path AS https,
  local_base || path AS local, size_bytes, checksum
FROM (SELECT collection, id, path, assets, ${
      ["s3_base", "https_base", "local_base", "size_bytes", "checksum"].map(absent).join(", ")
    } FROM granules)
WHERE len(assets) = 0
UNION ALL
SELECT collection, id, a.key, if(whole, a.s3_href, s3_base || a.path), if(whole, a.https_href, https_base || a.path),
  coalesce(a.local_href, local_base || a.path), a.size_bytes, a.checksum
FROM (SELECT *, a.s3_href IS NOT NULL OR a.https_href IS NOT NULL AS whole
FROM (SELECT collection, id, unnest(assets) AS a, ${
      ["s3_base", "https_base", "local_base"].map(absent).join(", ")
    } FROM granules))`,
    `CREATE TEMP MACRO cells_at(wanted) AS TABLE
SELECT DISTINCT collection, id, unnest(CASE WHEN cell_order >= wanted
  THEN [cell >> (2 * (cell_order - wanted))]
  ELSE range((cell << (2 * (wanted - cell_order)))::BIGINT, ((cell + 1) << (2 * (wanted - cell_order)))::BIGINT)::UBIGINT[]
  END) AS cell
FROM (SELECT collection, id, cell_order::INTEGER AS cell_order, unnest(cells) AS cell FROM granules)`,
  ];
}
