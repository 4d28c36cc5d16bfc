/**
 * Pairs of parent cell and row. DuckDB filters rows by their columns and hands out the lists of cells, or of a
 * cell index the lists of rows; going from cells to parents is a loop over typed arrays here, which needs no join
 * and no distinct over hundreds of millions of values. Selection prunes by cells, never by boxes.
 */
import type { DuckDBDataChunk, DuckDBResult, DuckDBValue } from "@duckdb/node-api";
import { distinctSorted, GrowingArray } from "./pairs.ts";
import { GranaryError, inputError } from "../../core/errors.ts";
import type { LatitudeConvention } from "../../core/cells/convention.ts";
import type { Area } from "../../core/geometry/area.ts";
import { release } from "../../core/release.ts";
import { rangesAt } from "../../core/cells/cell_ranges.ts";
import { shorten, sqlError } from "../../core/tables/expression.ts";
import { type CellIndex, DamagedIndexError, openCellIndex } from "../cell_index/read_index.ts";
import { NO_CELLS_ORDER } from "../cell_index/cell_lists.ts";
import { fulfilling } from "./chosen_rows.ts";
import { filterSql, type GranuleFilter, rowTest } from "./filter.ts";
import type { Catalog } from "../file/open_catalog.ts";
import { PlainCatalog } from "../file/plain_catalog.ts";
import { SMALL_BYTES } from "../file/small_catalog.ts";
import type { RowSpan } from "../file/row_spans.ts";
import { groupsAsked } from "./narrow.ts";
import { CellFilter, ParentFinder } from "./parents.ts";
import { childCells, type ListVector } from "../file/rows.ts";

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

export interface Pairs {
  parents: GrowingArray;
  rows: GrowingArray;
  /** File rows of granules without cells. */
  unknown: number[];
}

/** Throws an input error for a condition that cannot be evaluated. */
export async function findPairs(catalog: Catalog | PlainCatalog, options: SelectOptions): Promise<Pairs> {
  const allowed = allowedParents(options);
  const finder = new ParentFinder(options.order, options.convention, new CellFilter(options.order, allowed));
  const pairs = noPairs(catalog, options);
  const add = (cells: BigUint64Array, from: number, to: number, order: number, row: number) =>
    finder.forEach(cells, from, to, order, (parent) => {
      pairs.parents.push(parent);
      pairs.rows.push(row);
    });
  if (catalog instanceof PlainCatalog) scanRows(catalog, add, pairs, options);
  else await askPairs(catalog, allowed, finder, add, pairs, options);
  if (options.unknownExtent) addUnknown(pairs, allowed, options.order);
  return pairs;
}

/** Every list of cells of rows that are at hand. */
function scanRows(catalog: PlainCatalog, add: AddCells, pairs: Pairs, options: SelectOptions): void {
  const { cells, cell_order: orders } = catalog.columns;
  const keeps = rowTest(catalog, options);
  for (let row = 0; row < catalog.size; row++) {
    if (!keeps(row)) continue;
    if (cells[row].length === 0) pairs.unknown.push(row);
    add(cells[row], 0, cells[row].length, orders[row], row);
    checkCount(catalog, pairs, options);
  }
}

async function askPairs(
  catalog: Catalog,
  allowed: ReadonlySet<number> | undefined,
  finder: ParentFinder,
  add: AddCells,
  pairs: Pairs,
  options: SelectOptions,
): Promise<void> {
  const { sql, values } = await filterSql(catalog, options);
  try {
    const hits = allowed === undefined ? undefined : await indexedHits(catalog, allowed, finder, options);
    if (allowed === undefined || hits === undefined && catalog.sizeBytes <= SMALL_BYTES) {
      for (const source of catalog.within(await groupsAsked(catalog, options, allowed))) {
        await scanLists(catalog, source, sql, values, add, pairs, options);
      }
    } else {
      if (hits !== undefined) await addFulfilling(catalog, hits, sql, values, pairs);
      if (hits === undefined || hits.unknownRows.length > 0) {
        const unseen = hits?.unknownRows ?? await groupsAsked(catalog, options, allowed);
        for (const source of catalog.within(unseen)) {
          await scanHits(catalog, source, sql, values, allowed, add, pairs, options);
          await scanUnknown(catalog, source, sql, values, pairs);
        }
      }
    }
  } catch (error) {
    if (options.where === undefined || isOurs(error, options.signal)) throw error;
    throw sqlError(`--where "${shorten(options.where)}"`, error);
  }
}

function noPairs(catalog: Catalog | PlainCatalog, { order }: SelectOptions): Pairs {
  // Rows of several files are numbered beyond 32 bits.
  const isOne = catalog instanceof PlainCatalog || catalog.paths.length === 1;
  const mostRows = isOne ? 2 ** 32 - 1 : Number.MAX_SAFE_INTEGER;
  return {
    parents: new GrowingArray(12 * 4 ** order - 1),
    rows: new GrowingArray(mostRows),
    unknown: [],
  };
}

function isOurs(error: unknown, signal: AbortSignal | undefined): boolean {
  return error instanceof GranaryError || signal?.aborted === true;
}

/** What statements ask, and the condition of its rows that they say. */
type Source = ReturnType<Catalog["within"]>[number];

type AddCells = (cells: BigUint64Array, from: number, to: number, order: number, row: number) => void;

/** What a cell index knows, whatever a condition says of the rows. */
interface Hits {
  found: Pairs;
  distinct: Set<number>;
  /** Rows that it does not know. */
  unknownRows: readonly RowSpan[];
}

/** By the cell index no list of cells is read. Undefined where there is none that can be read: it is never needed. */
async function indexedHits(
  catalog: Catalog,
  allowed: ReadonlySet<number>,
  finder: ParentFinder,
  options: SelectOptions,
): Promise<Hits | undefined> {
  const index = await openCellIndex(catalog);
  if (index === undefined) return undefined;
  try {
    return await readHits(catalog, index, allowed, finder, options);
  } catch (error) {
    if (error instanceof DamagedIndexError) return undefined;
    throw error;
  }
}

async function readHits(
  catalog: Catalog,
  index: CellIndex,
  allowed: ReadonlySet<number>,
  finder: ParentFinder,
  options: SelectOptions,
): Promise<Hits> {
  const found = noPairs(catalog, options);
  const distinct = new Set<number>();
  const taken = new RowsOfParents(index.size, found, distinct);
  const one = new BigUint64Array(1);
  for (const order of index.orders) {
    if (order === NO_CELLS_ORDER) {
      await index.cells(order, null, (_, rows) => {
        for (const row of rows) found.unknown.push(row), distinct.add(row);
      });
      continue;
    }
    const ranges = rangesAt(order, allowed, options.order, options.convention);
    await index.cells(order, ranges, (cell, rows) => {
      one[0] = BigInt(cell);
      finder.forEach(one, 0, 1, order, (parent) => taken.add(parent, rows));
      checkCount(catalog, found, options);
    }, options.signal);
  }
  return { found, distinct, unknownRows: index.unknown };
}

/** Pairs of lists of rows by cell. Cells of a parent follow each other, and mostly have the same rows. */
class RowsOfParents {
  /** Which time of a parent, counted from 1, a row was last taken in. */
  readonly #times: Uint32Array;
  #time = 0;
  #parent = -1;

  constructor(size: number, readonly found: Pairs, readonly distinct: Set<number>) {
    this.#times = new Uint32Array(size);
  }

  add(parent: number, rows: Uint32Array): void {
    if (parent !== this.#parent) this.#time += 1;
    this.#parent = parent;
    const times = this.#times, time = this.#time;
    const { length } = rows;
    for (let i = 0; i < length; i++) {
      const row = rows[i];
      if (times[row] === time) continue;
      if (times[row] === 0) this.distinct.add(row);
      times[row] = time;
      this.found.parents.push(parent);
      this.found.rows.push(row);
    }
  }
}

/** Adds the pairs whose rows fulfil a condition. */
async function addFulfilling(
  catalog: Catalog,
  { found, distinct }: Hits,
  condition: string,
  values: DuckDBValue[],
  pairs: Pairs,
): Promise<void> {
  if (condition === "true") return void Object.assign(pairs, found);
  const kept = await fulfilling(catalog, distinct, condition, values);
  const parents = found.parents.view(), rows = found.rows.view();
  for (let i = 0; i < rows.length; i++) {
    if (!kept.has(rows[i])) continue;
    pairs.parents.push(parents[i]);
    pairs.rows.push(rows[i]);
  }
  found.parents.free();
  found.rows.free();
  for (const row of found.unknown) if (kept.has(row)) pairs.unknown.push(row);
}

/** Every list of cells, whole: when all parents may be taken, or there is little to read. */
async function scanLists(
  catalog: Catalog,
  source: Source,
  condition: string,
  values: DuckDBValue[],
  add: AddCells,
  pairs: Pairs,
  options: SelectOptions,
): Promise<void> {
  const result = await source.connection.stream(
    `SELECT file_row_number, cell_order, cells FROM ${catalog.conditionTable} AS granules
     WHERE ${condition} AND ${source.condition}`,
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
    release([cells]);
    checkCount(catalog, pairs, options);
  }
}

/** Only the cells in the ranges of the allowed parents, which DuckDB picks out of the lists. */
async function scanHits(
  catalog: Catalog,
  source: Source,
  condition: string,
  values: DuckDBValue[],
  allowed: ReadonlySet<number>,
  add: AddCells,
  pairs: Pairs,
  options: SelectOptions,
): Promise<void> {
  const { connection } = source;
  const orders = await connection.runAndReadAll(
    `SELECT DISTINCT cell_order FROM ${catalog.table} WHERE ${source.condition}`,
  );
  for (const [order] of orders.getRows() as [number][]) {
    const ranges = rangesAt(order, allowed, options.order, options.convention);
    if (ranges.length === 0) continue;
    const hits = ranges.map(({ first, last }) => `cell BETWEEN ${first} AND ${last}`).join(" OR ");
    const result = await connection.stream(
      `SELECT file_row_number, cell FROM (
         SELECT file_row_number, unnest(cells) AS cell FROM ${catalog.conditionTable} AS granules
         WHERE cell_order = ${order} AND cells[1] <= ${
        ranges[ranges.length - 1].last
      } AND ${condition} AND ${source.condition})
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
  source: Source,
  condition: string,
  values: DuckDBValue[],
  pairs: Pairs,
): Promise<void> {
  const reader = await source.connection.runAndReadAll(
    // A row with a box has cells (the writer sees to it), and null boxes are found by their statistics.
    `SELECT file_row_number FROM ${catalog.conditionTable} AS granules
     WHERE bbox.xmin IS NULL AND len(cells) = 0 AND ${condition} AND ${source.condition}`,
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

function checkCount(catalog: { readonly name: string }, pairs: Pairs, options: SelectOptions): void {
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
