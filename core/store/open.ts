/**
 * Opens a store to look into it: levels, variables, provenance, and the cells that have values. Reads
 * what granary writes and other Zarr v3 stores by the same conventions (nested HEALPix, `cell_ids`).
 */
import * as zarr from "zarrita";
import { isObject } from "../json_value.ts";
import { GranaryError, inputError } from "../errors.ts";
import { suggestion } from "../suggest.ts";
import type { LatitudeConvention } from "../cells/convention.ts";
import { asArray, asGroup, readDocument } from "../zarr/documents.ts";
import type { ArrayDocument, GroupDocument } from "../zarr/documents.ts";
import { parseTimeUnits } from "../cf_time.ts";
import type { StoreTime } from "./contract.ts";
import { CELL_IDS, PROVENANCE_KEY, TIME } from "./metadata.ts";
import { localReader, type StoreReader } from "../zarr/reader.ts";
import { registerCodecs } from "../zarr/codecs.ts";

/** Most cells that {@linkcode GranaryStore.read} takes whole; `cells` reads any number in parts. */
const MAX_WHOLE_CELLS = 2 ** 28;

/** Cells read at a time by {@linkcode GranaryStore.cells}, unless a shard is larger. */
const PART_CELLS = 2 ** 20;

/** One array of a level. */
export interface StoreArray extends ArrayDocument {
  name: string;
  /** Whether it has a leading dimension of time; `shape` and chunks are those along the cells. */
  timed: boolean;
  /** Path of the array in the store. */
  path: string;
}

/** One level: the arrays over the cells of one order. */
export interface StoreLevel {
  order: number;
  /** Path of the group in the store; empty where the root is the level. */
  path: string;
  length: number;
  latitude: LatitudeConvention;
  coordinate: StoreArray;
  /** Every other array over the same cells, in the store's order. */
  variables: StoreArray[];
  /** The coordinate of the dimension of time, where the variables have one. */
  time: StoreArray | null;
}

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
    const cellCount = 12 * 4 ** level.order;
    const [shardCells] = array.chunk;
    const part = Math.max(1, Math.floor(PART_CELLS / shardCells)) * shardCells;
    const present = await this.presentParts(array, part);
    const fill = fillNumber(array.fillValue);
    for (let start = 0, index = 0; start < level.length; start += part, index++) {
      if (present !== null && !present.has(index)) continue;
      const end = Math.min(level.length, start + part);
      const values = await this.slice(array, start, end);
      const ids = await this.slice(level.coordinate, start, end);
      yield keepValued(ids, values, fill, cellCount);
    }
  }

  /** Which parts of `part` cells have a stored object of the array; null where that cannot be listed. */
  async presentParts(array: StoreArray, part: number): Promise<Set<number> | null> {
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

  /** Elements `from` to before `to` of an array, of its own type. */
  async slice(array: StoreArray, from: number, to: number): Promise<WholeLevel["values"]> {
    let opened = this.#opened.get(array.path);
    if (opened === undefined) {
      opened = zarr.open.v3(zarr.root(this.#zarrita).resolve(array.path), { kind: "array" });
      this.#opened.set(array.path, opened);
    }
    try {
      const cells = zarr.slice(from, to);
      return (await zarr.get(await opened, array.timed ? [this.#stepOf(array), cells] : [cells])).data;
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
  const levels: StoreLevel[] = [];
  for (const path of await levelPaths(reader, root)) {
    const level = await readLevel(reader, root, path);
    if (level !== undefined) levels.push(level);
  }
  if (levels.length === 0) {
    throw inputError(
      `${reader.name}: is a Zarr group without HEALPix levels: no group has the attribute "dggs" of nested` +
        ` HEALPix and an array of cell ids (was it written by granary aggregate?)`,
    );
  }
  levels.sort((a, b) => b.order - a.order);
  return new GranaryStore(reader, root, levels);
}

/** Groups that may be levels: the root, what its metadata names, or groups named for an order. */
async function levelPaths(reader: StoreReader, root: GroupDocument): Promise<string[]> {
  if (isObject(root.attributes.dggs)) return [""];
  if (root.consolidated !== null) {
    return [...root.consolidated].filter(([, node]) => node.node_type === "group").map(([path]) => path);
  }
  const { multiscales } = root.attributes;
  if (isObject(multiscales) && Array.isArray(multiscales.layout)) {
    return multiscales.layout.flatMap((entry) => isObject(entry) ? [String(entry.asset)] : []);
  }
  const found: string[] = [];
  for (let order = 0; order <= 29; order++) {
    if (await reader.get(`${order}/zarr.json`) !== undefined) found.push(String(order));
  }
  return found;
}

async function readLevel(
  reader: StoreReader,
  root: GroupDocument,
  path: string,
): Promise<StoreLevel | undefined> {
  const below = path === "" ? "" : `${path}/`;
  const name = `${reader.name}/${path}`;
  const document = root.consolidated?.get(path) ?? await readDocument(reader, `${below}zarr.json`);
  if (document === undefined) return undefined;
  const group = asGroup(document, name);
  const { dggs } = group.attributes;
  if (!isObject(dggs) || dggs.name !== "healpix") return undefined;
  if (dggs.indexing_scheme !== undefined && dggs.indexing_scheme !== "nested") {
    throw inputError(`${name}: cells are indexed "${dggs.indexing_scheme}"; granary reads nested ids`);
  }
  const order = dggs.refinement_level;
  if (typeof order !== "number" || !Number.isInteger(order) || order < 0 || order > 29) {
    throw inputError(`${name}: refinement_level is ${order}; wanted an order from 0 to 29`);
  }
  const arrays = await levelArrays(reader, root, group, path);
  const coordinate = arrays.find((array) => array.name === (dggs.coordinate ?? CELL_IDS));
  if (coordinate === undefined || coordinate.shape.length !== 1) return undefined;
  const [length] = coordinate.shape;
  const named = arrays.find((array) => array.name === TIME && array.shape.length === 1);
  const timed = named === undefined
    ? []
    : arrays.filter(({ shape }) => shape.length === 2 && shape[0] === named.shape[0] && shape[1] === length);
  const time = timed.length === 0 ? null : named!;
  return {
    order,
    path,
    length,
    latitude: latitudeOf(dggs.ellipsoid, `${path === "" ? "the store" : path}/zarr.json`),
    coordinate,
    time,
    variables: arrays.flatMap((array) => {
      if (timed.includes(array)) return [alongCells(array)];
      const own = array !== coordinate && array !== time && array.shape.length === 1 &&
        array.shape[0] === length;
      return own ? [array] : [];
    }),
  };
}

/** An array of time and cells by what it is in each window. */
function alongCells(array: StoreArray): StoreArray {
  const { shape, chunk, innerChunk } = array;
  return {
    ...array,
    timed: true,
    shape: shape.slice(1),
    chunk: chunk.slice(1),
    innerChunk: innerChunk === null ? null : innerChunk.slice(1),
  };
}

/** Ellipsoids by name, without case and signs, that a grid's latitudes are authalic on. */
const FLATTENED = new Set([
  "WGS84",
  "WGS1984",
  "WGS72",
  "GRS80",
  "GRS1980",
  "GRS67",
  "IERS2003",
  "WGS66",
  "EGM96",
]);
const SPHERES = new Set(["SPHERE", "UNITSPHERE", "NORMALSPHERE", "AUTHALICSPHERE"]);

/**
 * A flattened ellipsoid means authalic latitudes on it; a sphere, or none, latitudes as they are. Throws an
 * input error for an ellipsoid that says neither.
 */
export function latitudeOf(ellipsoid: unknown, place: string): LatitudeConvention {
  if (ellipsoid === undefined || ellipsoid === null) return "geodetic";
  if (typeof ellipsoid === "string") return latitudeOf({ name: ellipsoid }, place);
  const record = isObject(ellipsoid) ? ellipsoid : {};
  const number = (...keys: string[]) =>
    keys.map((key) => record[key]).find((value) => typeof value === "number");
  const major = number("semimajor_axis", "semi_major_axis", "semimajor", "a") as number | undefined;
  const minor = number("semiminor_axis", "semi_minor_axis", "semiminor", "b") as number | undefined;
  const inverse = number("inverse_flattening", "rf") as number | undefined;
  const flattening = number("flattening", "f") as number | undefined;
  if (inverse !== undefined) return Number.isFinite(inverse) && inverse !== 0 ? "authalic" : "geodetic";
  if (flattening !== undefined) return flattening !== 0 ? "authalic" : "geodetic";
  if (minor !== undefined && major !== undefined) return minor !== major ? "authalic" : "geodetic";
  if (number("radius", "r") !== undefined) return "geodetic";
  const name = typeof record.name === "string" ? record.name.replace(/[^a-z0-9]/gi, "").toUpperCase() : "";
  if (FLATTENED.has(name)) return "authalic";
  if (SPHERES.has(name) || (name === "" && major !== undefined)) return "geodetic";
  throw inputError(
    `${place}: the ellipsoid ${
      JSON.stringify(ellipsoid)
    } is not known (wanted a name such as WGS84 or sphere,` +
      " or its axes)",
  );
}

async function levelArrays(
  reader: StoreReader,
  root: GroupDocument,
  group: GroupDocument,
  path: string,
): Promise<StoreArray[]> {
  const below = path === "" ? "" : `${path}/`;
  const documents = new Map<string, Record<string, unknown>>();
  for (const [key, node] of root.consolidated ?? []) {
    if (key.startsWith(below) && !key.slice(below.length).includes("/")) {
      documents.set(key.slice(below.length), node);
    }
  }
  if (documents.size === 0) { for (const [key, node] of group.consolidated ?? []) documents.set(key, node); }
  if (documents.size === 0) {
    for (const key of await reader.list(below)) {
      const name = /^([^/]+)\/zarr\.json$/.exec(key.slice(below.length))?.[1];
      const document = name === undefined ? undefined : await readDocument(reader, key);
      if (name !== undefined && document !== undefined) documents.set(name, document);
    }
  }
  return [...documents].filter(([, node]) => node.node_type === "array").map(([name, node]) => ({
    name,
    timed: false,
    path: `${below}${name}`,
    ...asArray(node, `${reader.name}/${below}${name}`),
  }));
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
