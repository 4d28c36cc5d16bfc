/** What a cell index tells of the catalog as it is now, which may have changed since the index was written. */
import fs from "node:fs";
import { MAX_NUMBER_ORDER } from "../../core/cells/convention.ts";
import type { DuckDBConnection } from "@duckdb/node-api";
import { GranaryError } from "../../core/errors.ts";
import { isObject } from "../../core/json_value.ts";
import { sqlString } from "../../core/tables/duckdb.ts";
import { NotPlainError } from "../../core/tables/parquet_columns.ts";
import { NotInPartsError, readAt } from "../../core/tables/parquet_row_groups.ts";
import type { Catalog } from "../file/open_catalog.ts";
import type { RowSpan } from "../file/row_spans.ts";
import {
  type IndexPart,
  isOfPart,
  isPart,
  isWhole as isWholePart,
  pagesEnd,
  partsWith,
} from "./index_parts.ts";
import { hasItsSum } from "./index_sum.ts";
import { MOST_PART_BYTES, type PartLists, partLists } from "./part_lists.ts";
import { type RowGroup, rowGroupsOf, stateOf } from "./row_groups.ts";
import { NO_CELLS_ORDER } from "./cell_lists.ts";
import { CELLS_KEY } from "../schema.ts";
import { type CellIndexMetadata, CELLS_FORMAT } from "./index_format.ts";

export interface CellIndex {
  /** Orders of its cells, ascending; that of rows without cells is among them. */
  readonly orders: readonly number[];
  /** Rows of the catalog that the index does not know, ascending. */
  readonly unknown: readonly RowSpan[];
  /** Rows that the catalog has now. */
  readonly size: number;
  /** Calls `found` with each cell of a range (they ascend) at `order`, ascending, and the rows that it touches, ascending. */
  cells(
    order: number,
    ranges: readonly Range[] | null,
    found: (cell: number, rows: Uint32Array) => void,
    signal?: AbortSignal,
  ): Promise<void>;
}

/** An index whose pages cannot be read, or name rows that no catalog had: its catalog answers without it. */
export class DamagedIndexError extends GranaryError {
  constructor(name: string, reason: string) {
    super("input", `${name}: the cell index is damaged (${reason}); granary catalog index makes it again`);
  }
}

/** More parts than these are read sooner by the threads of DuckDB. */
const MOST_PARTS = 64;
/** Rows in the lists of parts that are held at once; with more of them memory would be much. */
const MOST_ROWS = 16e6;

const OTHER_BYTES = "its bytes are not those that were written";

/** Indices of catalogs that were asked before: neither file changes while the catalog is open. */
const asked = new WeakMap<Catalog, Promise<CellIndex | undefined>>();

/** The index beside a catalog; undefined where there is none, or where it knows nothing of what the catalog has now. */
export function openCellIndex(catalog: Catalog): Promise<CellIndex | undefined> {
  const known = asked.get(catalog) ?? readIndex(catalog);
  asked.set(catalog, known);
  return known;
}

async function readIndex(catalog: Catalog): Promise<CellIndex | undefined> {
  if (catalog.cellIndex === undefined) return undefined;
  const { connection } = catalog.duck;
  const { name, path } = catalog.cellIndex;
  const metadata = await indexMetadata(connection, path);
  if (metadata === undefined || !hasItsSum(path, pagesEnd(metadata.parts))) return undefined;
  const checked = new Set<IndexPart>();
  const isUntouched = metadata.state !== undefined && metadata.state === stateOf(catalog.paths[0]);
  const groups = isUntouched ? metadata.row_groups : await rowGroupsOf(connection, catalog.paths[0]);
  const renumbered = new Renumbered(metadata.row_groups, groups);
  if (renumbered.unknown.length === groups.length && groups.length > 0) return undefined;
  return {
    orders: metadata.orders,
    unknown: renumbered.unknown,
    size: groups.reduce((sum, { rows }) => sum + rows, 0),
    async cells(order, ranges, found, signal) {
      if (ranges?.length === 0) return;
      const take = (cell: number, list: Uint32Array): void => {
        if (!renumbered.knows(list)) {
          throw new DamagedIndexError(name, "it names rows that its catalog never had");
        }
        found(cell, renumbered.rows(list));
      };
      const wanted = ranges === null ? [] : partsWithin(metadata.parts, order, ranges);
      const few = ranges === null || wanted.length > MOST_PARTS
        ? undefined
        : listsOf({ name, path }, wanted, checked);
      if (few !== undefined) {
        for (const lists of few) takeCells(lists, order, ranges!, take);
        return;
      }
      // Of alternatives DuckDB reads every row group, of one range those that it touches: what is read is what is checked.
      const hull = ranges === null ? null : hullOf(ranges);
      const within = ranges === null
        ? ""
        : ` AND ${isIn(hullOf(ranges))} AND (${ranges.map(isIn).join(" OR ")})`;
      for (const part of partsWith(metadata.parts, order, hull)) {
        if (checked.has(part)) continue;
        if (!isWholePart(path, part)) throw new DamagedIndexError(name, OTHER_BYTES);
        checked.add(part);
      }
      const asking = async <T>(answer: Promise<T>): Promise<T> => {
        try {
          return await answer;
        } catch (error) {
          signal?.throwIfAborted();
          throw new DamagedIndexError(name, (error as Error).message.split("\n")[0]);
        }
      };
      const result = await asking(connection.stream(
        `SELECT cell, rows FROM read_parquet(${sqlString(path)}) WHERE cell_order = ${order}${within}`,
      ));
      for (;;) {
        signal?.throwIfAborted();
        const chunk = await asking(result.fetchChunk());
        if (chunk === null || chunk.rowCount === 0) return;
        const cells = (chunk.getColumnVector(0) as unknown as { items: BigUint64Array }).items;
        const lists = chunk.getColumnVector(1) as unknown as RowListVector;
        const rows = lists.childVector.items;
        for (let i = 0; i < chunk.rowCount; i++) {
          const from = lists.getEntryOffset(i);
          take(Number(cells[i]), rows.subarray(from, from + lists.getEntryLength(i)));
        }
      }
    },
  };
}

/** The parts that may hold cells of an order in one of the ranges, which ascend. */
function partsWithin(parts: readonly IndexPart[], order: number, ranges: readonly Range[]): IndexPart[] {
  return partsWith(parts, order, hullOf(ranges)).filter((part) =>
    ranges.some((range) => partsWith([part], order, range).length > 0)
  );
}

/**
 * The entries of parts, read without DuckDB; undefined where they are for it. Throws a {@linkcode DamagedIndexError} for
 * bytes that are not those that were written.
 */
function listsOf(
  { name, path }: { name: string; path: string },
  parts: readonly IndexPart[],
  checked: Set<IndexPart>,
): PartLists[] | undefined {
  if (parts.some(({ begin, end }) => end - begin > MOST_PART_BYTES)) return undefined;
  const found: PartLists[] = [];
  let room = MOST_ROWS;
  const fd = fs.openSync(path, "r");
  try {
    for (const part of parts) {
      const bytes = readAt(fd, part.begin, part.end - part.begin, path);
      if (!checked.has(part) && !isOfPart(bytes, part)) throw new DamagedIndexError(name, OTHER_BYTES);
      checked.add(part);
      const lists = partLists(bytes);
      room -= lists.rows.length;
      if (room < 0) return undefined;
      found.push(lists);
    }
    return found;
  } catch (error) {
    if (error instanceof NotInPartsError) throw new DamagedIndexError(name, error.message);
    if (error instanceof NotPlainError) return undefined;
    throw error;
  } finally {
    fs.closeSync(fd);
  }
}

/** The cells of a part at an order that lie in one of the ranges. */
function takeCells(
  { orders, cells, begins, rows }: PartLists,
  order: number,
  ranges: readonly Range[],
  take: (cell: number, rows: Uint32Array) => void,
): void {
  for (let i = 0, range = 0; i < cells.length; i++) {
    if (orders[i] !== order) continue;
    // Those of one order ascend.
    while (range < ranges.length && ranges[range].last < cells[i]) range += 1;
    if (range === ranges.length) return;
    if (ranges[range].first <= cells[i]) take(cells[i], rows.subarray(begins[i], begins[i + 1]));
  }
}

interface Range {
  readonly first: number;
  readonly last: number;
}

function hullOf(ranges: readonly Range[]): Range {
  return { first: ranges[0].first, last: ranges[ranges.length - 1].last };
}

function isIn({ first, last }: Range): string {
  return `cell BETWEEN ${first} AND ${last}`;
}

interface RowListVector {
  getEntryOffset(row: number): number;
  getEntryLength(row: number): number;
  readonly childVector: { readonly items: Uint32Array };
}

/** What an index says of itself; undefined for what is no cell index that this version reads. */
export async function indexMetadata(
  connection: DuckDBConnection,
  path: string,
): Promise<CellIndexMetadata | undefined> {
  const value = await statedBy(connection, path);
  return isMetadata(value) ? value : undefined;
}

/** Whether a file says that it is a cell index, of this version or another. */
export async function saysItIsCellIndex(connection: DuckDBConnection, path: string): Promise<boolean> {
  return Number.isInteger((await statedBy(connection, path))?.format);
}

async function statedBy(
  connection: DuckDBConnection,
  path: string,
): Promise<Record<string, unknown> | undefined> {
  try {
    const reader = await connection.runAndReadAll(
      `SELECT decode(value) FROM parquet_kv_metadata(${sqlString(path)}) WHERE key = '${CELLS_KEY}'::BLOB`,
    );
    const value: unknown = JSON.parse(String(reader.getRows()[0]?.[0]));
    return isObject(value) ? value : undefined;
  } catch {
    // No Parquet, or no footer that can be read: an index is never needed.
    return undefined;
  }
}

function isMetadata(value: unknown): value is CellIndexMetadata {
  if (!isObject(value) || value.format !== CELLS_FORMAT) return false;
  const { orders, row_groups: groups, parts, sum } = value;
  // Earlier versions wrote cells of higher orders, which are not exact.
  const isOrder = (order: unknown) =>
    isWhole(order) && (order <= MAX_NUMBER_ORDER || order === NO_CELLS_ORDER);
  return typeof sum === "string" && Array.isArray(orders) && orders.every(isOrder) &&
    Array.isArray(groups) && groups.every(isGroup) && Array.isArray(parts) && parts.every(isPart);
}

function isGroup(value: unknown): boolean {
  return isObject(value) && isWhole(value.first) && isWhole(value.rows) && typeof value.digest === "string";
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** From the numbers of rows when the index was written to those of the same rows now. */
class Renumbered {
  readonly unknown: RowSpan[] = [];
  /** The first row of each group then, ascending; how far its rows moved since, NaN where they are gone. */
  readonly #firsts: Float64Array;
  readonly #moves: Float64Array;
  readonly #rows: number;
  readonly #isSame: boolean;

  constructor(then: readonly RowGroup[], now: readonly RowGroup[]) {
    const places = placesByDigest(then);
    this.#firsts = Float64Array.from(then, ({ first }) => first);
    this.#moves = new Float64Array(then.length).fill(NaN);
    this.#rows = then.reduce((sum, { rows }) => sum + rows, 0);
    for (const { first, rows, digest } of now) {
      const place = places.get(digest)?.shift();
      if (place === undefined) this.unknown.push({ first, rows });
      else this.#moves[place] = first - then[place].first;
    }
    this.#isSame = this.#moves.every((move) => move === 0);
  }

  /** Whether the catalog had the rows of a list, which ascend. */
  knows(list: Uint32Array): boolean {
    return list.length === 0 || list[list.length - 1] < this.#rows;
  }

  /** The rows of a list that are still there, by their numbers of now. */
  rows(list: Uint32Array): Uint32Array {
    if (this.#isSame) return list;
    const moved = new Uint32Array(list.length);
    let count = 0;
    for (let i = 0, group = 0; i < list.length; i++) {
      while (group + 1 < this.#firsts.length && this.#firsts[group + 1] <= list[i]) group += 1;
      const move = this.#moves[group];
      if (!Number.isNaN(move)) moved[count++] = list[i] + move;
    }
    return moved.subarray(0, count).sort();
  }
}

/** Places of groups, ascending. Groups of one digest have the same cells, and any stands for any. */
function placesByDigest(groups: readonly RowGroup[]): Map<string, number[]> {
  return Map.groupBy(groups.keys(), (place) => groups[place].digest);
}
