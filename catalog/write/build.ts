/** Builds a catalog of rows from anywhere, from nothing or onto one that is there. */
import { withFileLock } from "../../core/files/file_lock.ts";
import type { DuckOptions } from "../../core/tables/duckdb.ts";
import type { GranuleRow } from "../granule.ts";
import type { CatalogQuery, RemovedGranules } from "../schema.ts";
import { layOnto } from "./lay_onto.ts";
import { storedRows } from "./stored_rows.ts";
import { withUnsorted } from "./unsorted.ts";
import { type WriteResult, writeSorted } from "./write.ts";

export interface BuildOptions extends DuckOptions {
  rows: AsyncIterable<GranuleRow> | Iterable<GranuleRow>;
  output: string;
  cellOrder: number;
  /** What fed the catalog; a function is called after the last row. */
  queries: readonly CatalogQuery[] | (() => readonly CatalogQuery[]);
  /** A catalog whose rows come first; new rows replace them by revision, or when equally new. */
  onto?: string | undefined;
  /** Granules of that catalog to leave out. */
  removed?: RemovedGranules | undefined;
  signal?: AbortSignal | undefined;
  /** Called with the count of rows so far. */
  onRows?: ((rows: number) => void) | undefined;
  /** Called when another process is writing the same catalog, which is waited for. */
  onWait?: ((holder: string) => void) | undefined;
}

export interface BuildResult extends WriteResult {
  /** Rows of the former catalog that were left out. */
  removed: number;
  /** What stands in the file, in its order, where that is at hand. */
  stored: readonly GranuleRow[] | null;
}

/** Writes the catalog. It appears whole, or the former one stays. */
export async function buildCatalog(options: BuildOptions): Promise<BuildResult> {
  const { onto, output, rows } = options;
  // The new rows are gathered first: the catalog is held for the time of writing it, not of a harvest.
  return await withUnsorted(output, rows, options, async (added) => {
    if (onto === undefined) {
      const written = await writeSorted(output, added, options);
      return { ...written, removed: 0, stored: added.few === null ? null : storedRows(added.few) };
    }
    const { queries } = options;
    const fed = typeof queries === "function" ? queries() : queries;
    const laid = await withFileLock(output, () => layOnto({ ...options, onto, added, fed }), options);
    return { ...laid, stored: null };
  });
}
