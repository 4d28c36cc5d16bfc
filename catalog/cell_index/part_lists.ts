/**
 * The entries of a part of a cell index by its bytes, which DuckDB takes five times as long for: three columns one after
 * the other, as write_index.ts has them written. What is not as it writes them is left to DuckDB.
 */
import { readDeltas } from "../../core/tables/delta_packed.ts";
import { type DeltaPage, deltaPages, NotPlainError, readLevels } from "../../core/tables/parquet_columns.ts";

/** Rows in the lists of a part; with more of them memory would be much. */
const MOST_ROWS = 8e6;
/** Bytes of a part's pages, packed or not. */
export const MOST_PART_BYTES = 64e6;

export interface PartLists {
  orders: Uint32Array;
  cells: Float64Array;
  /** Where the list of each cell begins in `rows`, and where the last one ends. */
  begins: Uint32Array;
  rows: Uint32Array;
}

/** Throws a {@linkcode NotPlainError} for bytes of another kind. */
export function partLists(bytes: Uint8Array): PartLists {
  const [ofOrders, ofCells, ...ofRows] = [...deltaPages(bytes, MOST_PART_BYTES)];
  const all = ofRows.reduce((sum, { values }) => sum + values, 0);
  expect(ofRows.length > 0 && all <= MOST_ROWS);
  // No list is empty.
  expect(ofOrders.values === ofCells.values && ofCells.values <= all);
  const orders = new Uint32Array(ofOrders.values);
  const cells = new Float64Array(ofCells.values);
  readDeltas(ofOrders.bytes, 0, orders);
  readDeltas(ofCells.bytes, 0, cells);
  const rows = new Uint32Array(all);
  const repetition = new Uint8Array(all);
  let at = 0;
  for (const page of ofRows) {
    readRows(page, rows.subarray(at, at + page.values), repetition, at);
    at += page.values;
  }
  return { orders, cells, begins: beginsOf(repetition, cells.length), rows };
}

/** Levels of lists: 1 goes on with a list, and an element that is there is of level 1. */
function readRows({ bytes, values }: DeltaPage, rows: Uint32Array, repetition: Uint8Array, at: number): void {
  const { end: begin } = readLevels(bytes, 0, 1, repetition, at, values);
  const { end, areGreatest } = readLevels(bytes, begin, 1, new Uint8Array(values), 0, values);
  expect(areGreatest);
  readDeltas(bytes, end, rows);
}

function beginsOf(repetition: Uint8Array, lists: number): Uint32Array {
  const begins = new Uint32Array(lists + 1);
  let list = 0;
  for (let at = repetition.indexOf(0); at >= 0; at = repetition.indexOf(0, at + 1)) {
    expect(list < lists);
    begins[list++] = at;
  }
  expect(list === lists && begins[0] === 0);
  begins[lists] = repetition.length;
  return begins;
}

function expect(holds: boolean): asserts holds {
  if (!holds) throw new NotPlainError("a part of a cell index is not as granary writes it");
}
