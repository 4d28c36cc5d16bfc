/** Builds a catalog of rows from anywhere, from nothing or onto one that is there. */
import fs from "node:fs";
import { temporaryName } from "../../core/files/atomic.ts";
import { makeFileAtomic } from "../../core/files/atomic_path.ts";
import { withFileLock } from "../../core/files/file_lock.ts";
import type { DuckOptions } from "../../core/tables/duckdb.ts";
import { catalogMetadata, footer, mergeSummaries } from "../file/footer_keys.ts";
import type { GranuleRow } from "../granule.ts";
import { openCatalog } from "../file/open_catalog.ts";
import { readRows } from "../file/rows.ts";
import type { CatalogQuery } from "../schema.ts";
import { describeFile } from "./merge.ts";
import { sortFiles } from "./sort.ts";
import { type Unsorted, withUnsorted } from "./unsorted.ts";
import { writeCatalog, type WriteResult } from "./write.ts";

export interface BuildOptions extends DuckOptions {
  rows: AsyncIterable<GranuleRow> | Iterable<GranuleRow>;
  output: string;
  cellOrder: number;
  /** What fed the catalog; a function is called after the last row. */
  queries: readonly CatalogQuery[] | (() => readonly CatalogQuery[]);
  /** A catalog whose rows come first; new rows replace them by revision, or when equally new. */
  onto?: string | undefined;
  /** Rows of that catalog to leave out; they are without geometry and cells. */
  removed?: ((row: GranuleRow) => boolean) | undefined;
  signal?: AbortSignal | undefined;
  /** Called with the count of rows so far. */
  onRows?: ((rows: number) => void) | undefined;
  /** Called when another process is writing the same catalog, which is waited for. */
  onWait?: ((holder: string) => void) | undefined;
}

export interface BuildResult extends WriteResult {
  /** Rows of the former catalog that were left out. */
  removed: number;
}

/** Writes the catalog. It appears whole, or the former one stays. */
export async function buildCatalog(options: BuildOptions): Promise<BuildResult> {
  const { onto, output, rows } = options;
  if (onto === undefined) return { ...await writeCatalog(output, rows, options), removed: 0 };
  // The new rows are gathered first: the catalog is held for the time of writing it, not of a harvest.
  return await withUnsorted(
    temporaryName(output),
    rows,
    options,
    (added) => withFileLock(output, () => layOnto(onto, added, options), options),
  );
}

/** Rows of two files as one catalog: those of `onto` as it is now, then the added ones. */
async function layOnto(onto: string, added: Unsorted, options: BuildOptions): Promise<BuildResult> {
  const removed = options.removed === undefined ? [] : await numbersOf(onto, options.removed, options);
  const former = await describeFile(onto, options);
  const { queries } = options;
  const fed = typeof queries === "function" ? queries() : queries;
  const metadata = footer(
    mergeSummaries(former, added.summary),
    catalogMetadata(former.cellOrder, [...former.queries, ...fed]),
  );
  return await makeFileAtomic(options.output, async (temporary) => {
    const leftOut = { file: 0, rows: removed };
    const rows = await sortFiles([onto, added.file], temporary, metadata, options, leftOut);
    return {
      rows,
      replaced: former.rows + added.rows - removed.length - rows,
      removed: removed.length,
      sizeBytes: fs.statSync(temporary).size,
    };
  });
}

/** The numbers of the rows in a catalog file that pass a test. */
async function numbersOf(
  file: string,
  test: (row: GranuleRow) => boolean,
  options: DuckOptions,
): Promise<number[]> {
  const catalog = await openCatalog(file, options);
  const numbers: number[] = [];
  try {
    const from = { table: catalog.table, withoutCells: true };
    for await (const { rows, fileRows } of readRows(catalog.duck.connection, from)) {
      rows.forEach((row, i) => test(row) && numbers.push(fileRows[i]!));
    }
  } finally {
    catalog.close();
  }
  return numbers;
}
