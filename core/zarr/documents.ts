/** The zarr.json documents of a store that someone wrote, checked as far as granary relies on them. */
import { isObject } from "../json_value.ts";
import { inputError } from "../errors.ts";
import type { StoreReader } from "./reader.ts";

/** A zarr.json is text by people and tools; past this size it is something else. */
const MAX_DOCUMENT_BYTES = 64e6;

type Json = Record<string, unknown>;

export interface GroupDocument {
  attributes: Json;
  /** Documents of the nodes below, by path, where the group has them inline. */
  consolidated: Map<string, Json> | null;
}

export interface ArrayDocument {
  dtype: string;
  shape: number[];
  /** The outer chunk: the shard where the array has shards. */
  chunk: number[];
  /** The inner chunk; null where the array has no shards. */
  innerChunk: number[] | null;
  /** Names of the codecs, those of inner chunks where there are shards. */
  codecs: string[];
  fillValue: unknown;
  attributes: Json;
}

/** Reads and parses one document; undefined where there is none. */
export async function readDocument(reader: StoreReader, key: string): Promise<Json | undefined> {
  const bytes = await reader.get(key);
  if (bytes === undefined) return undefined;
  const name = `${reader.name}/${key}`;
  if (bytes.length > MAX_DOCUMENT_BYTES) {
    throw inputError(`${name}: ${bytes.length} bytes of metadata; at most ${MAX_DOCUMENT_BYTES} are read`);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw inputError(`${name}: is not JSON: ${error.message} (write the store again)`);
  }
  if (!isObject(value) || value.zarr_format !== 3) {
    throw inputError(
      `${name}: is not Zarr v3 metadata (zarr_format ${isObject(value) ? value.zarr_format : "missing"})`,
    );
  }
  return value;
}

/** The document as a group. Throws an input error for an array. */
export function asGroup(document: Json, name: string): GroupDocument {
  if (document.node_type !== "group") {
    throw inputError(`${name}: is a Zarr ${document.node_type}; wanted the group that is the store's root`);
  }
  const inline = isObject(document.consolidated_metadata) ? document.consolidated_metadata.metadata : null;
  let consolidated: Map<string, Json> | null = null;
  if (isObject(inline)) {
    consolidated = new Map();
    for (const [path, node] of Object.entries(inline)) if (isObject(node)) consolidated.set(path, node);
  }
  return { attributes: isObject(document.attributes) ? document.attributes : {}, consolidated };
}

/** The document as an array with a regular chunk grid. */
export function asArray(document: Json, name: string): ArrayDocument {
  const { shape, data_type: dtype, chunk_grid: grid, codecs } = document;
  const chunk = isObject(grid) && isObject(grid.configuration) ? grid.configuration.chunk_shape : undefined;
  if (!isShape(shape) || !isShape(chunk) || !Array.isArray(codecs)) {
    throw inputError(
      `${name}: has no shape, a regular chunk grid or codecs; granary cannot read this array`,
    );
  }
  const first = codecs.find((codec) => isObject(codec) && codec.name === "sharding_indexed");
  const sharding = isObject(first) && isObject(first.configuration) ? first.configuration : null;
  const inner = sharding === null ? null : sharding.chunk_shape;
  const names = sharding !== null && Array.isArray(sharding.codecs) ? sharding.codecs : codecs;
  return {
    dtype: typeof dtype === "string" ? dtype : JSON.stringify(dtype),
    shape,
    chunk,
    innerChunk: isShape(inner) ? inner : null,
    codecs: names.map((codec) => (isObject(codec) ? String(codec.name) : String(codec))),
    fillValue: document.fill_value,
    attributes: isObject(document.attributes) ? document.attributes : {},
  };
}

function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
