/** Tiles: pixels of a selection at a tile of a tile matrix set. */
import { z } from "zod";
import { crsOfCode } from "../../core/raster/crs/codes.ts";
import { outputOfBox } from "../../core/raster/pixels.ts";
import { crsCodeOf, tileMatrixSet } from "../../core/raster/tms/tile_matrix_set.ts";
import { tileBounds, tileExists, tileMatrixOf } from "../../core/raster/tms/tiles.ts";
import { areaOfPlaneBox } from "../area/lonlat_area.ts";
import type { DataContext } from "../context.ts";
import { type Answer, type Asked, nothing } from "../http/operation.ts";
import { IMAGE_FORMAT, type ImageFormat, MEDIA_TYPES } from "../parameters/formats.ts";
import { MOSAIC } from "../parameters/mosaic.ts";
import { RENDER } from "../parameters/render.ts";
import { granuleFilter, SEARCH } from "../parameters/search.ts";
import { statedPixels } from "../parameters/stated_pixels.ts";
import { TILE_PATH } from "../parameters/tiles.ts";
import { imageAnswer } from "../render/answer.ts";
import { composeOutput, findGranules } from "../render/selection.ts";
import { type Backend, BACKENDS } from "./backends.ts";
import { checkTileSide, requestedValues } from "./requested.ts";

const TILE = z.object({
  tilesize: z.int().min(1).max(4096).optional().meta({
    description: "Pixels of the tile's side; the set's own",
  }),
  buffer: z.number().gt(0).max(256).multipleOf(0.5).optional().meta({
    description: "Pixels that are added on each side, in halves: 0.5 makes 257 of 256",
  }),
  padding: z.int().min(0).max(256).optional().meta({
    description: "Taken and without effect: pixels at the edges are made of their neighbours outside, always",
  }),
});

export function addTiles(context: DataContext): void {
  for (const backend of BACKENDS) {
    const query = z.object({
      ...SEARCH.shape,
      ...backend.schema.shape,
      ...MOSAIC.shape,
      ...RENDER.shape,
      ...TILE.shape,
    });
    const common = {
      method: "get",
      summary: "A tile of a selection",
      tag: backend.name,
      heavy: true,
      apart: true,
      pixels: (asked: { path: unknown; query: unknown }) => statedPixels(asked, 0),
      query,
      answers: {
        200: { description: "An image", types: [...new Set(Object.values(MEDIA_TYPES))] },
        204: { description: "Nothing is there", types: [] },
      },
    } as const;
    const path = `/${backend.name}/tiles/{tileMatrixSetId}/{z}/{x}/{y}`;
    context.api.add({
      ...common,
      path: `${path}.{format}`,
      pathParameters: z.object({ ...TILE_PATH, format: IMAGE_FORMAT }),
      answer: (asked) => tile(context, backend, asked, asked.path.format),
    });
    context.api.add({
      ...common,
      path,
      pathParameters: z.object(TILE_PATH),
      answer: (asked) => tile(context, backend, asked, null),
    });
  }
}

type Box = readonly [number, number, number, number];

/** A box with parts of its sides added on each of them. */
function widened([left, bottom, right, top]: Box, part: number): Box {
  const [x, y] = [(right - left) * part, (top - bottom) * part];
  return [left - x, bottom - y, right + x, top + y];
}

type TileQuery =
  & z.output<typeof SEARCH>
  & z.output<typeof MOSAIC>
  & z.output<typeof RENDER>
  & z.output<typeof TILE>;

function tile(
  context: DataContext,
  backend: Backend,
  { path, query, signal, phases }: Asked<
    { tileMatrixSetId: string; z: number; x: number; y: number },
    TileQuery,
    unknown
  >,
  format: ImageFormat | null,
): Promise<Answer> {
  const { tileMatrixSetId, z, x, y } = path;
  const set = tileMatrixSet(tileMatrixSetId);
  const matrix = tileMatrixOf(set, z);
  const values = requestedValues(backend, { query, signal, phases }, granuleFilter(query));
  const buffer = query.buffer ?? 0;
  const side = query.tilesize ?? matrix?.tileWidth ?? 256;
  const size = side + 2 * buffer;
  checkTileSide(context.limits, size);
  return context.sources.with(query, async (source) => {
    if (!tileExists(set, { z, x, y })) return nothing();
    const selection = { source, ...values };
    const crs = crsOfCode(crsCodeOf(set));
    const bounds = widened(tileBounds(set, { z, x, y }), buffer / side);
    const area = areaOfPlaneBox(crs, bounds);
    if (area === null) return nothing();
    const granules = await findGranules(context, selection, area);
    const output = outputOfBox(crs, bounds, size, size);
    const composed = await composeOutput(context, selection, granules, output);
    if (composed === undefined) return nothing();
    return await imageAnswer(
      context,
      selection,
      composed,
      granules,
      { output, bounds, uri: set.crs },
      format,
      query,
    );
  });
}
