/** Values of a variable at places, cell by cell: positions to blocks, blocks read once and kept. */
import type { LatitudeConvention } from "../cells/convention.ts";
import { giveNumbers } from "../kept_numbers.ts";
import { cellPositions, type PositionsOf } from "./cell_positions.ts";
import { fillNumber, type GranaryStore } from "./open.ts";
import type { StoreArray, StoreLevel } from "./levels.ts";

/** Values in the store's own numbers; where `mask` is 0 there is none. */
interface ValuesAt {
  /** Nested ids at the level's order; -1 for places nowhere on the Earth. */
  readonly ids: Float64Array;
  readonly values: Float64Array;
  readonly mask: Uint8Array;
}

/** What keeps decoded blocks between reads. */
export interface BlockCache {
  get(key: string): Float64Array | undefined;
  put(key: string, values: Float64Array): void;
}

/** Cells read together where an array has no inner chunks. */
const BLOCK_CELLS = 4 ** 7;
const NO_CELLS = new Float64Array(0);

/** A level's cells, ready to be looked up. */
export class CellValues {
  private constructor(
    readonly store: GranaryStore,
    readonly level: StoreLevel,
    readonly positionsOf: PositionsOf,
  ) {}

  static async open(store: GranaryStore, order: number): Promise<CellValues> {
    const level = store.level(order);
    return new CellValues(store, level, await cellPositions(store, level));
  }

  /** The same cells, read in another window of time of their store. */
  in(store: GranaryStore): CellValues {
    return new CellValues(store, this.level, this.positionsOf);
  }

  get latitude(): LatitudeConvention {
    return this.level.latitude;
  }

  /** The values of a variable at places in degrees, NaN for none. */
  async at(
    variable: string,
    longitude: Float64Array,
    latitude: Float64Array,
    cache?: BlockCache,
  ): Promise<ValuesAt> {
    const array = this.store.variable(variable, this.level.order);
    const ids = new Float64Array(longitude.length);
    this.level.cells.assign(longitude, latitude, ids);
    const positions = this.positionsOf(ids);
    try {
      return { ids, ...await this.#read(array, positions, cache) };
    } finally {
      if (positions !== ids) giveNumbers(positions);
    }
  }

  /** The values at positions; -1 is none. */
  async #read(
    array: StoreArray,
    positions: Float64Array,
    cache?: BlockCache,
  ): Promise<Pick<ValuesAt, "values" | "mask">> {
    const size = Math.min(array.innerChunk?.[0] ?? array.chunk[0], BLOCK_CELLS);
    const values = new Float64Array(positions.length).fill(NaN);
    const mask = new Uint8Array(positions.length);
    const wanted = new Set<number>();
    // Neighbouring places lie in one block.
    let first = 0, end = 0;
    for (let i = 0; i < positions.length; i++) {
      const position = positions[i];
      if (position < 0 || (position >= first && position < end)) continue;
      const block = Math.floor(position / size);
      wanted.add(block);
      first = block * size;
      end = first + size;
    }
    const blocks = new Map<number, Float64Array>();
    await Promise.all([...wanted].map(async (block) => {
      const key = `${this.store.name}/${array.path}/${array.timed ? `${this.store.step}/` : ""}${block}`;
      let read = cache?.get(key);
      if (read === undefined) {
        read = await this.#block(array, block * size, Math.min(this.level.length, (block + 1) * size));
        cache?.put(key, read);
      }
      blocks.set(block, read);
    }));
    let cells: Float64Array = NO_CELLS;
    first = end = 0;
    for (let i = 0; i < positions.length; i++) {
      const position = positions[i];
      if (position < 0) continue;
      if (position < first || position >= end) {
        const block = Math.floor(position / size);
        cells = blocks.get(block) ?? NO_CELLS;
        first = block * size;
        end = first + size;
      }
      const value = cells[position - first] ?? NaN;
      if (value !== value) continue;
      values[i] = value;
      mask[i] = 1;
    }
    return { values, mask };
  }

  /** As numbers, NaN for the array's fill value: a cell without observations. */
  async #block(array: StoreArray, from: number, to: number): Promise<Float64Array> {
    const raw = await this.store.slice(array, from, to) as ArrayLike<number | bigint>;
    const missing = fillNumber(array.fillValue);
    const values = new Float64Array(raw.length);
    for (let i = 0; i < raw.length; i++) {
      const value = Number(raw[i]);
      values[i] = value === missing ? NaN : value;
    }
    return values;
  }
}
