/**
 * A row index of this machine, read without DuckDB, whose start takes longer than a look at a few row groups does.
 */
import fs from "node:fs";
import { type Column, NotPlainError, valuesOf } from "../../core/tables/parquet_columns.ts";
import { isNotPlain, type PlainKind, PlainParquet } from "../../core/tables/plain_parquet.ts";
import { ROWS_KEY } from "../schema.ts";
import { HEAD_CELL } from "./index_format.ts";
import {
  type CellRange,
  expectIndexFile,
  type IndexHead,
  type IndexReader,
  type RunChunk,
} from "./index_reader.ts";

/** More row groups than these are read sooner by the threads of DuckDB. */
const MOST_GROUPS = 6;

const COLUMNS: Readonly<Record<string, PlainKind>> = {
  collection: "text",
  id: "text",
  size_bytes: "int64",
  checksum: "text",
  group: "text",
  cell: "uint64",
  first_row: "uint32",
  rows: "uint32",
};

/** What `use` makes of an index; undefined for one that DuckDB has to read, or to refuse. */
export async function plainly<T>(
  file: string,
  use: (index: IndexReader) => Promise<T>,
): Promise<T | undefined> {
  expectIndexFile(file);
  if (!fs.statSync(file).isFile()) return undefined;
  let parquet: PlainParquet | undefined;
  try {
    parquet = PlainParquet.open(file);
    return await use(plainIndex(parquet));
  } catch (error) {
    if (isNotPlain(error)) return undefined;
    throw error;
  } finally {
    parquet?.close();
  }
}

function plainIndex(file: PlainParquet): IndexReader {
  const head = Number(HEAD_CELL);
  const heads = { from: head, to: head };
  return {
    stated() {
      return Promise.resolve(file.keys.find(([key]) => key === ROWS_KEY)?.[1]);
    },
    heads() {
      return Promise.resolve(groupsWith(file, heads).flatMap((group) => headsIn(file, group, heads)));
    },
    *runs(hull, ranges) {
      for (const group of groupsWith(file, hull)) yield runsIn(file, group, ranges ?? [hull]);
    },
  };
}

function headsIn(file: PlainParquet, group: number, heads: CellRange): IndexHead[] {
  const { rows, granule, read } = entriesIn(file, group, [heads]);
  const sizes = valuesOf<bigint>(read("size_bytes"), 1), sums = valuesOf<string>(read("checksum"), 1);
  return rows.map((row) => {
    const size = sizes[row];
    return { granule: granule(row), sizeBytes: size === null ? null : Number(size), checksum: sums[row] };
  });
}

function runsIn(file: PlainParquet, group: number, ranges: readonly CellRange[]): RunChunk {
  const { cells, rows: found, granule, read } = entriesIn(file, group, ranges);
  const name = textsOf(read("group"));
  const first = numbersOf(read("first_row")), rows = numbersOf(read("rows"));
  return {
    length: found.length,
    granule: (i) => granule(found[i]),
    group: (i) => name(found[i]),
    cell: (i) => cells[i],
    first: (i) => first(found[i]),
    rows: (i) => rows(found[i]),
  };
}

/** The entries of a row group whose cells lie in one of the ranges, which ascend. */
function entriesIn(file: PlainParquet, group: number, ranges: readonly CellRange[]) {
  const { cells, places } = cellsWithin(file.read(group, "cell", COLUMNS.cell), ranges);
  // What lies between the first and the last is decoded; all of it mostly is asked for.
  const from = places[0] ?? 0;
  const some = { from, to: places.length === 0 ? 0 : places[places.length - 1] + 1 };
  const read = (name: string) => file.read(group, name, COLUMNS[name], "o", some);
  const collection = textsOf(read("collection")), id = textsOf(read("id"));
  return {
    cells,
    rows: places.map((place) => place - from),
    granule: (row: number) => `${collection(row)}\n${id(row)}`,
    read,
  };
}

/** The row groups that may have a cell of a range. */
function groupsWith(file: PlainParquet, { from, to }: CellRange): number[] {
  const groups = [...file.groups.keys()].filter((group) => {
    const bounds = file.bounds(group, "cell");
    return bounds === null || bounds.least <= to && bounds.greatest >= from;
  });
  if (groups.length > MOST_GROUPS) throw new NotPlainError(`${groups.length} row groups are much to read`);
  return groups;
}

/** Throws where a value is missing, which none of an index is. */
function complete(column: Column): Column {
  if (column.hasGaps) throw new NotPlainError("a value of the index is missing");
  return column;
}

/** The cells of a column that lie in one of the ranges, and their places in it. */
function cellsWithin(column: Column, ranges: readonly CellRange[]): { cells: number[]; places: number[] } {
  const { values, codes } = complete(column);
  // Two words each, the lower first.
  const words = new Uint32Array((values as BigInt64Array).buffer);
  const cells: number[] = [], places: number[] = [];
  const { length } = codes ?? values;
  // Cells ascend in the file, so that the range of one is mostly that of the next.
  let range = 0;
  for (let place = 0; place < length; place++) {
    const at = 2 * (codes === null ? place : codes[place]);
    const cell = words[at + 1] * 2 ** 32 + words[at];
    while (range > 0 && ranges[range - 1].to >= cell) range -= 1;
    while (range < ranges.length && ranges[range].to < cell) range += 1;
    if (range === ranges.length || ranges[range].from > cell) continue;
    cells.push(cell);
    places.push(place);
  }
  return { cells, places };
}

function numbersOf(column: Column): (row: number) => number {
  const { values, codes } = complete(column);
  const numbers = new Uint32Array((values as Int32Array).buffer);
  return codes === null ? (row) => numbers[row] : (row) => numbers[codes[row]];
}

function textsOf(column: Column): (row: number) => string {
  const { values, codes } = complete(column);
  const texts = values as string[];
  return codes === null ? (row) => texts[row] : (row) => texts[codes[row]];
}
