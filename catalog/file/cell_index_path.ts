/** The cell index that belongs to a catalog. */
export function cellIndexPath(catalog: string): string {
  return `${catalog.replace(/\.parquet$/, "")}.cells.parquet`;
}

/** A catalog of so many granules gets a cell index unasked: below it, looking at all cells takes no longer. */
export const MANY_GRANULES = 100_000;
