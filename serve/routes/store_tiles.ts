/** Tiles of a store: each pixel is looked up in the cells, of the level whose cells are as fine as pixels. */
import { z } from "zod";
import { giveNumbers } from "../../core/kept_numbers.ts";
import { crsOfCode } from "../../core/raster/crs/codes.ts";
import { outputOfBox, type Pixels } from "../../core/raster/pixels.ts";
import { crsCodeOf, tileMatrixSet } from "../../core/raster/tms/tile_matrix_set.ts";
import { tileBounds, tileExists, tileMatrixOf } from "../../core/raster/tms/tiles.ts";
import { placesOf } from "../../core/raster/warp/places.ts";
import type { DataContext } from "../context.ts";
import { type Answer, type Asked, json, nothing } from "../http/operation.ts";
import { badRequest } from "../http/problem.ts";
import { IMAGE_FORMAT, type ImageFormat, MEDIA_TYPES } from "../parameters/formats.ts";
import { RENDER } from "../parameters/render.ts";
import { statedPixels } from "../parameters/stated_pixels.ts";
import { TILE_MATRIX_SET_ID, TILE_PATH } from "../parameters/tiles.ts";
import { encodeImage, wantsRanges } from "../render/image.ts";
import { boxOfOutput, processed } from "../render/processed.ts";
import { hasVariable, levelForPixel, pixelAngle } from "../stores/level_choice.ts";
import { fromStore } from "../http/damage.ts";
import { storeExtent } from "../stores/store_extent.ts";
import { storeRange } from "../stores/store_range.ts";
import { checkTileSide } from "./requested.ts";
import { inWindow, TIME, timeOf } from "./store_window.ts";
import { levelOf, STORE_PATH, storeOf, variablesOf } from "./stores.ts";
import { tileJson } from "./tilejson.ts";

export const VALUES = {
  variable: z.string().max(200).optional().meta({ description: "A variable; the first" }),
  order: z.int().min(0).max(24).optional().meta({
    description: "The order of the cells; as fine as the pixels",
  }),
  time: TIME,
};
const TILE = {
  tilesize: z.int().min(1).max(4096).optional().meta({
    description: "Pixels of the tile's side; the set's own",
  }),
};
const TILE_QUERY = z.object({ ...VALUES, ...TILE, ...RENDER.shape });

export function addStoreTiles(context: DataContext): void {
  const common = {
    method: "get",
    summary: "A tile of a store",
    tag: "stores",
    heavy: true,
    apart: true,
    pixels: (asked: { path: unknown; query: unknown }) => statedPixels(asked, 0),
    query: TILE_QUERY,
    answers: {
      200: { description: "An image", types: [...new Set(Object.values(MEDIA_TYPES))] },
      204: { description: "Nothing is there", types: [] },
    },
  } as const;
  const path = "/store/{name}/tiles/{tileMatrixSetId}/{z}/{x}/{y}";
  context.api.add({
    ...common,
    path: `${path}.{format}`,
    pathParameters: z.object({ ...STORE_PATH, ...TILE_PATH, format: IMAGE_FORMAT }),
    answer: (asked) => tile(context, asked, asked.path.format),
  });
  context.api.add({
    ...common,
    path,
    pathParameters: z.object({ ...STORE_PATH, ...TILE_PATH }),
    answer: (asked) => tile(context, asked, null),
  });
  context.api.add({
    method: "get",
    path: "/store/{name}/{tileMatrixSetId}/tilejson.json",
    summary: "How the tiles of a store are asked for",
    tag: "stores",
    heavy: true,
    apart: true,
    pathParameters: z.object({ ...STORE_PATH, tileMatrixSetId: TILE_MATRIX_SET_ID }),
    query: z.object({
      ...TILE_QUERY.shape,
      tile_format: IMAGE_FORMAT.optional().meta({ description: "The ending of the tiles" }),
      minzoom: z.int().min(0).max(30).optional().meta({ description: "The least zoom" }),
      maxzoom: z.int().min(0).max(30).optional().meta({ description: "The deepest zoom" }),
    }),
    answers: { 200: { description: "TileJSON 3.0.0", types: ["application/json"] } },
    answer: async ({ path: { name, tileMatrixSetId }, query, sent, baseUrl }) => {
      const served = await storeOf(context, name);
      const [finest] = served.store.levels;
      variablesOf(finest, query.variable === undefined ? undefined : [query.variable]);
      inWindow(served, query.time);
      const bounds = await fromStore(name, storeExtent(served.store, served.windows));
      const set = tileMatrixSet(tileMatrixSetId);
      const backend = `store/${encodeURIComponent(name)}`;
      return json(tileJson(backend, set, query, sent, baseUrl, bounds, context.limits));
    },
  });
}

async function tile(
  context: DataContext,
  { path, query, signal, phases }: Asked<
    { name: string; tileMatrixSetId: string; z: number; x: number; y: number },
    z.output<typeof TILE_QUERY>,
    unknown
  >,
  format: ImageFormat | null,
): Promise<Answer> {
  const { name, tileMatrixSetId, z, x, y } = path;
  const served = inWindow(await storeOf(context, name), query.time);
  const set = tileMatrixSet(tileMatrixSetId);
  const size = query.tilesize ?? tileMatrixOf(set, z)?.tileWidth ?? 256;
  checkTileSide(context.limits, size);
  const [finest] = served.store.levels;
  const [variable] = variablesOf(finest, query.variable === undefined ? undefined : [query.variable]);
  if (variable === undefined) throw badRequest(`the store ${name} has no variable`);
  if (!tileExists(set, { z, x, y })) return nothing();
  const bounds = tileBounds(set, { z, x, y });
  const output = outputOfBox(crsOfCode(crsCodeOf(set)), bounds, size, size);
  const places = await phases.of("warp", () => Promise.resolve(placesOf(output)));
  const angle = pixelAngle(places, size, size);
  if (angle.radians === 0) return nothing();
  const level = query.order === undefined
    ? levelForPixel(served.store.levels.filter((one) => hasVariable(one, variable)), angle)
    : levelOf(served, query.order);
  variablesOf(level, [variable]);
  signal.throwIfAborted();
  const cells = await fromStore(name, served.cells(level.order));
  const { values, mask } = await phases.of(
    "read",
    () => fromStore(name, cells.at(variable, places.longitude, places.latitude, context.storeBlocks)),
  ).finally(() => giveNumbers(places.longitude, places.latitude));
  if (!mask.includes(1)) return nothing();
  const pixels: Pixels = { width: size, height: size, bands: [values], masks: [mask] };
  const made = await phases.of("warp", () => processed(query, pixels, output));
  const chosen = !wantsRanges(query, format)
    ? null
    : made !== null
    ? made.ranges
    : [await phases.of("read", () => fromStore(name, storeRange(served, variable)))];
  const image = await phases.of(
    "encode",
    async () => await encodeImage(made?.pixels ?? pixels, made?.output ?? output, format, query, chosen),
  );
  const time = timeOf(served);
  return {
    body: image.bytes,
    type: image.type,
    headers: {
      "content-bbox": boxOfOutput(made?.output ?? output).join(","),
      "content-crs": `<${set.crs}>`,
      "x-granary-order": String(level.order),
      ...(time === null ? {} : { "x-granary-time": `${time.start ?? ".."}/${time.end ?? ".."}` }),
      ...(chosen === null ? {} : { "x-granary-rescale": chosen.map((range) => range.join(",")).join(";") }),
    },
  };
}
