/** The levels of a store: which groups they are, and the arrays over their cells. */
import type { LatitudeConvention } from "../cells/convention.ts";
import { inputError } from "../errors.ts";
import { isObject } from "../json_value.ts";
import { type ArrayDocument, asArray, asGroup, type GroupDocument, readDocument } from "../zarr/documents.ts";
import type { StoreReader } from "../zarr/reader.ts";
import { latitudeOf } from "./ellipsoid.ts";
import { CELL_IDS, TIME } from "./metadata.ts";

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

/** Every level of nested HEALPix cells, the finest first. Throws an input error for cells of another scheme. */
export async function readLevels(reader: StoreReader, root: GroupDocument): Promise<StoreLevel[]> {
  const levels: StoreLevel[] = [];
  for (const path of await levelPaths(reader, root)) {
    const level = await readLevel(reader, root, path);
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
