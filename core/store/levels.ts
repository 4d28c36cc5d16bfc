/**
 * The levels of a store: which groups they are, and the arrays over their cells. Arrays over y and x are told as if they
 * were over all cells by id, of which those outside the rectangle have no value.
 */
import { ARRAY_DTYPES } from "../zarr/element.ts";
import type { LatitudeConvention } from "../cells/convention.ts";
import { inputError } from "../errors.ts";
import { isObject } from "../json_value.ts";
import { finestOrder } from "../projected/grid.ts";
import { type ArrayDocument, asArray, asGroup, type GroupDocument, readDocument } from "../zarr/documents.ts";
import type { StoreReader } from "../zarr/reader.ts";
import { latitudeOf } from "./ellipsoid.ts";
import { HealpixCells, type LevelCells } from "./level_cells.ts";
import { CELL_IDS, PROVENANCE_KEY, TIME } from "./metadata.ts";
import { type PlacedPlane, type PlaneLevel, planeLevel } from "./plane.ts";
import { notedPlane } from "./plane_reader.ts";

/** One array of a level. */
export interface StoreArray extends ArrayDocument {
  name: string;
  /** Whether it has a leading dimension of time; `shape` and chunks are those along the cells. */
  timed: boolean;
  /** The rectangle that an array over y and x covers; its `shape` and chunks here are along ids. */
  plane?: PlaneLevel;
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
  /** Where the cells lie. */
  cells: LevelCells;
  /** The rectangle that arrays over y and x cover; null where arrays are over cells. */
  plane: PlaneLevel | null;
  /** The ids; of a plane no array of the store, because a position is an id. */
  coordinate: StoreArray;
  /** Every other array over the same cells, in the store's order. */
  variables: StoreArray[];
  /** The coordinate of the dimension of time, where the variables have one. */
  time: StoreArray | null;
}

/** How many cells the arrays of a level have places for. */
export function cellsIn({ plane, length }: StoreLevel): number {
  return plane === null ? length : plane.width * plane.height;
}

/** Every level of nested HEALPix cells, or of those of a projected grid, the finest first. Throws an input error for cells of another scheme. */
export async function readLevels(reader: StoreReader, root: GroupDocument): Promise<StoreLevel[]> {
  const levels: StoreLevel[] = [];
  const plane = notedPlane(root.attributes[PROVENANCE_KEY], reader.name);
  for (const path of await levelPaths(reader, root)) {
    const level = plane === null
      ? await readLevel(reader, root, path)
      : await readPlaneLevel(reader, root, path, plane);
    if (level !== undefined) levels.push(level);
  }
  return levels.sort((a, b) => b.order - a.order);
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
  const latitude = latitudeOf(dggs.ellipsoid, `${path === "" ? "the store" : path}/zarr.json`);
  return {
    order,
    path,
    length,
    latitude,
    cells: new HealpixCells(order, latitude),
    plane: null,
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

/** A level of a projected grid; undefined for a group that is none. */
async function readPlaneLevel(
  reader: StoreReader,
  root: GroupDocument,
  path: string,
  placed: PlacedPlane,
): Promise<StoreLevel | undefined> {
  const order = Number(path);
  const finest = finestOrder(placed.plane.grid);
  const document = root.consolidated?.get(path) ?? await readDocument(reader, `${path}/zarr.json`);
  if (document === undefined || !Number.isInteger(order) || order > finest) return undefined;
  const group = asGroup(document, `${reader.name}/${path}`);
  const arrays = await levelArrays(reader, root, group, path);
  const plane = planeLevel(placed, order);
  // Loaded where it is asked for: most stores need no projections.
  const { PlaneCells } = await import("./plane_cells.ts");
  const named = arrays.find((array) => array.name === TIME && array.shape.length === 1);
  const isOver = ({ shape, innerChunk }: StoreArray, lead: readonly number[]) =>
    innerChunk !== null && String(shape) === String([...lead, plane.height, plane.width]);
  const timed = named === undefined ? [] : arrays.filter((array) => isOver(array, named.shape));
  const variables = arrays.filter((array) =>
    (ARRAY_DTYPES as readonly string[]).includes(array.dtype) && (isOver(array, []) || timed.includes(array))
  );
  return {
    order,
    path,
    length: 4 ** order,
    latitude: "authalic",
    cells: new PlaneCells(order, placed.plane.grid),
    plane,
    coordinate: planeIds(order, path, plane),
    time: timed.length === 0 ? null : named!,
    variables: variables.map((array) => ({
      ...array,
      timed: timed.includes(array),
      plane,
      shape: [4 ** order],
      chunk: [plane.shardSide ** 2],
      innerChunk: [plane.chunkSide ** 2],
    })),
  };
}

/** Ids as an array, which is in no store. */
function planeIds(order: number, path: string, plane: PlaneLevel): StoreArray {
  return {
    name: CELL_IDS,
    timed: false,
    plane,
    path: `${path}/${CELL_IDS}`,
    dtype: "uint64",
    shape: [4 ** order],
    chunk: [plane.shardSide ** 2],
    innerChunk: null,
    codecs: [],
    fillValue: null,
    attributes: {},
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
