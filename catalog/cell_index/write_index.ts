/**
 * The cell index beside a catalog, `F.cells.parquet`: for each cell the rows whose footprints touch it, sorted by
 * cell, in row groups that DuckDB tells apart by their statistics. Footer key `granary_cells` says of which row
 * groups of the catalog it is; where the catalog has others by now, those are looked through as without an index.
 */
import fs from "node:fs";
import { Field, List, makeData, RecordBatch, Schema, Struct, Uint32, Uint64, Uint8 } from "apache-arrow";
import { makeFileAtomic } from "../../core/files/atomic_path.ts";
import { addKeys } from "../../core/tables/parquet_row_groups.ts";
import { cellIndexPath } from "../file/cell_index_path.ts";
import { type CatalogOptions, openCatalog } from "../file/open_catalog.ts";
import { CELLS_KEY } from "../schema.ts";
import { releaseBatch, writeRecordBatches } from "../write/parquet_stream.ts";
import { type CellLists, cellLists } from "./cell_lists.ts";
import { pagesEnd, partsOf } from "./index_parts.ts";
import { NO_SUM, writeSum } from "./index_sum.ts";
import { type CellIndexMetadata, CELLS_FORMAT } from "./index_format.ts";
import { rowGroupsOf, stateOf } from "./row_groups.ts";
import type { RowLists } from "./row_lists.ts";

/** Cells of a row group: what is read of a question's range that begins in it. */
const CELLS_PER_ROW_GROUP = 1024;
/** Rows in the lists of a batch. */
const BATCH_ROWS = 4_000_000;

export interface WrittenCellIndex {
  file: string;
  cells: number;
  sizeBytes: number;
}

interface CellIndexOptions extends CatalogOptions {
  /** Called with the count of rows so far. */
  onRows?: ((rows: number) => void) | undefined;
}

/** Writes the cell index of a catalog's file; one that is there is replaced. */
export async function writeCellIndex(
  catalogFile: string,
  options: CellIndexOptions = {},
): Promise<WrittenCellIndex> {
  // One thread has the next chunk ready by the time that it is asked for.
  const catalog = await openCatalog(catalogFile, { threads: 1, ...options });
  try {
    // Before anything is read: what changes meanwhile has another state.
    const state = stateOf(catalog.paths[0]);
    const lists = await cellLists(catalog, options);
    const metadata = {
      format: CELLS_FORMAT,
      orders: lists.orders(),
      row_groups: await rowGroupsOf(catalog.duck.connection, catalog.paths[0]),
      state,
    };
    const file = cellIndexPath(catalogFile);
    return await makeFileAtomic(file, async (temporary) => {
      const cells = { count: 0 };
      await writeRecordBatches(temporary, recordBatches(lists, cells), new Map(), {
        rowGroupRows: CELLS_PER_ROW_GROUP,
        packing: "integers",
      });
      finishIndex(temporary, metadata, lists.entries());
      return { file, cells: cells.count, sizeBytes: fs.statSync(temporary).size };
    });
  } finally {
    catalog.close();
  }
}

/** Adds to a file of entries, in their order, what it says of itself; nobody reads it yet. */
export function finishIndex(
  file: string,
  of: Omit<CellIndexMetadata, "parts" | "sum">,
  entries: Iterable<{ order: number; cell: number }>,
): void {
  const parts = partsOf(file, entries);
  const metadata: CellIndexMetadata = { ...of, parts, sum: NO_SUM };
  addKeys(file, new Map([[CELLS_KEY, JSON.stringify(metadata)]]));
  writeSum(file, pagesEnd(parts));
}

const FIELDS = [
  new Field("cell_order", new Uint8(), false),
  new Field("cell", new Uint64(), false),
  new Field("rows", new List(new Field("element", new Uint32(), false)), false),
];

async function* recordBatches(lists: CellLists, cells: { count: number }): AsyncGenerator<RecordBatch> {
  let entries: { order: number; cell: number; list: number }[] = [];
  let rows = 0;
  for (const entry of lists.entries()) {
    entries.push(entry);
    rows += lists.rows.length(entry.list);
    // Row groups are filled whole, batch by batch.
    if (rows < BATCH_ROWS && entries.length < 8 * CELLS_PER_ROW_GROUP) continue;
    cells.count += entries.length;
    const batch = batchOf(entries, lists.rows, rows);
    yield batch;
    releaseBatch(batch);
    entries = [];
    rows = 0;
  }
  cells.count += entries.length;
  yield batchOf(entries, lists.rows, rows);
}

function batchOf(
  entries: readonly { order: number; cell: number; list: number }[],
  lists: RowLists,
  rows: number,
): RecordBatch {
  const { length } = entries;
  const offsets = new Int32Array(length + 1);
  const values = new Uint32Array(rows);
  entries.forEach(({ list }, i) => {
    lists.read(list, values, offsets[i]);
    offsets[i + 1] = offsets[i] + lists.length(list);
  });
  const children = [
    makeData({ type: new Uint8(), length, data: Uint8Array.from(entries, ({ order }) => order) }),
    makeData({ type: new Uint64(), length, data: BigUint64Array.from(entries, ({ cell }) => BigInt(cell)) }),
    makeData({
      type: FIELDS[2].type as List<Uint32>,
      length,
      valueOffsets: offsets,
      child: makeData({ type: new Uint32(), length: rows, data: values }),
    }),
  ];
  const data = makeData({ type: new Struct(FIELDS), length, children, nullCount: 0 });
  return new RecordBatch(new Schema(FIELDS), data);
}
