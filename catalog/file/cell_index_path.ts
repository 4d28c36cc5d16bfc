/** The cell index that belongs to a catalog. */
import fs from "node:fs";

export function cellIndexPath(catalog: string): string {
  return `${catalog.replace(/\.parquet$/, "")}.cells.parquet`;
}

/** Whether a file that may be an index stands there: no folder, and no pipe, which would be waited for. */
export function isRegularFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

/** A catalog of so many granules gets a cell index unasked: below it, looking at all cells takes no longer. */
export const MANY_GRANULES = 100_000;
