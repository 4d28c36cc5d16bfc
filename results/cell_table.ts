/** A store's cells as a table: which level, which columns under which names, and rows part by part. */
import { giveTurn } from "../core/concurrency.ts";
import { inputError } from "../core/errors.ts";
import { type CellRows, cellRows } from "../core/store/cell_rows.ts";
import type { GranaryStore } from "../core/store/open.ts";
import type { StoreArray, StoreLevel } from "../core/store/levels.ts";

/** Columns that every table has; the geometry is the last. */
export const CELL_ID = "cell_id";
export const LONGITUDE = "lon";
export const LATITUDE = "lat";
export const GEOMETRY = "geometry";
/** The beginning of the window, in stores with windows of time. */
export const TIME = "time";
const OWN_COLUMNS = [CELL_ID, LONGITUDE, LATITUDE, GEOMETRY];

interface TableRequest {
  /** Names; all variables without it. */
  variables?: readonly string[] | undefined;
  /** The level; the finest without it. */
  order?: number | undefined;
}

/** Rows that a table hands on at a time. */
const MOST_ROWS = 5000;

/** Rows of one window of time, or of a store without windows. */
export interface TableRows extends CellRows {
  /** Where the window begins, in milliseconds since 1970 UTC; null where the store has no windows. */
  readonly time: number | null;
}

export class CellTable {
  private constructor(
    readonly store: GranaryStore,
    readonly level: StoreLevel,
    readonly variables: readonly StoreArray[],
  ) {}

  /** Whether rows have a window of time. */
  get timed(): boolean {
    return this.level.time !== null;
  }

  /** Throws an input error for an unknown level or variable, and for a variable that is called as a column of its own. */
  static of(store: GranaryStore, { variables, order }: TableRequest): CellTable {
    const level = store.level(order);
    const arrays = variables === undefined
      ? level.variables
      : [...new Set(variables)].map((name) => store.variable(name, level.order));
    const own = level.time === null ? OWN_COLUMNS : [...OWN_COLUMNS, TIME];
    const clash = arrays.find(({ name }) => own.includes(name));
    if (clash !== undefined) {
      throw inputError(
        `${store.name}: the variable "${clash.name}" is called as a column that every table of cells has` +
          ` (${own.join(", ")}); leave it out with --variable`,
      );
    }
    if (arrays.length === 0) throw inputError(`${store.name}: level ${level.order} has no variables`);
    return new CellTable(store, level, arrays);
  }

  /** The rows of cells that have a value of any variable, {@linkcode MOST_ROWS} at most at a time. */
  async *rows(signal?: AbortSignal): AsyncGenerator<TableRows> {
    const windows = await this.store.windows(this.level.order);
    if (windows === null) {
      yield* this.#rowsOf(this.store, null, signal);
      return;
    }
    for (const [step, start] of windows.starts.entries()) {
      if (this.store.step !== null && this.store.step !== step) continue;
      yield* this.#rowsOf(this.store.at(step), start * 1000, signal);
    }
  }

  async *#rowsOf(
    store: GranaryStore,
    time: number | null,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<TableRows> {
    for await (const part of cellRows(store, this.level, this.variables, signal)) {
      for (let from = 0; from < part.ids.length; from += MOST_ROWS) {
        await giveTurn(signal);
        const to = Math.min(part.ids.length, from + MOST_ROWS);
        yield {
          time,
          ids: part.ids.subarray(from, to),
          columns: part.columns.map(({ array, values, valid }) => ({
            array,
            values: slice(values, from, to),
            valid: valid.subarray(from, to),
          })),
        };
      }
    }
  }
}

function slice(values: ArrayLike<number | bigint>, from: number, to: number): ArrayLike<number | bigint> {
  return (values as Float64Array).subarray(from, to);
}
