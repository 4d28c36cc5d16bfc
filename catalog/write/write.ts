/**
 * Writes a catalog: rows in any order go through an unsorted file, and DuckDB makes one GeoParquet 1.1 file of
 * it, zstd, sorted along the nested order of the cells, unique in (collection, id), renamed into place when
 * whole.
 */
import fs from "node:fs";
import path from "node:path";
import { makeFileAtomic } from "../../core/files/atomic_path.ts";
import type { DuckOptions } from "../../core/tables/duckdb.ts";
import { checkRow } from "../check_row.ts";
import type { GranuleRow } from "../granule.ts";
import { catalogMetadata, footer, GeometrySummarizer, type GeometrySummary } from "../file/footer_keys.ts";
import { BATCH_ROWS, writeParquetStream } from "./parquet_stream.ts";
import { type CatalogQuery, DEFAULT_CELL_ORDER } from "../schema.ts";
import { sortFiles } from "./sort.ts";

type Rows = Iterable<GranuleRow> | AsyncIterable<GranuleRow>;

export interface WriteOptions extends DuckOptions {
  /** The catalog's order of cells; rows of large footprints may lie at coarser ones. */
  cellOrder?: number | undefined;
  /** What fed the catalog; a function is called after the last row, when a source has counted. */
  queries?: readonly CatalogQuery[] | (() => readonly CatalogQuery[]) | undefined;
  signal?: AbortSignal | undefined;
  /** Called with the count of rows so far. */
  onRows?: ((rows: number) => void) | undefined;
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
  return makeFileAtomic(file, (temporary) =>
    withUnsorted(temporary, rows, options, async (unsorted) => {
      const { queries } = options;
      const fed = typeof queries === "function" ? queries() : queries ?? [];
      const metadata = footer(
        unsorted.summary,
        catalogMetadata(options.cellOrder ?? DEFAULT_CELL_ORDER, fed),
      );
      const written = await sortFiles([unsorted.file], temporary, metadata, options);
      return { rows: written, replaced: unsorted.rows - written, sizeBytes: fs.statSync(temporary).size };
    }));
}

/** Rows in a file of the catalog's columns, as they came. */
export interface Unsorted {
  file: string;
  rows: number;
  summary: GeometrySummary;
}

/** Puts rows, checked, into a file for the time of `use`: beside `output`, or in the scratch folder. */
export async function withUnsorted<T>(
  output: string,
  rows: Rows,
  options: Pick<WriteOptions, "scratch" | "signal" | "onRows">,
  use: (unsorted: Unsorted) => Promise<T>,
): Promise<T> {
  const file = path.join(options.scratch ?? path.dirname(output), `${path.basename(output)}.unsorted`);
  const summary = new GeometrySummarizer();
  const counted = { rows: 0 };
  try {
    await writeParquetStream(file, checkedBatches(rows, summary, counted, options), new Map());
    return await use({ file, rows: counted.rows, summary });
  } finally {
    fs.rmSync(file, { force: true });
  }
}

async function* checkedBatches(
  rows: Rows,
  summary: GeometrySummarizer,
  counted: { rows: number },
  options: Pick<WriteOptions, "signal" | "onRows">,
): AsyncGenerator<GranuleRow[]> {
  let batch: GranuleRow[] = [];
  for await (const row of rows) {
    options.signal?.throwIfAborted();
    checkRow(row);
    summary.add(row);
    counted.rows += 1;
    options.onRows?.(counted.rows);
    batch.push(row);
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
