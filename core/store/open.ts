/**
 * Opens a store to look into it: levels, variables, provenance, and the cells that have values. Reads
 * what granary writes and other Zarr v3 stores by the same conventions (nested HEALPix, `cell_ids`).
 */
import * as zarr from "zarrita";
import { isObject } from "../json_value.ts";
import { GranaryError, inputError } from "../errors.ts";
import { suggestion } from "../suggest.ts";
import { asGroup, type GroupDocument, readDocument } from "../zarr/documents.ts";
import { parseTimeUnits } from "../cf_time.ts";
import type { StoreTime } from "./contract.ts";
import { readLevels, type StoreArray, type StoreLevel } from "./levels.ts";
import { CELL_IDS, PROVENANCE_KEY } from "./metadata.ts";
import type { PlaneLevel } from "./plane.ts";
import { partsOfShard, readIds } from "./plane_reader.ts";
import { type ArrayDtype, type Elements, fillElement } from "../zarr/element.ts";
import { localReader, type StoreReader } from "../zarr/reader.ts";
import { registerCodecs } from "../zarr/codecs.ts";

/** Most cells that {@linkcode GranaryStore.read} takes whole; `cells` reads any number in parts. */
const MAX_WHOLE_CELLS = 2 ** 28;

/** Cells read at a time by {@linkcode GranaryStore.cells}, unless a shard is larger. */
const PART_CELLS = 2 ** 20;

/** Cells that have values: nested ids, exact as numbers to order 24, and values, NaN for none. */
export interface CellValues {
  ids: Float64Array;
  values: Float64Array;
}

/** A whole array of a level with its coordinate. */
export interface WholeLevel {
  cellIds: BigUint64Array;
  /** Elements of the array's own type. */
  values: zarr.Chunk<zarr.DataType>["data"];
}

/** A store that was found to be one. Made by {@linkcode openStore}. */
export class GranaryStore {
  /** Attributes of the root. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** What granary noted of the run; null for stores of other tools. */
  readonly provenance: Readonly<Record<string, unknown>> | null;
  /** Arrays that were opened: each keeps its metadata and the indices of its shards. */
  readonly #opened: Map<string, Promise<zarr.Array<zarr.DataType, zarr.AsyncReadable>>>;

  constructor(
    readonly reader: StoreReader,
    root: Pick<GroupDocument, "attributes">,
    readonly levels: readonly StoreLevel[],
    /** The window of time that is read; null where none was chosen. */
    readonly step: number | null = null,
    whole?: GranaryStore,
  ) {
    this.attributes = root.attributes;
    const noted = root.attributes[PROVENANCE_KEY];
    this.provenance = isObject(noted) ? noted : null;
    this.#opened = whole === undefined ? new Map() : whole.#opened;
  }

  /** The same store, read in one of its windows of time. */
  at(step: number): GranaryStore {
    return new GranaryStore(this.reader, this, this.levels, step, this);
  }

  /** The windows of a level, null where it has no dimension of time. Throws an input error for times of unknown units. */
  async windows(order?: number): Promise<StoreTime | null> {
    const level = this.level(order);
    if (level.time === null) return null;
    const place = `${this.name}/${level.time.path}`;
    const units = parseTimeUnits(String(level.time.attributes.units ?? ""));
    if (units === null) throw inputError(`${place}: has no units such as "seconds since 1970-01-01"`);
    const inSeconds = (values: ArrayLike<number | bigint>) =>
      Array.from(values, (value) => units.epoch + Number(value) * units.seconds);
    const array = await zarr.open.v3(zarr.root(this.#zarrita).resolve(level.time.path), { kind: "array" });
    const starts = inSeconds((await zarr.get(array)).data as Float64Array);
    const path = level.time.path.replace(/[^/]*$/, String(level.time.attributes.bounds ?? ""));
    if (await readDocument(this.reader, `${path}/zarr.json`) === undefined) {
      // Without bounds a window ends where the next begins; of the last nothing is known.
      return { starts, ends: starts.map((_, i) => starts[i + 1] ?? Infinity) };
    }
    const bounds = await zarr.open.v3(zarr.root(this.#zarrita).resolve(path), { kind: "array" });
    const ends = inSeconds((await zarr.get(bounds)).data as Float64Array).filter((_, i) => i % 2 === 1);
    return { starts, ends };
  }

  get name(): string {
    return this.reader.name;
  }

  close(): Promise<void> {
    return this.reader.close();
  }

  /** The level of an order; the finest without one. Throws an input error that lists what there is. */
  level(order?: number): StoreLevel {
    const found = order === undefined ? this.levels[0] : this.levels.find((one) => one.order === order);
    if (found !== undefined) return found;
    const orders = this.levels.map((one) => one.order).join(", ");
    throw inputError(`${this.name}: has no level of order ${order}; wanted one of ${orders}`);
  }

  /** A variable of a level. Throws an input error that lists what there is. */
  variable(name: string, order?: number): StoreArray {
    const level = this.level(order);
    const found = [...level.variables, level.coordinate].find((one) => one.name === name);
    if (found !== undefined) return found;
    const names = level.variables.map((one) => one.name);
    throw inputError(
      `${this.name}: level ${level.order} has no variable "${name}"${suggestion(name, names)}`,
      { variables: names },
    );
  }

  /** A whole array with its coordinate. Throws an input error past {@linkcode MAX_WHOLE_CELLS} cells. */
  async read(name: string, order?: number): Promise<WholeLevel> {
    const level = this.level(order);
    const array = this.variable(name, order);
    if (level.length > MAX_WHOLE_CELLS) {
      throw inputError(
        `${this.name}: level ${level.order} has ${level.length} positions; at most ${MAX_WHOLE_CELLS} are` +
          " read at once (read its cells in parts, or a coarser level)",
      );
    }
    const cellIds = await this.slice(level.coordinate, 0, level.length) as BigUint64Array;
    return { cellIds, values: await this.slice(array, 0, level.length) };
  }

  /**
   * The cells that have a value of the variable, part by part in the store's order. Positions whose
   * shard does not exist cost nothing, so that a sparse sphere reads as fast as a compact store.
   */
  async *cells(name: string, order?: number): AsyncGenerator<CellValues> {
    const level = this.level(order);
    const array = this.variable(name, order);
    const [shardCells] = array.chunk;
    // Shards of a plane lie apart: what is between them is not read.
    const part = level.plane === null
      ? Math.max(1, Math.floor(PART_CELLS / shardCells)) * shardCells
      : Math.min(PART_CELLS, shardCells);
    const fill = fillNumber(array.fillValue);
    for await (const start of this.parts(level, [array], part)) {
      const end = Math.min(level.length, start + part);
      const values = await this.slice(array, start, end);
      const ids = await this.slice(level.coordinate, start, end);
      yield keepValued(ids, values, fill, level.cells.count);
    }
  }

  /** Where the parts of `part` cells begin in which any of the arrays may hold something, ascending. */
  async *parts(level: StoreLevel, arrays: readonly StoreArray[], part: number): AsyncGenerator<number> {
    const present = new Set<number>();
    for (const array of arrays) {
      const stored = await this.#presentParts(array, part);
      if (stored === null) {
        for (let start = 0; start < level.length; start += part) yield start;
        return;
      }
      for (const index of stored) present.add(index);
    }
    for (const index of [...present].sort((a, b) => a - b)) yield index * part;
  }

  /** Which parts of `part` cells have a stored object of the array; null where that cannot be listed. */
  async #presentParts(array: StoreArray, part: number): Promise<Set<number> | null> {
    if (array.plane !== undefined) return await this.#planeParts(array.plane, array, part);
    if (this.reader.unlisted) return null;
    const prefix = `${array.path}/c/${array.timed ? `${this.#stepOf(array)}/` : ""}`;
    const parts = new Set<number>();
    const [cells] = array.chunk;
    for (const key of await this.reader.list(prefix)) {
      const index = Number(key.slice(prefix.length));
      if (!Number.isInteger(index)) continue;
      const last = Math.floor((Math.min(array.shape[0], (index + 1) * cells) - 1) / part);
      for (let at = Math.floor(index * cells / part); at <= last; at++) parts.add(at);
    }
    return parts;
  }

  /** The same of a plane; all parts of its rectangle where objects cannot be listed. */
  async #planeParts(plane: PlaneLevel, array: StoreArray, part: number): Promise<Set<number>> {
    const parts = new Set<number>();
    const add = (row: number, column: number) => {
      for (const own of partsOfShard(plane, part, [row, column])) parts.add(own);
    };
    if (this.reader.unlisted) {
      for (let row = 0; row < plane.shardRows; row++) {
        for (let column = 0; column < plane.shardColumns; column++) add(row, column);
      }
      return parts;
    }
    const prefix = `${array.path}/c/${array.timed ? `${this.#stepOf(array)}/` : ""}`;
    for (const key of await this.reader.list(prefix)) {
      const place = /^(\d+)\/(\d+)$/.exec(key.slice(prefix.length));
      if (place === null) continue;
      const [row, column] = [Number(place[1]), Number(place[2])];
      if (row < plane.shardRows && column < plane.shardColumns) add(row, column);
    }
    return parts;
  }

  /** Elements `from` to before `to` of an array, of its own type. */
  async slice(array: StoreArray, from: number, to: number): Promise<WholeLevel["values"]> {
    const { plane, name, fillValue } = array;
    if (plane === undefined) return await this.#read(array, [zarr.slice(from, to)]);
    if (name === CELL_IDS) return BigUint64Array.from({ length: to - from }, (_, i) => BigInt(from + i));
    const dtype = array.dtype as ArrayDtype;
    const fill = fillElement(name, dtype, fillValue as number | string | null);
    return await readIds(
      plane,
      dtype,
      fill,
      [from, to],
      async ({ rows, columns }) =>
        await this.#read(array, [zarr.slice(...rows), zarr.slice(...columns)]) as Elements,
    );
  }

  /** What of an array lies in slices along its dimensions, besides time. */
  async #read(array: StoreArray, along: zarr.Slice[]): Promise<WholeLevel["values"]> {
    let opened = this.#opened.get(array.path);
    if (opened === undefined) {
      opened = zarr.open.v3(zarr.root(this.#zarrita).resolve(array.path), { kind: "array" });
      this.#opened.set(array.path, opened);
    }
    try {
      return (await zarr.get(await opened, array.timed ? [this.#stepOf(array), ...along] : along)).data;
    } catch (error) {
      this.#opened.delete(array.path);
      if (!zarr.isZarritaError(error)) throw error;
      if (error.cause instanceof GranaryError) throw error.cause;
      const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
      throw inputError(
        `${this.name}/${array.path}: cannot be read: ${error.message}${cause};` +
          " the store is damaged or uses a codec that granary does not have",
      );
    }
  }

  #stepOf(array: StoreArray): number {
    if (this.step !== null) return this.step;
    throw inputError(
      `${this.name}: ${array.name} has a dimension of time, and no window was chosen (granary plot and granary` +
        " export take --time; this command reads stores without one)",
    );
  }

  get #zarrita(): zarr.AsyncReadable {
    const { reader } = this;
    return {
      get: (key) => reader.get(key.slice(1)),
      getRange: (key, range) => reader.getRange(key.slice(1), range),
    };
  }
}

/**
 * Opens the store in a folder, or what a reader gives. Throws an input error when there is nothing,
 * when it is no Zarr v3 group, and when the group has no level of nested HEALPix cells.
 */
export async function openStore(place: string | StoreReader): Promise<GranaryStore> {
  registerCodecs();
  const reader = typeof place === "string" ? localReader(place) : place;
  const document = await readDocument(reader, "zarr.json");
  if (document === undefined) {
    const old = await reader.get(".zgroup") ?? await reader.get(".zarray");
    throw inputError(
      `${reader.name}: is no Zarr v3 store: it has no zarr.json` +
        (old === undefined
          ? " (name the folder that granary aggregate -o wrote; an unfinished run, which --resume ends, writes it last)"
          : ", but Zarr v2 metadata; granary reads Zarr v3 (convert it with zarr-python: zarr v3 migrate)"),
    );
  }
  const root = asGroup(document, reader.name);
  const levels = await readLevels(reader, root);
  if (levels.length === 0) {
    throw inputError(
      `${reader.name}: is a Zarr group without HEALPix levels: no group has the attribute "dggs" of nested` +
        ` HEALPix and an array of cell ids (was it written by granary aggregate?)`,
    );
  }
  return new GranaryStore(reader, root, levels);
}

/** A fill value as a number to compare with; 64-bit integers past 2^53 round, as their values do. */
export function fillNumber(fill: unknown): number {
  if (typeof fill === "number") return fill;
  if (fill === "Infinity" || fill === "-Infinity") return Number(fill);
  return NaN;
}

function keepValued(
  ids: WholeLevel["values"],
  values: WholeLevel["values"],
  fill: number,
  cellCount: number,
): CellValues {
  const kept: CellValues = { ids: new Float64Array(ids.length), values: new Float64Array(ids.length) };
  const allIds = ids as ArrayLike<number | bigint>, all = values as ArrayLike<number | bigint>;
  let count = 0;
  for (let i = 0; i < all.length; i++) {
    const value = Number(all[i]);
    if (value !== value || value === fill) continue;
    const id = Number(allIds[i]);
    if (!(id >= 0 && id < cellCount)) continue;
    kept.ids[count] = id;
    kept.values[count++] = value;
  }
  return { ids: kept.ids.subarray(0, count), values: kept.values.subarray(0, count) };
}
