/** The row index that belongs to a catalog. */
export function rowIndexPath(catalog: string): string {
  return `${catalog.replace(/\.parquet$/, "")}.rows.parquet`;
}
