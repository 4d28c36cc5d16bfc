/** TileJSON 3.0.0, what a backend covers, and its tile sets. */
import { z } from "zod";
import type { BoundingBox } from "../../core/geometry/box.ts";
import {
  TILE_MATRIX_SET_NAMES,
  type TileMatrixSet,
  tileMatrixSet,
} from "../../core/raster/tms/tile_matrix_set.ts";
import { LONLAT } from "../area/lonlat_area.ts";
import { boxIn } from "../area/part_output.ts";
import { boxInSet, limitsIn, listedZooms, type Zooms } from "../area/set_limits.ts";
import type { ServeContext } from "../context.ts";
import type { ServeLimits } from "../limits.ts";
import { type Answer, type Asked, json } from "../http/operation.ts";
import { badRequest } from "../http/problem.ts";
import { crsParameter } from "../parameters/crs.ts";
import { granuleFilter, SEARCH, type SearchParameters } from "../parameters/search.ts";
import { IMAGE_FORMAT } from "../parameters/formats.ts";
import { TILE_MATRIX_SET_ID } from "../parameters/tiles.ts";
import { TILING_SCHEME } from "./tile_matrix_sets.ts";
import { type Backend, BACKENDS } from "./backends.ts";
import { checkTileSide } from "./requested.ts";

const DEFAULT_TILE_SIZE = 512;
export const WORLD: BoundingBox = { xmin: -180, ymin: -90, xmax: 180, ymax: 90 };

export const TILEJSON = {
  tile_format: IMAGE_FORMAT.optional().meta({ description: "The format of the tiles" }),
  minzoom: z.int().min(0).max(30).optional().meta({ description: "The first zoom that clients ask for" }),
  maxzoom: z.int().min(0).max(30).optional().meta({ description: "The last zoom that clients ask for" }),
  tilesize: z.int().min(1).max(4096).optional().meta({ description: "Pixels of a tile's side" }),
};
interface TileJsonParameters extends Zooms {
  readonly tile_format?: string | undefined;
  readonly tilesize?: number | undefined;
}
/** Parameters that say what the TileJSON is like, and nothing of its tiles. */
const OF_TILEJSON = ["tile_format", "minzoom", "maxzoom"];

export function addTileJson(context: ServeContext): void {
  for (const backend of BACKENDS) {
    addOne(context, backend);
    addInfo(context, backend);
    addTileSets(context, backend);
  }
}

function addOne(context: ServeContext, backend: Backend): void {
  const query = z.object({ ...SEARCH.shape, ...backend.schema.shape, ...TILEJSON });
  context.api.add({
    method: "get",
    path: `/${backend.name}/{tileMatrixSetId}/tilejson.json`,
    summary: "How the tiles of a selection are asked for",
    tag: backend.name,
    heavy: true,
    pathParameters: z.object({ tileMatrixSetId: TILE_MATRIX_SET_ID }),
    query,
    answers: { 200: { description: "TileJSON 3.0.0", types: ["application/json"] } },
    answer: async (asked) => {
      const bounds = await extent(context, asked) ?? WORLD;
      const { tileMatrixSetId } = asked.path;
      return json(
        tileJson(
          backend.name,
          tileMatrixSet(tileMatrixSetId),
          asked.query,
          asked.sent,
          asked.baseUrl,
          bounds,
          context.limits,
        ),
      );
    },
  });
}

/** The document for tiles of a set; `sent` is what the tiles' addresses repeat. */
export function tileJson(
  backend: string,
  set: TileMatrixSet,
  asked: TileJsonParameters,
  sent: URLSearchParams,
  baseUrl: string,
  { xmin, ymin, xmax, ymax }: BoundingBox,
  { imageSide }: Pick<ServeLimits, "imageSide">,
) {
  const kept = new URLSearchParams([...sent].filter(([name]) => !OF_TILEJSON.includes(name)));
  const side = asked.tilesize ?? Math.min(DEFAULT_TILE_SIZE, imageSide);
  checkTileSide({ imageSide }, side);
  kept.set("tilesize", String(side));
  const ending = asked.tile_format === undefined ? "" : `.${asked.tile_format}`;
  const [least, most] = listedZooms(set, asked);
  return {
    tilejson: "3.0.0",
    version: "1.0.0",
    scheme: "xyz",
    tiles: [`${baseUrl}/${backend}/tiles/${set.id}/{z}/{x}/{y}${ending}?${kept}`],
    minzoom: least,
    maxzoom: most,
    bounds: [xmin, ymin, xmax, ymax],
    center: [(xmin + xmax) / 2, (ymin + ymax) / 2, least],
  };
}

function extent(
  { sources }: ServeContext,
  { query, phases }: Asked<unknown, SearchParameters, unknown>,
): Promise<BoundingBox | null> {
  const filter = granuleFilter(query);
  return phases.of("search", () => sources.with(query, (source) => source.extent(filter)));
}

function addInfo(context: ServeContext, backend: Backend): void {
  const common = { method: "get", tag: backend.name, heavy: true, pathParameters: z.object({}) } as const;
  const query = z.object({ ...SEARCH.shape });
  context.api.add({
    ...common,
    path: `/${backend.name}/info`,
    summary: "Where a selection lies",
    query,
    answers: { 200: { description: "Its box", types: ["application/json"] } },
    answer: async (asked) => json(info(await extent(context, asked) ?? WORLD)),
  });
  context.api.add({
    ...common,
    path: `/${backend.name}/info.geojson`,
    summary: "Where a selection lies, as GeoJSON",
    query: z.object({
      ...SEARCH.shape,
      crs: z.string().max(100).optional().meta({ description: "The system of the Feature's box; EPSG:4326" }),
    }),
    answers: { 200: { description: "Its box as a Feature", types: ["application/geo+json"] } },
    answer: async (asked): Promise<Answer> => {
      const crs = crsParameter("crs", asked.query.crs);
      const found = await extent(context, asked) ?? WORLD;
      const box = boxIn(LONLAT, crs, [found.xmin, found.ymin, found.xmax, found.ymax]);
      if (box === null) throw badRequest(`the selection has no place in ${crs.code ?? crs.name}`);
      const [xmin, ymin, xmax, ymax] = box;
      const ring = [[xmin, ymin], [xmax, ymin], [xmax, ymax], [xmin, ymax], [xmin, ymin]];
      return json({
        bbox: [xmin, ymin, xmax, ymax],
        type: "Feature",
        geometry: { type: "Polygon", coordinates: [ring] },
        properties: info(found),
      }, { type: "application/geo+json" });
    },
  });
}

function info({ xmin, ymin, xmax, ymax }: BoundingBox) {
  return { bounds: [xmin, ymin, xmax, ymax], crs: "http://www.opengis.net/def/crs/EPSG/0/4326" };
}

function addTileSets(context: ServeContext, backend: Backend): void {
  const query = z.object({ ...SEARCH.shape });
  const common = { method: "get", tag: backend.name, heavy: true, query } as const;
  context.api.add({
    ...common,
    path: `/${backend.name}/tiles`,
    summary: "Tile sets of a selection",
    pathParameters: z.object({}),
    answers: { 200: { description: "A tile set for each tile matrix set", types: ["application/json"] } },
    answer: async (asked) => {
      const bounds = await extent(context, asked) ?? WORLD;
      return json({ tilesets: TILE_MATRIX_SET_NAMES.map((id) => tileSet(backend.name, id, bounds, asked)) });
    },
  });
  context.api.add({
    ...common,
    path: `/${backend.name}/tiles/{tileMatrixSetId}`,
    summary: "A tile set of a selection",
    pathParameters: z.object({ tileMatrixSetId: TILE_MATRIX_SET_ID }),
    answers: { 200: { description: "Its tiles, with the limits of each zoom", types: ["application/json"] } },
    answer: async (asked) => {
      const bounds = await extent(context, asked) ?? WORLD;
      const set = tileMatrixSet(asked.path.tileMatrixSetId);
      const box = boxInSet(set, bounds);
      return json({
        ...tileSet(backend.name, set.id, bounds, asked),
        tileMatrixSetLimits: box === null ? [] : limitsIn(set, box, listedZooms(set)),
      });
    },
  });
}

function tileSet(
  backend: string,
  id: string,
  { xmin, ymin, xmax, ymax }: BoundingBox,
  { sent, baseUrl }: Asked<unknown, unknown, unknown>,
) {
  const set = tileMatrixSet(id);
  const search = sent.size === 0 ? "" : `?${sent}`;
  return {
    title: `${id} tiles`,
    dataType: "map",
    crs: set.crs,
    boundingBox: {
      lowerLeft: [xmin, ymin],
      upperRight: [xmax, ymax],
      crs: "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    },
    links: [
      {
        href: `${baseUrl}/${backend}/tiles/${id}${search}`,
        rel: "self",
        type: "application/json",
        title: `${id} tile set`,
      },
      {
        href: `${baseUrl}/tileMatrixSets/${id}`,
        rel: TILING_SCHEME,
        type: "application/json",
        title: `Definition of ${id}`,
      },
      {
        href: `${baseUrl}/${backend}/tiles/${id}/%7Bz%7D/%7Bx%7D/%7By%7D${search}`,
        rel: "tile",
        type: "image/png",
        title: "A tile",
        templated: true,
      },
    ],
  };
}
