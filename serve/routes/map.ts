/** The map page, its files, and what it asks that no other route tells. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import { findCrs } from "../../core/raster/crs/codes.ts";
import { crsCodeOf, tileMatrixSet } from "../../core/raster/tms/tile_matrix_set.ts";
import { setBounds, tileBounds } from "../../core/raster/tms/tiles.ts";
import type { ServeContext } from "../context.ts";
import { fromCatalog } from "../http/damage.ts";
import { type Answer, json } from "../http/operation.ts";
import { badRequest, notFound } from "../http/problem.ts";
import { mapPage, PAGE_POLICY } from "../page/map_page.ts";
import { PAGE_FILES } from "../page/page_files.ts";
import { RENDER } from "../parameters/render.ts";
import { SEARCH } from "../parameters/search.ts";
import { TILE_MATRIX_SET_ID } from "../parameters/tiles.ts";
import { BACKENDS } from "./backends.ts";
import { STORE_PATH, storeOf } from "./stores.ts";
import { TILEJSON } from "./tilejson.ts";

const NONE = z.object({});
/** The page is of this program's version: it is asked again whether it is the same. */
const ASKED_AGAIN = { "cache-control": "no-cache" };

interface Packed {
  type: string;
  text: Uint8Array;
  gzip: Uint8Array;
  etag: string;
}

const packed = new Map<string, Promise<Packed>>();

/** @param feeds names of the feeds whose state is shown here */
export function addMap(context: ServeContext, feeds: readonly string[]): void {
  addPages(context, feeds);
  addViews(context);
  addLayers(context);
  addFiles(context);
}

function pageOf(root: string, feeds: readonly string[]): Answer {
  return {
    body: mapPage(root, feeds),
    type: "text/html; charset=utf-8",
    headers: { ...ASKED_AGAIN, "content-security-policy": PAGE_POLICY, "referrer-policy": "no-referrer" },
  };
}

function addPages(context: ServeContext, feeds: readonly string[]): void {
  const page = (root: string) => pageOf(root, feeds);
  const { api } = context;
  const common = {
    method: "get",
    answers: { 200: { description: "A page", types: ["text/html"] } },
  } as const;
  api.add({
    ...common,
    path: "/map",
    summary: "A map of all that is served here, as a page",
    tag: "server",
    pathParameters: NONE,
    query: NONE,
    answer: () => page("./"),
  });
  for (const backend of BACKENDS) {
    api.add({
      ...common,
      path: `/${backend.name}/{tileMatrixSetId}/map.html`,
      summary: "A map of a selection, as a page",
      tag: backend.name,
      pathParameters: z.object({ tileMatrixSetId: TILE_MATRIX_SET_ID }),
      query: z.object({ ...SEARCH.shape, ...backend.schema.shape, ...RENDER.shape, ...TILEJSON }),
      answer: ({ query }) => {
        backend.reading(query as never);
        return page("../../");
      },
    });
  }
  const ofStore = {
    ...common,
    summary: "A map of a store, as a page",
    tag: "stores",
    query: z.object({
      variable: z.string().max(200).optional().meta({ description: "A variable; the first" }),
      ...RENDER.shape,
    }),
  } as const;
  api.add({
    ...ofStore,
    path: "/store/{name}/map.html",
    pathParameters: z.object(STORE_PATH),
    answer: async ({ path: { name } }) => {
      await storeOf(context, name);
      return page("../../");
    },
  });
  api.add({
    ...ofStore,
    path: "/store/{name}/{tileMatrixSetId}/map.html",
    pathParameters: z.object({ ...STORE_PATH, tileMatrixSetId: TILE_MATRIX_SET_ID }),
    answer: async ({ path: { name } }) => {
      await storeOf(context, name);
      return page("../../../");
    },
  });
}

function addFiles({ api }: ServeContext): void {
  api.add({
    method: "get",
    path: "/map/{file}",
    summary: "A file of the map page",
    tag: "server",
    hidden: true,
    pathParameters: z.object({ file: z.string().max(100) }),
    query: NONE,
    answers: {},
    answer: async ({ path: { file }, headers }) => {
      if (!Object.hasOwn(PAGE_FILES, file)) throw notFound("Not Found");
      let ready = packed.get(file);
      if (ready === undefined) packed.set(file, ready = pack(file));
      const { type, text, gzip, etag } = await ready;
      const common = { ...ASKED_AGAIN, etag, vary: "Accept-Encoding" };
      return /\bgzip\b/.test(headers.get("accept-encoding") ?? "")
        ? { body: gzip, type, headers: { ...common, "content-encoding": "gzip" } }
        : { body: text, type, headers: common };
    },
  });
}

async function pack(file: string): Promise<Packed> {
  const { type, text } = PAGE_FILES[file];
  const bytes = new TextEncoder().encode(await text());
  const etag = `W/"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
  return { type, text: bytes, gzip: gzipSync(bytes), etag };
}

/** A tile matrix set as a map of any projection needs it, x before y. */
function addViews({ api }: ServeContext): void {
  api.add({
    method: "get",
    path: "/map/views/{tileMatrixSetId}",
    summary: "A tile matrix set as the map page takes it",
    tag: "server",
    hidden: true,
    pathParameters: z.object({ tileMatrixSetId: TILE_MATRIX_SET_ID }),
    query: NONE,
    answers: {},
    answer: ({ path: { tileMatrixSetId } }) => {
      const set = tileMatrixSet(tileMatrixSetId);
      if (set.tileMatrices.some(({ variableMatrixWidths }) => variableMatrixWidths !== undefined)) {
        throw badRequest(`tiles of ${set.id} are not all of one width: the page draws no map of them`);
      }
      const code = crsCodeOf(set);
      const first = Number(set.tileMatrices[0].id);
      const [left, , , top] = tileBounds(set, { z: first, x: 0, y: 0 });
      return json({
        id: set.id,
        title: set.title,
        code,
        proj4: findCrs(code)?.proj4 ?? null,
        extent: setBounds(set),
        origin: [left, top],
        first,
        matrices: set.tileMatrices.map(({ cellSize, tileWidth, matrixWidth, matrixHeight }) => ({
          cellSize,
          tileWidth,
          matrixWidth,
          matrixHeight,
        })),
      }, { headers: ASKED_AGAIN });
    },
  });
}

/** All that can be drawn: collections of catalogs, and stores. */
function addLayers({ api, catalogs, stores, sources, leftOut }: ServeContext): void {
  api.add({
    method: "get",
    path: "/map/layers",
    summary: "What the map page can draw",
    tag: "server",
    hidden: true,
    pathParameters: NONE,
    query: NONE,
    answers: {},
    answer: async () => {
      const read = async (catalog: string) => {
        const index = await fromCatalog(catalog, catalogs.get(catalog));
        return (index?.collections ?? []).map(({ collection, granules, bbox }) => {
          const box = bbox === null ? null : [bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax];
          return { catalog, collection, granules, bbox: box };
        });
      };
      const found = await leftOut.of(
        catalogs.names(),
        (name) => `catalog ${name}`,
        read,
        stores.names().length > 0,
      );
      const collections = found.flat();
      return json({ collections, stores: stores.names(), cmr: sources.cmr !== null }, {
        headers: ASKED_AGAIN,
      });
    },
  });
}
