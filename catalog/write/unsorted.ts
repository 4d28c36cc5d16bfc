/**
 * Rows on their way to a catalog: checked, and put into a file as they come, or kept where they are few, before
 * DuckDB sorts them.
 */
import fs from "node:fs";
import path from "node:path";
import { temporaryName } from "../../core/files/atomic.ts";
import { sweepLeftovers } from "../../core/files/leftovers.ts";
import { fullDiskError, requireFolder } from "../../core/files/atomic_path.ts";
import type { Duck } from "../../core/tables/duckdb.ts";
import { checkRow } from "../check_row.ts";
import { GeometrySummarizer, type GeometrySummary } from "../file/footer_keys.ts";
import type { GranuleRow } from "../granule.ts";
import { FEW_ROWS, makeTable } from "./few_rows.ts";
import { BATCH_ROWS, writePassingRows } from "./parquet_stream.ts";
import { passingTable } from "./sort_sql.ts";

export type Rows = Iterable<GranuleRow> | AsyncIterable<GranuleRow>;

export interface GatherOptions {
  /** Folder for the file; by default that of the output. */
  scratch?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Called with the count of rows so far. */
  onRows?: ((rows: number) => void) | undefined;
}

/** Rows of the catalog's columns, as they came. */
export interface Unsorted {
  rows: number;
  summary: GeometrySummary;
  /** The rows themselves, where they are few. */
  few: readonly GranuleRow[] | null;
  /** A table of them in a DuckDB, `file_row_number` with them, as SQL. Called once for each DuckDB. */
  tableIn(duck: Duck): Promise<string>;
  /** The file of passing rows that they are in, where they are not few. */
  file: string | null;
}

/** The table of rows that are few. */
const FEW_TABLE = "unsorted_rows";

/**
 * Gathers rows, checked, for the time of `use`: in a file beside `output` or in the scratch folder, unless they are
 * few.
 */
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
    const { value: first = [] } = await batches.next();
    // A batch that is not full is the last.
    const isFew = first.length <= FEW_ROWS;
    if (!isFew) await writePassingRows(file, startingWith(first, batches));
    return await use({
      rows: counted.rows,
      summary,
      few: isFew ? first : null,
      file: isFew ? null : file,
      async tableIn(duck) {
        if (!isFew) return passingTable(file);
        await makeTable(duck, FEW_TABLE, first);
        return FEW_TABLE;
      },
    });
  } catch (error) {
    throw fullDiskError(file, error);
  } finally {
    fs.rmSync(file, { force: true });
  }
}

async function* startingWith<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}

async function* checkedBatches(
  rows: Rows,
  summary: GeometrySummarizer,
  counted: { rows: number },
  options: GatherOptions,
): AsyncGenerator<GranuleRow[], undefined> {
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
