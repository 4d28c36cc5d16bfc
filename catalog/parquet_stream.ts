/**
 * Granule rows to a Parquet file, a record batch at a time. Arrow batches cross into wasm as IPC bytes
 * and come out as compressed row groups, so that memory holds a row group, never the file.
 */
import fs from "node:fs";
import { type RecordBatch, Table, tableToIPC } from "apache-arrow";
import { writeAllSync } from "../base/atomic.ts";
import { rowsToBatch } from "./batch.ts";
import type { GranuleRow } from "./granule.ts";
import { loadParquetWasm, type ParquetWasm } from "./parquet_wasm.ts";

/** Rows that cross into wasm at once. */
export const BATCH_ROWS = 5000;

/** Rows of a row group that this writer makes. Bounds the memory of wasm. */
export const STREAM_ROW_GROUP_ROWS = 10_000;

/** Writes `batches` of rows to `file` (created, not synced, not renamed) with `metadata` in the footer. */
export async function writeParquetStream(
  file: string,
  batches: AsyncIterable<readonly GranuleRow[]> | Iterable<readonly GranuleRow[]>,
  metadata: ReadonlyMap<string, string>,
): Promise<void> {
  const library = await loadParquetWasm();
  const properties = new library.WriterPropertiesBuilder()
    .setCompression(library.Compression.ZSTD)
    .setMaxRowGroupSize(STREAM_ROW_GROUP_ROWS)
    .setKeyValueMetadata(new Map(metadata))
    .setCreatedBy("granary")
    .build();
  const source = ReadableStream.from(wasmBatches(library, batches, metadata));
  const output = await library.transformParquetStream(source as never, properties);
  const fd = fs.openSync(file, "wx");
  try {
    for await (const chunk of output as unknown as AsyncIterable<Uint8Array>) writeAllSync(fd, chunk);
  } finally {
    fs.closeSync(fd);
  }
}

async function* wasmBatches(
  library: ParquetWasm,
  batches: AsyncIterable<readonly GranuleRow[]> | Iterable<readonly GranuleRow[]>,
  metadata: ReadonlyMap<string, string>,
): AsyncGenerator<unknown> {
  let any = false;
  for await (const rows of batches) {
    any = true;
    yield* intoWasm(library, rowsToBatch(rows, metadata));
  }
  if (!any) yield* intoWasm(library, rowsToBatch([], metadata));
}

function* intoWasm(library: ParquetWasm, batch: RecordBatch): Generator<unknown> {
  const table = library.Table.fromIPCStream(tableToIPC(new Table([batch]), "stream"));
  try {
    for (const part of table.recordBatches()) yield part;
  } finally {
    table.free();
  }
}
