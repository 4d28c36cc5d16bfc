/**
 * The cells of a level as rows: ids and the values of several variables together, a part at a time, without
 * the cells in which no variable has a value.
 */
import { inputError } from "../errors.ts";
import { MORTON } from "./metadata.ts";
import { fillNumber, type GranaryStore } from "./open.ts";
import type { StoreArray, StoreLevel } from "./levels.ts";

/** Cells of a part, unless an inner chunk is larger. */
const PART_CELLS = 2 ** 18;

/** Elements of a variable, of its own type, and which of them are values. */
export interface RowColumn {
  readonly array: StoreArray;
  readonly values: ArrayLike<number | bigint>;
  /** 0 where a row has no value: what xarray shows as NaN. */
  readonly valid: Uint8Array;
}

/** Rows in the store's order. */
export interface CellRows {
  /** Nested ids. */
  readonly ids: BigUint64Array;
  /** In the order in which they were asked for. */
  readonly columns: readonly RowColumn[];
}

/**
 * Rows of the cells in which any of `variables` has a value. A fill value of 0 counts as a value in a cell
 * that has others (a count of none); elsewhere the fill value is none. Morton ids alone make no row.
 */
export async function* cellRows(
  store: GranaryStore,
  level: StoreLevel,
  variables: readonly StoreArray[],
  signal?: AbortSignal,
): AsyncGenerator<CellRows> {
  const deciding = variables.map((array) => array.name !== MORTON || variables.length === 1);
  const chunks = [level.coordinate, ...variables].map(({ innerChunk, chunk }) => (innerChunk ?? chunk)[0]);
  const unit = Math.max(1, ...chunks);
  // Shards of a plane lie apart: what is between them is not read.
  const part = level.plane === null
    ? Math.ceil(PART_CELLS / unit) * unit
    : Math.min(PART_CELLS, level.plane.shardSide ** 2);
  const cellCount = 12n * 4n ** BigInt(level.order);
  for await (const start of store.parts(level, variables.filter((_, v) => deciding[v]), part)) {
    signal?.throwIfAborted();
    const end = Math.min(level.length, start + part);
    const raw: ArrayLike<number | bigint>[] = [];
    for (const array of variables) raw.push(await elements(store, array, start, end));
    const ids = await elements(store, level.coordinate, start, end);
    const rows = rowsWithValues(raw, variables, deciding, end - start);
    const kept = rows.filter((row) => {
      const id = BigInt(ids[row]);
      return id >= 0n && id < cellCount;
    });
    if (kept.length === 0) continue;
    yield {
      ids: BigUint64Array.from(kept, (row) => BigInt(ids[row])),
      columns: variables.map((array, v) => picked(array, raw[v], kept)),
    };
  }
}

/** Every position of `cellRows` in ascending ids, or an input error: merging needs the order. */
export function requireAscending(store: GranaryStore, level: StoreLevel): (rows: CellRows) => void {
  let last = -1n;
  return ({ ids }) => {
    for (const id of ids) {
      if (id <= last) {
        throw inputError(
          `${store.name}: level ${level.order} has its cells in no ascending order (${id} after ${last});` +
            " sort the store by its cell ids first",
        );
      }
      last = id;
    }
  };
}

async function elements(
  store: GranaryStore,
  array: StoreArray,
  from: number,
  to: number,
): Promise<ArrayLike<number | bigint>> {
  const data: unknown = await store.slice(array, from, to);
  if (ArrayBuffer.isView(data)) return data as unknown as ArrayLike<number | bigint>;
  throw inputError(`${store.name}/${array.path}: holds ${array.dtype}; wanted numbers`);
}

function rowsWithValues(
  raw: readonly ArrayLike<number | bigint>[],
  variables: readonly StoreArray[],
  deciding: readonly boolean[],
  length: number,
): number[] {
  const has = new Uint8Array(length);
  raw.forEach((values, v) => {
    if (!deciding[v]) return;
    const fill = fillNumber(variables[v].fillValue);
    for (let i = 0; i < length; i++) {
      const value = Number(values[i]);
      if (value === value && value !== fill) has[i] = 1;
    }
  });
  const rows: number[] = [];
  for (let i = 0; i < length; i++) if (has[i] === 1) rows.push(i);
  return rows;
}

function picked(array: StoreArray, raw: ArrayLike<number | bigint>, rows: readonly number[]): RowColumn {
  const fill = fillNumber(array.fillValue);
  const values = new (raw.constructor as new (length: number) => Record<number, number | bigint>)(
    rows.length,
  );
  const valid = new Uint8Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const value = raw[rows[i]];
    values[i] = value;
    const number = Number(value);
    valid[i] = Number(number === number && (number !== fill || fill === 0));
  }
  return { array, values: values as unknown as ArrayLike<number | bigint>, valid };
}
