/** Whether a catalog that was just written gets a cell index, and whether the one beside it still serves. */
import fs from "node:fs";
import { inputError } from "../../core/errors.ts";
import { openDuck } from "../../core/tables/duckdb.ts";
import { cellIndexPath, isRegularFile, MANY_GRANULES } from "../file/cell_index_path.ts";
import { type CatalogOptions, openCatalog } from "../file/open_catalog.ts";
import { openCellIndex, saysItIsCellIndex } from "./read_index.ts";
import { writeCellIndex, type WrittenCellIndex } from "./write_index.ts";

/** An index that no longer knows this share of the rows is written anew. */
const MOST_UNKNOWN = 1 / 8;

/**
 * Writes the cell index of a catalog where one is wished for, where the catalog has many granules, or where one
 * lies beside it that serves no more. Null where none was written; a file of that name that is no index stays.
 */
export async function keepCellIndex(
  catalog: string,
  wished: boolean | undefined,
  options: CatalogOptions = {},
): Promise<WrittenCellIndex | null> {
  if (wished === false) return null;
  const file = cellIndexPath(catalog);
  const isThere = fs.existsSync(file);
  const { rows, unknown } = await knownRows(catalog, options);
  if (wished === undefined && rows < MANY_GRANULES && !isThere) return null;
  if (isThere && unknown <= MOST_UNKNOWN * rows) return null;
  if (isThere && !await isCellIndex(file)) {
    if (wished === true || rows >= MANY_GRANULES) options.warn?.(`${inTheWay(file)}; no index was written`);
    return null;
  }
  return await writeCellIndex(catalog, options);
}

async function knownRows(
  catalog: string,
  options: CatalogOptions,
): Promise<{ rows: number; unknown: number }> {
  const opened = await openCatalog(catalog, options);
  try {
    const rows = await opened.count();
    const index = await openCellIndex(opened);
    const unknown = index === undefined ? rows : index.unknown.reduce((sum, span) => sum + span.rows, 0);
    return { rows, unknown };
  } finally {
    opened.close();
  }
}

/** Throws an input error for a file of an index's name that is none: it is not replaced. */
export async function requireCellIndex(file: string): Promise<void> {
  if (fs.existsSync(file) && !await isCellIndex(file)) {
    throw inputError(`${inTheWay(file)}; nothing was changed (move it, or copy the catalog to another name)`);
  }
}

function inTheWay(file: string): string {
  return `${file}: is no cell index, and a cell index of the catalog beside it would have this name`;
}

async function isCellIndex(file: string): Promise<boolean> {
  if (!isRegularFile(file)) return false;
  const duck = await openDuck({ threads: 1 });
  try {
    return await saysItIsCellIndex(duck.connection, file);
  } finally {
    duck.close();
  }
}
