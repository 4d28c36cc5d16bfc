/** Writes a row index of granules while their rows pass on to the catalog. */
import type { GranuleRow } from "../granule.ts";
import { type IndexedGranule, type RowIndexOptions, writeRowIndex } from "./index_file.ts";
import type { GroupRuns } from "../../core/observations/row_runs.ts";

interface TeedRows {
  rows: AsyncGenerator<GranuleRow>;
  /** Resolves to the count of runs when the index is in its place; rejects when rows ended early. */
  index: Promise<number>;
}

/** Granules that may wait for the index's writer. */
const MOST_WAITING = 16;

/** `runsOf` gives the runs of a row's file. */
export function teeRowIndex(
  rows: AsyncIterable<GranuleRow>,
  runsOf: (row: GranuleRow) => GroupRuns[],
  file: string,
  options: RowIndexOptions,
): TeedRows {
  const queue = new TransformStream<IndexedGranule, IndexedGranule>(
    undefined,
    new CountQueuingStrategy({ highWaterMark: MOST_WAITING }),
  );
  const writer = queue.writable.getWriter();
  const index = writeRowIndex(file, queue.readable, options);
  index.catch((error) => writer.abort(error)); // the rows' side throws it on its next write
  return { rows: pass(rows, runsOf, writer), index };
}

async function* pass(
  rows: AsyncIterable<GranuleRow>,
  runsOf: (row: GranuleRow) => GroupRuns[],
  writer: WritableStreamDefaultWriter<IndexedGranule>,
): AsyncGenerator<GranuleRow> {
  let whole = false;
  try {
    for await (const row of rows) {
      const { collection, id, size_bytes, checksum } = row;
      await writer.ready;
      await writer.write({ collection, id, size_bytes, checksum, runs: runsOf(row) });
      yield row;
    }
    whole = true;
  } finally {
    if (whole) await writer.close();
    else await writer.abort(new Error("the rows ended early"));
  }
}
