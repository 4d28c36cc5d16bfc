/**
 * Which parent cells have which granules. DuckDB filters rows by their columns and hands out the lists
 * of cells; going from cells to parents is a loop over typed arrays here, which needs no join and no
 * distinct over hundreds of millions of values. Selection prunes by cells, never by boxes.
 */
import type { DuckDBDataChunk, DuckDBResult, DuckDBValue } from "@duckdb/node-api";
import { countDistinct, distinctSorted, groupPairs, GrowingArray, rankIn } from "./pairs.ts";
import { GranaryError, inputError } from "../../core/errors.ts";
import { type LatitudeConvention, MAX_NUMBER_ORDER } from "../../core/cells/convention.ts";
import type { Area } from "../../core/geometry/area.ts";
import { rangesAt } from "../../core/cells/cell_ranges.ts";
import { shorten, sqlError } from "../../core/tables/expression.ts";
import { filterSql, type GranuleFilter } from "./filter.ts";
import type { GranuleRow } from "../granule.ts";
import type { Catalog } from "../file/open_catalog.ts";
import { CellFilter, ParentFinder } from "./parents.ts";
import { compareGranules } from "../file/row_order.ts";
import { childCells, type ListVector, readRows } from "../file/rows.ts";
import { reading } from "../../core/tables/reading.ts";

/** More pairs of parent and granule than this are refused. */
const MAX_PAIRS = 1_000_000_000;

export interface SelectOptions extends GranuleFilter {
  /** The order of parent cells, 0 to 24. */
  order: number;
  convention: LatitudeConvention;
  /** Only these parents (nested ids at `order`); all without it. */
  cells?: Iterable<number> | undefined;
  /** Only parents that touch every one of these areas. */
  areas?: readonly Area[] | undefined;
  /** At most so many parents: the first in ascending order. */
  maxCells?: number | undefined;
  /** Leave geometry (null) and cells (empty) out of the granules; a plan needs neither. */
  withoutCells?: boolean | undefined;
  /** Granules whose extent is unknown are taken, and needed by every parent. */
  unknownExtent?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface Selection {
  order: number;
  convention: LatitudeConvention;
  /** Nested ids, ascending. */
  parents: Float64Array;
  /** Granules of each parent. */
  counts: Uint32Array;
  /** In canonical order: collection, id, revision. */
  granules: GranuleRow[];
  /** For each granule the positions in `parents` of those that its cells touch, ascending. */
  ranks: Uint32Array[];
  /** Granules that the column conditions kept and that have no cells. */
  unknownExtent: number;
}

/** Selects parents and granules. Throws an input error for conditions that cannot be evaluated. */
export async function select(catalog: Catalog, options: SelectOptions): Promise<Selection> {
  if (!Number.isInteger(options.order) || options.order < 0 || options.order > MAX_NUMBER_ORDER) {
    throw inputError(`parent order ${options.order} is not an order of 0 to ${MAX_NUMBER_ORDER}`);
  }
  const pairs = await reading(catalog.name, () => findPairs(catalog, options));
  const parents = distinctSorted(pairs.parents.view(), options.order);
  const kept = options.maxCells === undefined ? parents : parents.subarray(0, options.maxCells);
  const rows = rowsOfParents(pairs, kept, options.order);
  const { granules, indexOfRow } = await reading(
    catalog.name,
    () => fetchGranules(catalog, rows, options),
  );
  const rankOf = rankIn(kept, options.order);
  const parentList = pairs.parents.view(), rowList = pairs.rows.view();
  const ranks = groupPairs(
    pairs.parents.length,
    granules.length,
    (i) => indexOfRow.get(rowList[i]) ?? -1,
    (i) => rankOf(parentList[i]),
  );
  const counts = new Uint32Array(kept.length);
  for (const own of ranks) for (const rank of own) counts[rank] += 1;
  return {
    order: options.order,
    convention: options.convention,
    parents: kept,
    counts,
    ranks,
    granules,
    unknownExtent: pairs.unknown.length,
  };
}

/** Parents with their counts of granules, without reading the granules' other columns. */
export async function countParents(
  catalog: Catalog,
  options: SelectOptions,
): Promise<{ parents: Float64Array; counts: Uint32Array; granules: number; unknownExtent: number }> {
  const pairs = await reading(catalog.name, () => findPairs(catalog, options));
  const all = distinctSorted(pairs.parents.view(), options.order);
  const parents = options.maxCells === undefined ? all : all.subarray(0, options.maxCells);
  const rankOf = rankIn(parents, options.order);
  const parentList = pairs.parents.view(), rowList = pairs.rows.view();
  const rows = groupPairs(
    pairs.parents.length,
    parents.length,
    (i) => rankOf(parentList[i]),
    (i) => rowList[i],
  );
  return {
    parents,
    counts: Uint32Array.from(rows, (own) => own.length),
    granules: countDistinct(rows),
    unknownExtent: pairs.unknown.length,
  };
}

interface Pairs {
  parents: GrowingArray;
  rows: GrowingArray;
  /** File rows of granules without cells. */
  unknown: number[];
}

async function findPairs(catalog: Catalog, options: SelectOptions): Promise<Pairs> {
  const allowed = allowedParents(options);
  const finder = new ParentFinder(options.order, options.convention, new CellFilter(options.order, allowed));
  const pairs: Pairs = { parents: new GrowingArray(), rows: new GrowingArray(), unknown: [] };
  const add = (cells: BigUint64Array, from: number, to: number, order: number, row: number) =>
    finder.forEach(cells, from, to, order, (parent) => {
      pairs.parents.push(parent);
      pairs.rows.push(row);
    });
  const { sql, values } = await filterSql(catalog, options);
  try {
    if (allowed === undefined) await scanLists(catalog, sql, values, add, pairs, options);
    else {
      await scanHits(catalog, sql, values, allowed, add, pairs, options);
      await scanUnknown(catalog, sql, values, pairs);
    }
  } catch (error) {
    if (options.where === undefined || isOurs(error, options.signal)) throw error;
    throw sqlError(`--where "${shorten(options.where)}"`, error);
  }
  if (options.unknownExtent) addUnknown(pairs, allowed, options.order);
  return pairs;
}

function isOurs(error: unknown, signal: AbortSignal | undefined): boolean {
  return error instanceof GranaryError || signal?.aborted === true;
}

type AddCells = (cells: BigUint64Array, from: number, to: number, order: number, row: number) => void;

/** Every list of cells, whole: when all parents may be taken. */
async function scanLists(
  catalog: Catalog,
  condition: string,
  values: DuckDBValue[],
  add: AddCells,
  pairs: Pairs,
  options: SelectOptions,
): Promise<void> {
  const result = await catalog.duck.connection.stream(
    `SELECT file_row_number, cell_order, cells FROM ${catalog.conditionTable} AS granules WHERE ${condition}`,
    values,
  );
  for await (const chunk of chunksOf(result, options.signal)) {
    const numbers = chunk.getColumnVector(0);
    const orders = chunk.getColumnVector(1);
    const lists = chunk.getColumnVector(2) as unknown as ListVector;
    const cells = childCells(lists);
    for (let i = 0; i < chunk.rowCount; i++) {
      const row = Number(numbers.getItem(i));
      const from = lists.getEntryOffset(i);
      const length = lists.getEntryLength(i);
      if (length === 0) pairs.unknown.push(row);
      add(cells, from, from + length, orders.getItem(i) as number, row);
    }
    checkCount(catalog, pairs, options);
  }
}

/** Only the cells in the ranges of the allowed parents, which DuckDB picks out of the lists. */
async function scanHits(
  catalog: Catalog,
  condition: string,
  values: DuckDBValue[],
  allowed: ReadonlySet<number>,
  add: AddCells,
  pairs: Pairs,
  options: SelectOptions,
): Promise<void> {
  const { connection } = catalog.duck;
  const orders = await connection.runAndReadAll(`SELECT DISTINCT cell_order FROM ${catalog.table}`);
  for (const [order] of orders.getRows() as [number][]) {
    const ranges = rangesAt(order, allowed, options.order, options.convention);
    if (ranges.length === 0) continue;
    const hits = ranges.map(({ first, last }) => `cell BETWEEN ${first} AND ${last}`).join(" OR ");
    const result = await connection.stream(
      `SELECT file_row_number, cell FROM (
         SELECT file_row_number, unnest(cells) AS cell FROM ${catalog.conditionTable} AS granules
         WHERE cell_order = ${order} AND cells[1] <= ${ranges[ranges.length - 1].last} AND ${condition})
       WHERE ${hits}`,
      values,
    );
    for await (const chunk of chunksOf(result, options.signal)) {
      const rows = (chunk.getColumnVector(0) as unknown as { items: BigInt64Array }).items;
      const cells = (chunk.getColumnVector(1) as unknown as { items: BigUint64Array }).items;
      for (let from = 0, to = 1; from < chunk.rowCount; from = to, to = from + 1) {
        while (to < chunk.rowCount && rows[to] === rows[from]) to += 1;
        add(cells, from, to, order, Number(rows[from]));
      }
      checkCount(catalog, pairs, options);
    }
  }
}

async function scanUnknown(
  catalog: Catalog,
  condition: string,
  values: DuckDBValue[],
  pairs: Pairs,
): Promise<void> {
  const reader = await catalog.duck.connection.runAndReadAll(
    // A row with a box has cells (the writer sees to it), and null boxes are found by their statistics.
    `SELECT file_row_number FROM ${catalog.conditionTable} AS granules
     WHERE bbox.xmin IS NULL AND len(cells) = 0 AND ${condition}`,
    values,
  );
  for (const [row] of reader.getRows()) pairs.unknown.push(Number(row));
}

async function* chunksOf(result: DuckDBResult, signal?: AbortSignal): AsyncGenerator<DuckDBDataChunk> {
  for (;;) {
    signal?.throwIfAborted();
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    yield chunk;
  }
}

function checkCount(catalog: Catalog, pairs: Pairs, options: SelectOptions): void {
  if (pairs.parents.length <= MAX_PAIRS) return;
  throw inputError(
    `${catalog.name}: more than ${MAX_PAIRS} pairs of parent cell and granule at order ` +
      `${options.order}; narrow the selection or take a coarser parent order`,
  );
}

/** The parents asked for by name and by area; undefined when every parent may be taken. */
function allowedParents(options: SelectOptions): Set<number> | undefined {
  const lists = (options.areas ?? []).map((area) => area.cells(options.order, options.convention));
  const sets: Iterable<number>[] = options.cells === undefined ? lists : [options.cells, ...lists];
  return sets.map((set) => new Set(set)).reduce<Set<number> | undefined>(
    (all, set) => all === undefined ? set : all.intersection(set),
    undefined,
  );
}

/** Granules of unknown extent are needed by every parent that is asked for or has another granule. */
function addUnknown(pairs: Pairs, allowed: ReadonlySet<number> | undefined, order: number): void {
  const parents = allowed === undefined
    ? distinctSorted(pairs.parents.view(), order)
    : Float64Array.from(allowed).sort();
  for (const row of pairs.unknown) {
    for (const parent of parents) {
      pairs.parents.push(parent);
      pairs.rows.push(row);
    }
  }
}

function rowsOfParents(pairs: Pairs, parents: Float64Array, order: number): Set<number> {
  const rankOf = rankIn(parents, order);
  const rows = new Set<number>();
  const parentList = pairs.parents.view();
  const rowList = pairs.rows.view();
  for (let i = 0; i < parentList.length; i++) if (rankOf(parentList[i]) >= 0) rows.add(rowList[i]);
  return rows;
}

async function fetchGranules(
  catalog: Catalog,
  rows: ReadonlySet<number>,
  options: SelectOptions,
): Promise<{ granules: GranuleRow[]; indexOfRow: Map<number, number> }> {
  const found: { row: GranuleRow; fileRow: number }[] = [];
  if (rows.size > 0) {
    await fillChosen(catalog, rows);
    const source = {
      table: catalog.table,
      tail: "SEMI JOIN chosen USING (file_row_number)",
      withoutCells: options.withoutCells ?? false,
    };
    for await (const chunk of readRows(catalog.duck.connection, source)) {
      options.signal?.throwIfAborted();
      for (let i = 0; i < chunk.rows.length; i++) {
        found.push({ row: chunk.rows[i], fileRow: chunk.fileRows[i] });
      }
    }
  }
  found.sort((a, b) => compareGranules(a.row, b.row));
  const indexOfRow = new Map(found.map(({ fileRow }, index) => [fileRow, index]));
  return { granules: found.map(({ row }) => row), indexOfRow };
}

async function fillChosen(catalog: Catalog, rows: ReadonlySet<number>): Promise<void> {
  const { connection } = catalog.duck;
  await connection.run("CREATE OR REPLACE TEMP TABLE chosen (file_row_number BIGINT)");
  const appender = await connection.createAppender("chosen");
  for (const row of rows) {
    appender.appendBigInt(BigInt(row));
    appender.endRow();
  }
  appender.closeSync();
}
