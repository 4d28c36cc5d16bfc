/**
 * The row index beside a catalog, `F.rows.parquet`: one row a run of observations, sorted by cell, so
 * that one cell's runs lie together. Footer key `granary_rows` holds the order of its cells.
 */
import fs from "node:fs";
import { Field, makeData, RecordBatch, Schema, Struct, Uint32, Uint64, Utf8 } from "apache-arrow";
import { makeFileAtomic } from "../../core/files/atomic_path.ts";
import { openDuck, sqlString } from "../../core/tables/duckdb.ts";
import { int64Column, utf8Column } from "../../core/tables/arrow_columns.ts";
import { damageError } from "../../core/tables/reading.ts";
import { ROWS_KEY } from "../schema.ts";
import { writeRecordBatches } from "../write/parquet_stream.ts";
import { HEAD_CELL, ROWS_FORMAT } from "./index_format.ts";
import type { GroupRuns } from "../../core/observations/row_runs.ts";

/** A granule's runs, with what tells whether they still fit the granule. */
export interface IndexedGranule {
  collection: string;
  id: string;
  size_bytes: number | null;
  checksum: string | null;
  runs: readonly GroupRuns[];
}

export interface RowIndexOptions {
  order: number;
  /** An index of the same order, of which granules that do not come again are kept. */
  keep?: string;
  memoryBytes?: number;
  threads?: number;
  scratch?: string;
}

/** Writes the index of granules as they come; the file appears when all are in. Returns the count of runs. */
export function writeRowIndex(
  file: string,
  granules: AsyncIterable<IndexedGranule>,
  options: RowIndexOptions,
): Promise<number> {
  return makeFileAtomic(file, async (temporary) => {
    const unsorted = `${temporary}.unsorted`;
    const duck = await openDuck(options);
    try {
      await writeRecordBatches(unsorted, recordBatches(granules), new Map());
      const metadata = JSON.stringify({ format: ROWS_FORMAT, order: options.order });
      const reader = await duck.connection.runAndReadAll(
        `COPY (SELECT * FROM read_parquet(${sqlString(unsorted)})${keepSql(options.keep, unsorted)}
           ORDER BY cell, collection, id, "group", first_row)
         TO ${sqlString(temporary)}
         (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 60000, KV_METADATA {${ROWS_KEY}: ${
          sqlString(metadata)
        }})`,
      );
      return Number(reader.getRows()[0][0]);
    } catch (error) {
      throw damageError(options.keep ?? file, error);
    } finally {
      duck.close();
      fs.rmSync(unsorted, { force: true });
    }
  });
}

/** Rows of the former index, without those of granules that came again. */
function keepSql(keep: string | undefined, fresh: string): string {
  if (keep === undefined) return "";
  return ` UNION ALL SELECT * FROM read_parquet(${sqlString(keep)}) ANTI JOIN (
    SELECT DISTINCT collection, id FROM read_parquet(${sqlString(fresh)}) WHERE cell = ${HEAD_CELL}
  ) USING (collection, id)`;
}

const FIELDS = [
  new Field("collection", new Utf8(), false),
  new Field("id", new Utf8(), false),
  new Field("size_bytes", int64Column([]).type, true),
  new Field("checksum", new Utf8(), true),
  new Field("group", new Utf8(), false),
  new Field("cell", new Uint64(), false),
  new Field("first_row", new Uint32(), false),
  new Field("rows", new Uint32(), false),
];

/** Runs of a batch: bounded, whatever a granule holds. */
const BATCH_RUNS = 20_000;

async function* recordBatches(granules: AsyncIterable<IndexedGranule>): AsyncGenerator<RecordBatch> {
  let heads: IndexedGranule[] = [];
  for await (const granule of granules) {
    heads.push(granule);
    if (heads.length === BATCH_RUNS) {
      yield headBatch(heads);
      heads = [];
    }
    for (const runs of granule.runs) {
      for (let from = 0; from < runs.cell.length; from += BATCH_RUNS) {
        yield runsBatch(granule, runs, from, Math.min(runs.cell.length, from + BATCH_RUNS));
      }
    }
  }
  yield headBatch(heads);
}

function headBatch(granules: readonly IndexedGranule[]): RecordBatch {
  const cells = new BigUint64Array(granules.length).fill(HEAD_CELL);
  return batchOf(
    granules,
    granules.map(() => ""),
    cells,
    new Uint32Array(granules.length),
    new Uint32Array(granules.length),
  );
}

function runsBatch(granule: IndexedGranule, runs: GroupRuns, from: number, to: number): RecordBatch {
  const length = to - from;
  return batchOf(
    new Array(length).fill(granule),
    new Array(length).fill(runs.group),
    BigUint64Array.from(runs.cell.subarray(from, to), BigInt),
    runs.first.slice(from, to),
    runs.rows.slice(from, to),
  );
}

function batchOf(
  granules: readonly IndexedGranule[],
  groups: readonly string[],
  cells: BigUint64Array,
  first: Uint32Array,
  rows: Uint32Array,
): RecordBatch {
  const { length } = granules;
  const children = [
    utf8Column(granules.map((granule) => granule.collection)),
    utf8Column(granules.map((granule) => granule.id)),
    int64Column(granules.map((granule) => granule.size_bytes)),
    utf8Column(granules.map((granule) => granule.checksum)),
    utf8Column(groups),
    makeData({ type: new Uint64(), length, data: cells }),
    makeData({ type: new Uint32(), length, data: first }),
    makeData({ type: new Uint32(), length, data: rows }),
  ];
  const data = makeData({ type: new Struct(FIELDS), length, children, nullCount: 0 });
  return new RecordBatch(new Schema(FIELDS), data);
}
