/**
 * Writes a catalog: rows in any order become one GeoParquet 1.1 file, zstd, sorted along the nested
 * order of the cells, unique in (collection, id), renamed into place when whole. A catalog that fits the
 * buffer is sorted here; a larger one goes through an unsorted file that DuckDB sorts.
 */
import fs from "node:fs";
import path from "node:path";
import { makeFileAtomic } from "../../core/files/atomic_path.ts";
import { checkRow } from "../check_row.ts";
import type { GranuleRow } from "../granule.ts";
import { catalogMetadata, footer, GeometrySummarizer } from "./metadata.ts";
import { BATCH_ROWS, writeParquetStream } from "./parquet_stream.ts";
import { type CatalogQuery, DEFAULT_CELL_ORDER } from "../schema.ts";
import { compareRows, UniqueRows } from "../file/row_order.ts";
import { openSorter, sortCatalog } from "./sort.ts";

/** Rows, and cells in them, that are sorted in memory. */
const BUFFER_ROWS = 50_000;
const BUFFER_CELLS = 16_000_000;

export interface WriteOptions {
  /** The catalog's order of cells; rows of large footprints may lie at coarser ones. */
  cellOrder?: number | undefined;
  /** What fed the catalog; a function is called after the last row, when a source has counted. */
  queries?: readonly CatalogQuery[] | (() => readonly CatalogQuery[]) | undefined;
  memoryBytes?: number | undefined;
  threads?: number | undefined;
  scratch?: string | undefined;
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
export function writeCatalog(
  file: string,
  rows: Iterable<GranuleRow> | AsyncIterable<GranuleRow>,
  options: WriteOptions = {},
): Promise<WriteResult> {
  return makeFileAtomic(file, async (temporary) => {
    const summary = new GeometrySummarizer();
    const state = await consume(rows, summary, temporary, options);
    try {
      const { queries } = options;
      const fed = typeof queries === "function" ? queries() : queries;
      const metadata = footer(summary, catalogMetadata(options.cellOrder ?? DEFAULT_CELL_ORDER, fed));
      const written = state.spilled === undefined
        ? await writeSorted(temporary, state.buffer, metadata)
        : await sortSpilled(temporary, state.spilled, metadata, options);
      const sizeBytes = fs.statSync(temporary).size;
      return { rows: written, replaced: state.rows - written, sizeBytes };
    } finally {
      if (state.spilled !== undefined) fs.rmSync(state.spilled, { force: true });
    }
  });
}

interface Consumed {
  rows: number;
  /** Every row, when they fit. */
  buffer: GranuleRow[];
  /** Else the unsorted file that holds them. */
  spilled: string | undefined;
}

async function consume(
  rows: Iterable<GranuleRow> | AsyncIterable<GranuleRow>,
  summary: GeometrySummarizer,
  temporary: string,
  options: WriteOptions,
): Promise<Consumed> {
  const iterator = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
  const buffer: GranuleRow[] = [];
  let count = 0;
  const next = async (): Promise<GranuleRow | undefined> => {
    options.signal?.throwIfAborted();
    const result = await iterator.next();
    if (result.done) return undefined;
    const row = result.value;
    checkRow(row);
    summary.add(row);
    count += 1;
    options.onRows?.(count);
    return row;
  };
  try {
    let cells = 0;
    while (buffer.length < BUFFER_ROWS && cells < BUFFER_CELLS) {
      const row = await next();
      if (row === undefined) return { rows: count, buffer, spilled: undefined };
      buffer.push(row);
      cells += row.cells.length;
    }
    const spilled = spillName(temporary, options.scratch);
    try {
      await writeParquetStream(spilled, spillBatches(buffer, next), new Map());
    } catch (error) {
      fs.rmSync(spilled, { force: true });
      throw error;
    }
    return { rows: count, buffer: [], spilled };
  } finally {
    await iterator.return?.();
  }
}

function spillName(temporary: string, scratch: string | undefined): string {
  return path.join(scratch ?? path.dirname(temporary), `${path.basename(temporary)}.unsorted`);
}

async function* spillBatches(
  buffer: GranuleRow[],
  next: () => Promise<GranuleRow | undefined>,
): AsyncGenerator<GranuleRow[]> {
  while (buffer.length > 0) yield buffer.splice(0, BATCH_ROWS);
  for (;;) {
    const batch: GranuleRow[] = [];
    while (batch.length < BATCH_ROWS) {
      const row = await next();
      if (row === undefined) {
        if (batch.length > 0) yield batch;
        return;
      }
      batch.push(row);
    }
    yield batch;
  }
}

async function writeSorted(
  temporary: string,
  rows: readonly GranuleRow[],
  metadata: ReadonlyMap<string, string>,
): Promise<number> {
  const unique = new UniqueRows();
  for (const row of rows) unique.add(row);
  const sorted = [...unique.rows()].sort(compareRows);
  await writeParquetStream(temporary, batchesOf(sorted), metadata);
  return sorted.length;
}

function* batchesOf(rows: readonly GranuleRow[]): Generator<readonly GranuleRow[]> {
  for (let i = 0; i < rows.length; i += BATCH_ROWS) yield rows.slice(i, i + BATCH_ROWS);
}

async function sortSpilled(
  temporary: string,
  spilled: string,
  metadata: ReadonlyMap<string, string>,
  options: WriteOptions,
): Promise<number> {
  const duck = await openSorter(options);
  try {
    return await sortCatalog(duck, [spilled], temporary, metadata);
  } finally {
    duck.close();
  }
}
