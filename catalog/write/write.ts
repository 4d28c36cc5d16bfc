/**
 * Writes a catalog: rows in any order are gathered, and DuckDB makes one GeoParquet 1.1 file of them, zstd, sorted along the nested order of the cells, unique in (collection, id), renamed into place when
 * whole.
 */
import fs from "node:fs";
import { makeFileAtomic } from "../../core/files/atomic_path.ts";
import type { Duck, DuckOptions } from "../../core/tables/duckdb.ts";
import { sortInto } from "../../core/tables/sorter.ts";
import { OWN_TYPES } from "../file/columns_sql.ts";
import { catalogMetadata, footer } from "../file/footer_keys.ts";
import { type CatalogQuery, DEFAULT_CELL_ORDER } from "../schema.ts";
import { sortPassing, sortStatements } from "./sort_sql.ts";
import { stateFigures } from "./state_figures.ts";
import { type GatherOptions, type Rows, type Unsorted, withUnsorted } from "./unsorted.ts";

export interface WriteOptions extends DuckOptions, GatherOptions {
  /** The catalog's order of cells; rows of large footprints may lie at coarser ones. */
  cellOrder?: number | undefined;
  /** What fed the catalog; a function is called after the last row, when a source has counted. */
  queries?: readonly CatalogQuery[] | (() => readonly CatalogQuery[]) | undefined;
}

export interface WriteResult {
  /** Rows in the file. */
  rows: number;
  /** Rows given that lost to a higher or later revision of the same (collection, id). */
  replaced: number;
  sizeBytes: number;
}

/** Writes `rows` to `file`. Throws an input error that names the granule for a row out of contract. */
export function writeCatalog(file: string, rows: Rows, options: WriteOptions = {}): Promise<WriteResult> {
  return withUnsorted(file, rows, options, (unsorted) => writeSorted(file, unsorted, options));
}

/** Writes rows that were gathered. */
export async function writeSorted(
  file: string,
  unsorted: Unsorted,
  options: WriteOptions,
): Promise<WriteResult> {
  const { cellOrder = DEFAULT_CELL_ORDER, queries = [] } = options;
  const fed = typeof queries === "function" ? queries() : queries;
  const metadata = footer(unsorted.summary, catalogMetadata(cellOrder, fed));
  return await makeFileAtomic(file, async (temporary) => {
    const into = { output: temporary, metadata };
    const statements = async (duck: Duck) =>
      unsorted.file === null
        ? sortStatements({ inputs: [{ table: await unsorted.tableIn(duck), types: OWN_TYPES }], ...into })
        : sortPassing(unsorted.file, into);
    const written = await sortInto(
      temporary,
      statements,
      options,
      (duck, rows) => stateFigures(duck, temporary, rows),
    );
    return { rows: written, replaced: unsorted.rows - written, sizeBytes: fs.statSync(temporary).size };
  });
}
