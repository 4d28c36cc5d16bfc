/** Rows on their way to a catalog: checked, and put into a file as they come, before DuckDB sorts them. */
import fs from "node:fs";
import path from "node:path";
import { temporaryName } from "../../core/files/atomic.ts";
import { sweepLeftovers } from "../../core/files/leftovers.ts";
import { fullDiskError, requireFolder } from "../../core/files/atomic_path.ts";
import { checkRow } from "../check_row.ts";
import { GeometrySummarizer, type GeometrySummary } from "../file/footer_keys.ts";
import type { GranuleRow } from "../granule.ts";
import { BATCH_ROWS, writePassingRows } from "./parquet_stream.ts";

export type Rows = Iterable<GranuleRow> | AsyncIterable<GranuleRow>;

export interface GatherOptions {
  /** Folder for the file; by default that of the output. */
  scratch?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Called with the count of rows so far. */
  onRows?: ((rows: number) => void) | undefined;
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
  options: GatherOptions,
  use: (unsorted: Unsorted) => Promise<T>,
): Promise<T> {
  requireFolder(output);
  const folder = options.scratch ?? path.dirname(output);
  sweepLeftovers(folder);
  const file = temporaryName(path.join(folder, `${path.basename(output)}.unsorted`));
  const summary = new GeometrySummarizer();
  const counted = { rows: 0 };
  try {
    const batches = checkedBatches(rows, summary, counted, options);
    await writePassingRows(file, batches);
    return await use({ file, rows: counted.rows, summary });
  } catch (error) {
    throw fullDiskError(file, error);
  } finally {
    fs.rmSync(file, { force: true });
  }
}

async function* checkedBatches(
  rows: Rows,
  summary: GeometrySummarizer,
  counted: { rows: number },
  options: GatherOptions,
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
