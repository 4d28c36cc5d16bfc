/** From the cells of each row to the rows of each cell, in one pass over a catalog. */
import { MAX_NUMBER_ORDER } from "../../core/cells/convention.ts";
import { inputError } from "../../core/errors.ts";
import { release } from "../../core/release.ts";
import { chunksAhead } from "../../core/tables/query.ts";
import { formatBytes } from "../../core/units.ts";
import type { Catalog } from "../file/open_catalog.ts";
import { childCells, type ListVector } from "../file/rows.ts";
import { RowLists } from "./row_lists.ts";

/** The order that rows without cells stand under: beyond every order, at cell 0. */
export const NO_CELLS_ORDER = 30;

/** More memory than this for the lists is not taken. */
const MOST_BYTES = 2 ** 31;
/** Up to this order a table of all cells is small. */
const TABLE_ORDER = 10;

export interface PassOptions {
  signal?: AbortSignal | undefined;
  /** Called with the count of rows so far. */
  onRows?: ((rows: number) => void) | undefined;
}

/** The rows of a catalog's one file by cell. Throws an input error for more than memory should hold. */
export async function cellLists(catalog: Catalog, options: PassOptions): Promise<CellLists> {
  const lists = new CellLists();
  let row = 0;
  // DuckDB keeps the file's order where it is told no other.
  const sql = `SELECT cell_order, cells FROM ${catalog.table}`;
  for await (const chunk of chunksAhead(await catalog.duck.connection.stream(sql))) {
    options.signal?.throwIfAborted();
    const orders = chunk.getColumnVector(0);
    const column = chunk.getColumnVector(1) as unknown as ListVector;
    const cells = childCells(column);
    for (let i = 0; i < chunk.rowCount; i++, row++) {
      const from = column.getEntryOffset(i);
      lists.add(orders.getItem(i) as number, cells, from, from + column.getEntryLength(i), row);
    }
    // A copy of the chunk's, megabytes each.
    release([cells]);
    if (lists.sizeBytes > MOST_BYTES) {
      throw inputError(
        `${catalog.name}: its cells take more than ${formatBytes(MOST_BYTES)} in an index` +
          " (make catalogs of parts of it, or go without one)",
      );
    }
    options.onRows?.(row);
  }
  return lists;
}

/** Lists of rows by cell, of several orders. */
export class CellLists {
  readonly rows = new RowLists();
  readonly #byOrder = new Map<number, Places>();

  get sizeBytes(): number {
    return this.rows.sizeBytes;
  }

  orders(): number[] {
    return [...this.#byOrder.keys()].sort((a, b) => a - b);
  }

  /**
   * Adds a row whose cells are `cells[from .. to)` at `order`. Cells of orders whose numbers are not exact stand as
   * their parents of the last order whose numbers are, the highest that is asked for.
   */
  add(order: number, cells: BigUint64Array, from: number, to: number, row: number): void {
    if (from === to) return this.#append(this.#places(NO_CELLS_ORDER), 0, row);
    const places = this.#places(Math.min(order, MAX_NUMBER_ORDER));
    const children = order > MAX_NUMBER_ORDER ? 4 ** (order - MAX_NUMBER_ORDER) : 1;
    // Two 32-bit halves each, the lower first: no BigInt is made.
    const halves = new Uint32Array(cells.buffer, cells.byteOffset, cells.length * 2);
    for (let i = from; i < to; i++) {
      const low = halves[2 * i], high = halves[2 * i + 1];
      // To order 14 the lower half is the cell, and stays a whole number for the engine.
      if (children > 1) {
        this.#append(places, Math.floor(low / children) + high * (2 ** 32 / children), row);
      } else if (high === 0) this.#append(places, low, row);
      else this.#append(places, low + high * 2 ** 32, row);
    }
  }

  /** Cells with their lists, by order and cell. */
  *entries(): Generator<{ order: number; cell: number; list: number }> {
    for (const order of this.orders()) {
      for (const [cell, list] of this.#byOrder.get(order)!.entries()) yield { order, cell, list };
    }
  }

  /** The rows of a list, ascending. */
  rowsOf(list: number): Uint32Array {
    const rows = new Uint32Array(this.rows.length(list));
    this.rows.read(list, rows, 0);
    return rows;
  }

  #places(order: number): Places {
    let places = this.#byOrder.get(order);
    if (places === undefined) this.#byOrder.set(order, places = new Places(order));
    return places;
  }

  #append(places: Places, cell: number, row: number): void {
    const list = places.listOf(cell);
    if (list < 0) places.set(cell, this.rows.add(row));
    else this.rows.append(list, row);
  }
}

/** Which list belongs to which cell of one order. */
class Places {
  readonly #table: Int32Array | undefined;
  readonly #others = new Map<number, number>();

  constructor(order: number) {
    if (order <= TABLE_ORDER) this.#table = new Int32Array(12 * 4 ** order).fill(-1);
  }

  /** -1 for a cell without a list. */
  listOf(cell: number): number {
    if (this.#table !== undefined && cell < this.#table.length) return this.#table[cell];
    return this.#others.get(cell) ?? -1;
  }

  set(cell: number, list: number): void {
    if (this.#table !== undefined && cell < this.#table.length) this.#table[cell] = list;
    else this.#others.set(cell, list);
  }

  /** By cell. */
  *entries(): Generator<[cell: number, list: number]> {
    const table = this.#table ?? [];
    for (let cell = 0; cell < table.length; cell++) if (table[cell] >= 0) yield [cell, table[cell]];
    for (const cell of Float64Array.from(this.#others.keys()).sort()) yield [cell, this.#others.get(cell)!];
  }
}
