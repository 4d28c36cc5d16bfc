/** Which catalogs are so small that all of them is read, whatever is asked. */
import fs from "node:fs";
import { systemCode } from "../../core/errors.ts";
import { cellIndexPath, isRegularFile } from "./cell_index_path.ts";

/** Of a catalog up to this size all rows are read, whatever is asked of it. */
export const SMALL_BYTES = 1_000_000;

/** What may name a place elsewhere. */
const ADDRESS = /^[a-z][a-z0-9+.-]+:/i;

/** Whether a catalog may be one whose rows are read without DuckDB: a small file of this machine, without a cell index. */
export function mayBePlain(file: string): boolean {
  if (file === "-" || ADDRESS.test(file)) return false;
  try {
    return isRegularFile(file) && fs.statSync(file).size <= SMALL_BYTES &&
      !isRegularFile(cellIndexPath(file));
  } catch (error) {
    // What the system refuses, it refuses to whoever opens the catalog, who says of what.
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}
