/**
 * Which parent cells have which granules. DuckDB filters rows by their columns and hands out the lists
 * of cells; going from cells to parents is a loop over typed arrays here, which needs no join and no
 * distinct over hundreds of millions of values. Selection prunes by cells, never by boxes.
 */
import { inputError } from "../base/errors.ts";
import { type LatitudeConvention, MAX_NUMBER_ORDER } from "./cells/convention.ts";
import type { Area } from "./area.ts";
import { shorten, sqlError } from "./expression.ts";
import { filterSql, type GranuleFilter } from "./filter.ts";
import type { GranuleRow } from "./granule.ts";
import type { Catalog } from "./open.ts";
import { CellFilter, ParentFinder } from "./parents.ts";
import { compareText } from "./row_order.ts";
import { childCells, type ListVector, readRows } from "./rows.ts";

/** More pairs of parent and granule than this are refused. */
export const MAX_PAIRS = 1_000_000_000;

export type { GranuleFilter };

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
  /** The granules of parent i are `indices[offsets[i] .. offsets[i + 1])`, ascending. */
  needs: { offsets: Float64Array; indices: Uint32Array };
  /** Granules that the column conditions kept and that have no cells. */
  unknownExtent: number;
}

/** Selects parents and granules. Throws an input error for conditions that cannot be evaluated. */
export async function select(catalog: Catalog, options: SelectOptions): Promise<Selection> {
  if (!Number.isInteger(options.order) || options.order < 0 || options.order > MAX_NUMBER_ORDER) {
    throw inputError(`parent order ${options.order} is not an order of 0 to ${MAX_NUMBER_ORDER}`);
  }
  const pairs = await findPairs(catalog, options);
  const parents = distinctSorted(pairs.parents.view());
  const kept = options.maxCells === undefined ? parents : parents.subarray(0, options.maxCells);
  const rows = rowsOfParents(pairs, kept);
  const { granules, indexOfRow } = await fetchGranules(catalog, rows, options.signal);
  return {
    order: options.order,
    convention: options.convention,
    ...compress(kept, pairs, indexOfRow),
    granules,
    unknownExtent: pairs.unknown.length,
  };
}

/** Parents with their counts of granules, without reading the granules' other columns. */
export async function countParents(
  catalog: Catalog,
  options: SelectOptions,
): Promise<{ parents: Float64Array; counts: Uint32Array; granules: number; unknownExtent: number }> {
  const pairs = await findPairs(catalog, options);
  const all = distinctSorted(pairs.parents.view());
  const parents = options.maxCells === undefined ? all : all.subarray(0, options.maxCells);
  const counts = new Uint32Array(parents.length);
  const rankOf = rankIn(parents);
  const rows = new Set<number>();
  const parentList = pairs.parents.view();
  const rowList = pairs.rows.view();
  for (let i = 0; i < parentList.length; i++) {
    const rank = rankOf(parentList[i]!);
    if (rank < 0) continue;
    counts[rank]! += 1;
    rows.add(rowList[i]!);
  }
  return { parents, counts, granules: rows.size, unknownExtent: pairs.unknown.length };
}

interface Pairs {
  parents: GrowingArray;
  rows: GrowingArray;
  /** File rows of granules without cells. */
  unknown: number[];
}

async function findPairs(catalog: Catalog, options: SelectOptions): Promise<Pairs> {
  const allowed = allowedParents(options);
  const filter = new CellFilter(options.order, allowed);
  const finder = new ParentFinder(options.order, options.convention, filter);
  const pairs: Pairs = { parents: new GrowingArray(), rows: new GrowingArray(), unknown: [] };
  const { sql, values } = await filterSql(catalog, options);
  const statement =
    `SELECT file_row_number, cell_order, cells FROM ${catalog.conditionTable} AS granules WHERE ${sql}`;
  const result = await catalog.duck.connection.stream(statement, values).catch((error: unknown) => {
    if (options.where === undefined) throw error;
    throw sqlError(`--where "${shorten(options.where)}"`, error);
  });
  for (;;) {
    options.signal?.throwIfAborted();
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    const numbers = chunk.getColumnVector(0);
    const orders = chunk.getColumnVector(1);
    const lists = chunk.getColumnVector(2) as unknown as ListVector;
    const cells = childCells(lists);
    for (let i = 0; i < chunk.rowCount; i++) {
      const row = Number(numbers.getItem(i));
      const from = lists.getEntryOffset(i);
      const length = lists.getEntryLength(i);
      if (length === 0) pairs.unknown.push(row);
      finder.forEach(cells, from, from + length, orders.getItem(i) as number, (parent) => {
        pairs.parents.push(parent);
        pairs.rows.push(row);
      });
    }
    if (pairs.parents.length > MAX_PAIRS) {
      throw inputError(
        `${catalog.name}: more than ${MAX_PAIRS} pairs of parent cell and granule at order ` +
          `${options.order}; narrow the selection or take a coarser parent order`,
      );
    }
  }
  if (options.unknownExtent) addUnknown(pairs, allowed);
  return pairs;
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
function addUnknown(pairs: Pairs, allowed: ReadonlySet<number> | undefined): void {
  const parents = allowed === undefined
    ? distinctSorted(pairs.parents.view())
    : Float64Array.from(allowed).sort();
  for (const row of pairs.unknown) {
    for (const parent of parents) {
      pairs.parents.push(parent);
      pairs.rows.push(row);
    }
  }
}

function rowsOfParents(pairs: Pairs, parents: Float64Array): Set<number> {
  const rankOf = rankIn(parents);
  const rows = new Set<number>();
  const parentList = pairs.parents.view();
  const rowList = pairs.rows.view();
  for (let i = 0; i < parentList.length; i++) if (rankOf(parentList[i]!) >= 0) rows.add(rowList[i]!);
  return rows;
}

async function fetchGranules(
  catalog: Catalog,
  rows: ReadonlySet<number>,
  signal: AbortSignal | undefined,
): Promise<{ granules: GranuleRow[]; indexOfRow: Map<number, number> }> {
  const found: { row: GranuleRow; fileRow: number }[] = [];
  if (rows.size > 0) {
    await fillChosen(catalog, rows);
    const source = {
      table: catalog.table,
      tail: "SEMI JOIN chosen USING (file_row_number)",
    };
    for await (const chunk of readRows(catalog.duck.connection, source)) {
      signal?.throwIfAborted();
      for (let i = 0; i < chunk.rows.length; i++) {
        found.push({ row: chunk.rows[i]!, fileRow: chunk.fileRows[i]! });
      }
    }
  }
  found.sort((a, b) => compareCanonical(a.row, b.row));
  const indexOfRow = new Map(found.map(({ fileRow }, index) => [fileRow, index]));
  return { granules: found.map(({ row }) => row), indexOfRow };
}

/** Canonical order of granules: collection, id, revision. */
export function compareCanonical(a: GranuleRow, b: GranuleRow): number {
  return compareText(a.collection, b.collection) || compareText(a.id, b.id) ||
    (a.revision ?? -1) - (b.revision ?? -1);
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

function compress(
  parents: Float64Array,
  pairs: Pairs,
  indexOfRow: ReadonlyMap<number, number>,
): Pick<Selection, "parents" | "counts" | "needs"> {
  const rankOf = rankIn(parents);
  const parentList = pairs.parents.view();
  const rowList = pairs.rows.view();
  const counts = new Uint32Array(parents.length);
  for (let i = 0; i < parentList.length; i++) {
    const rank = rankOf(parentList[i]!);
    if (rank >= 0) counts[rank]! += 1;
  }
  const offsets = new Float64Array(parents.length + 1);
  for (let i = 0; i < parents.length; i++) offsets[i + 1] = offsets[i]! + counts[i]!;
  const indices = new Uint32Array(offsets[parents.length]!);
  const next = offsets.slice();
  for (let i = 0; i < parentList.length; i++) {
    const rank = rankOf(parentList[i]!);
    if (rank >= 0) indices[next[rank]!++] = indexOfRow.get(rowList[i]!)!;
  }
  for (let i = 0; i < parents.length; i++) indices.subarray(offsets[i]!, offsets[i + 1]!).sort();
  return { parents, counts, needs: { offsets, indices } };
}

function distinctSorted(values: Float64Array): Float64Array {
  return Float64Array.from(new Set(values)).sort();
}

/** A function from a value to its place in `sorted`, -1 when it is not there. */
function rankIn(sorted: Float64Array): (value: number) => number {
  const places = new Map<number, number>();
  for (let i = 0; i < sorted.length; i++) places.set(sorted[i]!, i);
  return (value) => places.get(value) ?? -1;
}

/** Float64 values that grow by doubling. */
class GrowingArray {
  length = 0;
  #values = new Float64Array(1024);

  push(value: number): void {
    if (this.length === this.#values.length) {
      const wider = new Float64Array(this.length * 2);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.length++] = value;
  }

  view(): Float64Array {
    return this.#values.subarray(0, this.length);
  }
}
