/**
 * Granule rows to a Parquet file, a record batch at a time. Arrow batches cross into wasm as IPC bytes
 * and come out as compressed row groups, so that memory holds a row group, never the file.
 */
import fs from "node:fs";
import type { WriterPropertiesBuilder } from "parquet-wasm/esm";
import { type Data, type RecordBatch, Table, tableToIPC } from "apache-arrow";
import { writeAllSync } from "../../core/files/atomic.ts";
import { rowsToBatch } from "./batch.ts";
import type { GranuleRow } from "../granule.ts";
import { release } from "../../core/release.ts";
import { loadParquetWasm, type ParquetWasm } from "../../core/tables/parquet_wasm.ts";

/** Rows that cross into wasm at once. */
export const BATCH_ROWS = 5000;

/** Rows of a row group that this writer makes. Bounds the memory of wasm. */
const STREAM_ROW_GROUP_ROWS = 10_000;

type Batches<T> = AsyncIterable<T> | Iterable<T>;

/**
 * Writes batches of granule rows to `file` (created, not synced, not renamed) for a while: packed fast, not small,
 * without footer keys.
 */
export async function writePassingRows(
  file: string,
  batches: Batches<readonly GranuleRow[]>,
): Promise<void> {
  await writeRecordBatches(file, recordBatches(batches), new Map(), { packing: "fast" });
}

async function* recordBatches(batches: Batches<readonly GranuleRow[]>): AsyncGenerator<RecordBatch> {
  let any = false;
  for await (const rows of batches) {
    any = true;
    const batch = rowsToBatch(rows);
    yield batch;
    releaseBatch(batch);
  }
  if (!any) yield rowsToBatch([]);
}

/** Gives back the memory of a batch of its own arrays that was written: who asks for the next one has written it. */
export function releaseBatch({ data }: RecordBatch): void {
  release(buffersOf(data));
}

function buffersOf({ buffers, children }: Data): ArrayBufferView[] {
  const own = Object.values(buffers) as (ArrayBufferView | undefined)[];
  return [...own.filter((buffer) => buffer !== undefined), ...children.flatMap(buffersOf)];
}

interface BatchOptions {
  rowGroupRows?: number;
  /** Small for files that stay, fast for those that do not, and for integers that lie near the ones before them. */
  packing?: "small" | "fast" | "integers";
}

/** Writes record batches of one schema (one batch at least) to `file`, `metadata` in its footer. */
export async function writeRecordBatches(
  file: string,
  batches: AsyncIterable<RecordBatch>,
  metadata: ReadonlyMap<string, string>,
  { rowGroupRows = STREAM_ROW_GROUP_ROWS, packing = "small" }: BatchOptions = {},
): Promise<void> {
  const library = await loadParquetWasm();
  const properties = packed(library, new library.WriterPropertiesBuilder(), packing)
    .setMaxRowGroupSize(rowGroupRows)
    .setKeyValueMetadata(new Map(metadata))
    .setCreatedBy("granary")
    .build();
  // What fails among the batches comes out of wasm as another error: it is kept here, and thrown as it was.
  let failure: { error: unknown } | undefined;
  const source = ReadableStream.from(wasmBatches(library, batches, (error) => failure = { error }));
  try {
    const output = await library.transformParquetStream(source as never, properties);
    const fd = fs.openSync(file, "wx");
    try {
      for await (const chunk of output as unknown as AsyncIterable<Uint8Array>) writeAllSync(fd, chunk);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    throw failure === undefined ? error : failure.error;
  }
}

function packed(
  { Compression, Encoding }: ParquetWasm,
  builder: WriterPropertiesBuilder,
  packing: "small" | "fast" | "integers",
): WriterPropertiesBuilder {
  switch (packing) {
    case "small":
      return builder.setCompression(Compression.ZSTD);
    case "fast":
      return builder.setCompression(Compression.LZ4_RAW).setDictionaryEnabled(false);
    case "integers":
      return builder.setCompression(Compression.ZSTD).setDictionaryEnabled(false)
        .setEncoding(Encoding.DELTA_BINARY_PACKED);
  }
}

async function* wasmBatches(
  library: ParquetWasm,
  batches: AsyncIterable<RecordBatch>,
  onFailure: (error: unknown) => void,
): AsyncGenerator<unknown> {
  try {
    for await (const batch of batches) {
      const bytes = tableToIPC(new Table([batch]), "stream");
      const table = library.Table.fromIPCStream(bytes);
      release([bytes]);
      try {
        const crossed = table.recordBatches();
        const rows = crossed.reduce((sum, { numRows }) => sum + numRows, 0);
        // Arrow's IPC drops columns that share one buffer; rows must never go missing in silence.
        if (rows !== batch.numRows) throw new Error(`${rows} of ${batch.numRows} rows crossed into wasm`);
        yield* crossed;
      } finally {
        table.free();
      }
    }
  } catch (error) {
    onFailure(error);
    throw error;
  }
}
