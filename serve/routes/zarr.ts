/**
 * Stores as they lie, object by object, for programs that read Zarr over HTTP: ranges, and what browsers'
 * viewers look for. What is added is in the answers only, and for levels of HEALPix: a variable `crs` that says in CF's
 * words (`grid_mapping_name`) that its cells are HEALPix, a `grid_mapping` of each variable, and `cell_ids` under
 * the name `cell` once more, by which gridlook finds which cells a store of some has.
 */
import { z } from "zod";
import { isObject } from "../../core/json_value.ts";
import type { StoreReader } from "../../core/zarr/reader.ts";
import type { StoreLevel } from "../../core/store/levels.ts";
import type { DataContext } from "../context.ts";
import type { Answer } from "../http/operation.ts";
import { badRequest, notFound, Problem } from "../http/problem.ts";
import type { ServedStore } from "../stores/served_stores.ts";
import { STORE_PATH, storeOf } from "./stores.ts";
import { folderListing } from "./zarr_listing.ts";

/** An object larger than this is had by ranges. */
const MOST_WHOLE_BYTES = 64 * 1024 * 1024;
const DOCUMENT = "zarr.json";
const CRS = "crs";
const CELL = "cell";
const CELL_IDS = "cell_ids";

type Json = Record<string, unknown>;

export function addZarr(context: DataContext): void {
  context.api.add({
    method: "get",
    path: "/zarr/{name}/{key*}",
    summary: "An object of a store, or a range of it",
    tag: "stores",
    heavy: true,
    pathParameters: z.object({ ...STORE_PATH, key: z.string().max(1000) }),
    query: z.object({}),
    answers: {
      200: {
        description: "The object; of a key with a slash at its end what lies there, as links",
        types: ["application/json", "application/octet-stream", "text/html"],
      },
      206: { description: "The range", types: ["application/octet-stream"] },
    },
    answer: async ({ path: { name, key }, headers, baseUrl }) => {
      const isFolder = key.endsWith("/");
      if (!isKey(isFolder ? key.slice(0, -1) : key)) throw badRequest("this is no key of a store");
      const served = await storeOf(context, name);
      if (isFolder) return await folderAnswer(served, key, baseUrl);
      return await keyAnswer(served, storedKey(served, key), headers.get("range"));
    },
  });
  for (const path of ["/zarr/{name}", "/zarr/{name}/"]) {
    context.api.add({
      method: "get",
      path,
      summary: "What a store is made of",
      tag: "stores",
      heavy: true,
      hidden: true,
      pathParameters: z.object(STORE_PATH),
      query: z.object({}),
      answers: { 200: { description: "A page of links", types: ["text/html"] } },
      answer: async ({ path: { name }, baseUrl }) =>
        await folderAnswer(await storeOf(context, name), "", baseUrl),
    });
  }
}

/** What lies in a folder (empty, or with a slash at its end), with what is added to it. */
async function folderAnswer(served: ServedStore, folder: string, baseUrl: string): Promise<Answer> {
  const stored = storedKey(served, folder);
  const keys = (await served.store.reader.list(stored)).map((key) => key.slice(stored.length));
  for (const level of served.store.levels.filter(isHealpix)) {
    const below = level.path === "" ? "" : `${level.path}/`;
    if (folder === below) keys.push(`${CRS}/`, `${CELL}/`);
    if (folder === `${below}${CRS}/`) keys.push(DOCUMENT);
  }
  if (keys.length === 0) throw notFound("Not Found");
  const place = `zarr/${encodeURIComponent(served.name)}/${
    folder.split("/").map(encodeURIComponent).join("/")
  }`;
  return folderListing(`${baseUrl}/${place}`, `${served.name}/${folder}`, keys);
}

async function keyAnswer(served: ServedStore, key: string, range: string | null): Promise<Answer> {
  if (!key.endsWith(DOCUMENT)) return await objectAnswer(served.store.reader, key, range);
  const whole = await documentAnswer(served, key);
  const window = range === null ? null : rangeOf(range, whole.length);
  return window === null ? { type: "application/json", body: whole, headers: wholeHeaders(whole.length) } : {
    type: "application/json",
    status: 206,
    body: whole.subarray(window.offset, window.offset + window.length),
    headers: rangeHeaders(window, whole.length),
  };
}

function wholeHeaders(size: number): Record<string, string> {
  return { "accept-ranges": "bytes", "content-length": String(size) };
}

function rangeHeaders({ offset, length }: Window, size: number): Record<string, string> {
  return {
    ...wholeHeaders(length),
    "content-range": `bytes ${offset}-${offset + length - 1}/${size}`,
  };
}

/** The key that an object lies under: that of `cell_ids` for `cell`, unless the level has a variable of that name. */
function storedKey({ store }: ServedStore, key: string): string {
  for (const level of store.levels.filter(isHealpix)) {
    const below = level.path === "" ? "" : `${level.path}/`;
    if (!key.startsWith(`${below}${CELL}/`) || hasOwnCell(level)) continue;
    return `${below}${CELL_IDS}/${key.slice(below.length + CELL.length + 1)}`;
  }
  return key;
}

/** Levels of projected grids say themselves where they lie. */
function isHealpix({ plane }: StoreLevel): boolean {
  return plane === null;
}

function hasOwnCell({ variables }: StoreLevel): boolean {
  return variables.some(({ name }) => name === CELL);
}

/** Keys of objects: names with slashes between, none of which climbs. */
function isKey(key: string): boolean {
  return /^[^\\\0]+$/.test(key) &&
    key.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

async function objectAnswer(reader: StoreReader, key: string, range: string | null): Promise<Answer> {
  const size = (await reader.sizes(key)).get(key);
  if (size === undefined) throw notFound("Not Found");
  const type = "application/octet-stream";
  const window = range === null ? null : rangeOf(range, size);
  if (window === null) {
    if (size > MOST_WHOLE_BYTES) {
      throw new Problem(413, `the object has ${size} bytes: ask for ranges of ${MOST_WHOLE_BYTES} at most`);
    }
    const body = await reader.get(key);
    if (body === undefined) throw notFound("Not Found");
    return { type, body, headers: wholeHeaders(body.length) };
  }
  const body = await reader.getRange(key, window);
  if (body === undefined) throw notFound("Not Found");
  return { type, status: 206, body, headers: rangeHeaders({ ...window, length: body.length }, size) };
}

interface Window {
  readonly offset: number;
  readonly length: number;
}

/** One range of bytes (RFC 9110, section 14.1); null for what is answered with the whole object. */
function rangeOf(header: string, size: number): Window | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  if (match === null || (match[1] === "" && match[2] === "")) return null;
  const [, first, last] = match;
  const offset = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(size - 1, Number(last));
  if (offset >= size || end < offset) {
    throw new Problem(416, "the range lies outside of the object", { "content-range": `bytes */${size}` });
  }
  const length = end - offset + 1;
  if (length > MOST_WHOLE_BYTES) throw new Problem(413, `a range of more than ${MOST_WHOLE_BYTES} bytes`);
  return { offset, length };
}

async function documentAnswer({ store }: ServedStore, key: string): Promise<Uint8Array> {
  const orders = new Map(store.levels.filter(isHealpix).map((level) => [level.path, level.order]));
  const folder = key === DOCUMENT ? "" : key.slice(0, -DOCUMENT.length - 1);
  const [parent, child] = split(folder);
  const order = orders.get(parent);
  if (child === CRS && order !== undefined) return document(crsArray(order));
  const bytes = await store.reader.get(key);
  if (bytes === undefined) throw notFound("Not Found");
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (!isObject(value)) return bytes;
  const inline = isObject(value.consolidated_metadata) ? value.consolidated_metadata : null;
  const metadata = inline !== null && isObject(inline.metadata) ? inline.metadata : null;
  if (metadata !== null) {
    for (const [place, of] of orders) {
      const below = folder === "" ? (place === "" ? "" : `${place}/`) : place === folder ? "" : null;
      if (below === null) continue;
      for (const [path, node] of Object.entries(metadata)) {
        const inner = path.startsWith(below) ? path.slice(below.length) : "/";
        if (!inner.includes("/") && isObject(node)) metadata[path] = withMapping(node, inner);
      }
      metadata[`${below}${CRS}`] = crsArray(of);
      const ids = metadata[`${below}${CELL_IDS}`];
      if (ids !== undefined) metadata[`${below}${CELL}`] ??= ids;
    }
  } else if (order !== undefined && child !== "") return document(withMapping(value, child));
  return document(value);
}

function split(folder: string): [parent: string, child: string] {
  const at = folder.lastIndexOf("/");
  return at < 0 ? ["", folder] : [folder.slice(0, at), folder.slice(at + 1)];
}

function document(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** A variable's document with the name of its grid mapping; others as they are. */
function withMapping(node: Json, name: string): Json {
  if (node.node_type !== "array" || name === CELL_IDS || name === "morton") return node;
  const attributes = isObject(node.attributes) ? node.attributes : {};
  return { ...node, attributes: { ...attributes, grid_mapping: CRS } };
}

/** A scalar without a stored chunk: its attributes are all that it says (CF conventions, grid mappings). */
function crsArray(order: number): Json {
  return {
    zarr_format: 3,
    node_type: "array",
    shape: [],
    data_type: "int32",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes", configuration: { endian: "little" } }],
    attributes: {
      grid_mapping_name: "healpix",
      healpix_nside: 2 ** order,
      healpix_order: "nest",
      refinement_level: order,
      indexing_scheme: "nested",
    },
    dimension_names: [],
  };
}
