/** Which row index belongs to a catalog. */
import fs from "node:fs";

/** Where the row index of a catalog is written unless told otherwise. */
export function rowIndexPath(catalog: string): string {
  return `${catalog.replace(/\.parquet$/, "")}.rows.parquet`;
}

/** The index that is named, or that lies beside the catalog; undefined where there is none. */
export function rowIndexOf(catalog: string, named: string | undefined): string | undefined {
  if (named !== undefined) return named;
  const beside = rowIndexPath(catalog);
  return fs.existsSync(beside) ? beside : undefined;
}
