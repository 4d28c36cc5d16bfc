/** What a row index is asked, whatever reads its file. */
import fs from "node:fs";
import { inputError } from "../../core/errors.ts";
import { ROWS_FORMAT } from "./index_format.ts";

/** Cells of the index's order, both included. */
export interface CellRange {
  from: number;
  to: number;
}

/** A granule that the index has; `granule` is its collection and its id, a line each. */
export interface IndexHead {
  granule: string;
  sizeBytes: number | null;
  checksum: string | null;
}

/** Some runs, in the order of the file. */
export interface RunChunk {
  length: number;
  granule(run: number): string;
  group(run: number): string;
  cell(run: number): number;
  first(run: number): number;
  rows(run: number): number;
}

export interface IndexReader {
  /** The text under the footer key of row indexes; undefined without one. Throws an input error for what is no Parquet. */
  stated(): Promise<string | undefined>;
  /** The granules that the index has. */
  heads(): Promise<IndexHead[]>;
  /** The runs with cells in `hull` that lie in one of `ranges`, or for null all of them. */
  runs(hull: CellRange, ranges: readonly CellRange[] | null): AsyncIterable<RunChunk> | Iterable<RunChunk>;
}

/** Throws an input error where no file is. */
export function expectIndexFile(file: string): void {
  if (!fs.existsSync(file)) throw inputError(`${file}: there is no such row index`);
}

/** The order of the cells of an index that says `text` of itself. */
export function indexOrder(file: string, text: string | undefined): number {
  if (text === undefined) {
    throw inputError(`${file}: not a row index of granary (make one with granary catalog build --row-index)`);
  }
  const { format, order } = JSON.parse(text) as { format: number; order: number };
  if (format !== ROWS_FORMAT) {
    throw inputError(
      `${file}: row index of format ${format}, this granary reads ${ROWS_FORMAT} (make it again)`,
    );
  }
  return order;
}
