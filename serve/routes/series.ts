/** A time series of a backend: the tiles of each step, and an animation of a box. */
import { z } from "zod";
import { encodeGif } from "../../core/raster/encode/gif.ts";
import type { IndexedPicture } from "../../core/raster/picture.ts";
import { tileMatrixSet } from "../../core/raster/tms/tile_matrix_set.ts";
import type { OutputGrid } from "../../core/raster/pixels.ts";
import { areaOfPlaneBox } from "../area/lonlat_area.ts";
import type { DataContext } from "../context.ts";
import { type Answer, type Asked, json, nothing } from "../http/operation.ts";
import { badRequest } from "../http/problem.ts";
import { withParts } from "../layers/read_granule.ts";
import { crsParameter } from "../parameters/crs.ts";
import { MOSAIC } from "../parameters/mosaic.ts";
import { BOX_PATH, PART, planeBox, SIZE_PATH } from "../parameters/part.ts";
import { RENDER } from "../parameters/render.ts";
import { granuleFilter, SEARCH } from "../parameters/search.ts";
import { SERIES, seriesSteps } from "../parameters/series.ts";
import { isoInterval } from "../parameters/temporal.ts";
import { TILE_MATRIX_SET_ID } from "../parameters/tiles.ts";
import { defaultRanges } from "../render/default_range.ts";
import { framePicture, wantsRanges } from "../render/image.ts";
import { processed } from "../render/processed.ts";
import { composeOutput, findGranules, outputOfPart } from "../render/selection.ts";
import { type Backend, BACKENDS } from "./backends.ts";
import { boxOfImage } from "./parts.ts";
import { requestedSize, requestedValues } from "./requested.ts";
import { TILEJSON, tileJson, WORLD } from "./tilejson.ts";

/** Frames of one animation: each is held until the last is made. */
const MOST_FRAMES = 200;
/** Parameters of a series that are none of its tiles. */
const OF_SERIES = ["step", "temporal_mode", "datetime", "temporal"];

export function addSeries(context: DataContext): void {
  for (const backend of BACKENDS) {
    addTileJsons(context, backend);
    addAnimations(context, backend);
  }
}

function addTileJsons({ api, sources, limits }: DataContext, backend: Backend): void {
  api.add({
    method: "get",
    path: `/${backend.name}/timeseries/{tileMatrixSetId}/tilejson.json`,
    summary: "How the tiles of each step of a time series are asked for",
    tag: backend.name,
    heavy: true,
    pathParameters: z.object({ tileMatrixSetId: TILE_MATRIX_SET_ID }),
    query: z.object({ ...SEARCH.shape, ...SERIES.shape, ...backend.schema.shape, ...TILEJSON }),
    answers: { 200: { description: "TileJSON by step", types: ["application/json"] } },
    answer: async ({ path, query, sent, baseUrl, phases }) => {
      const steps = seriesSteps({ ...query, temporal: query.temporal ?? query.datetime }, limits.steps);
      const filter = granuleFilter({ ...query, temporal: undefined, datetime: undefined });
      const bounds = await phases.of("search", () =>
        sources.with(query, (source) => source.extent(filter))) ?? WORLD;
      const set = tileMatrixSet(path.tileMatrixSetId);
      const kept = [...sent].filter(([name]) => !OF_SERIES.includes(name));
      return json(Object.fromEntries(steps.map((step) => {
        const temporal = isoInterval(step);
        return [
          temporal,
          tileJson(
            backend.name,
            set,
            query,
            new URLSearchParams([...kept, ["temporal", temporal]]),
            baseUrl,
            bounds,
            limits,
          ),
        ];
      })));
    },
  });
}

const ANIMATION = z.object({
  ...SEARCH.shape,
  ...SERIES.shape,
  ...MOSAIC.shape,
  ...PART.shape,
  ...RENDER.shape,
  fps: z.number().gt(1).max(50).default(10).meta({ description: "Frames a second" }),
});
type AnimationQuery = z.output<typeof ANIMATION>;

function addAnimations(context: DataContext, backend: Backend): void {
  const path = `/${backend.name}/timeseries/bbox/{minx},{miny},{maxx},{maxy}`;
  const shared = {
    method: "get",
    summary: "An animation of a box over a time series",
    tag: backend.name,
    heavy: true,
    apart: true,
    pixels: () => Infinity,
    query: z.object({ ...ANIMATION.shape, ...backend.schema.shape }),
    answers: {
      200: { description: "A GIF that loops", types: ["image/gif"] },
      204: { description: "Nothing is there", types: [] },
    },
  } as const;
  context.api.add({
    ...shared,
    path: `${path}/{width}x{height}.gif`,
    pathParameters: z.object({ ...BOX_PATH, ...SIZE_PATH }),
    answer: (asked) => animation(context, backend, asked, asked.path),
  });
  context.api.add({
    ...shared,
    path: `${path}.gif`,
    pathParameters: z.object(BOX_PATH),
    answer: (asked) => animation(context, backend, asked, null),
  });
}

async function animation(
  context: DataContext,
  backend: Backend,
  { path, query, signal, phases }: Asked<
    { minx: number; miny: number; maxx: number; maxy: number },
    AnimationQuery,
    unknown
  >,
  size: { width: number; height: number } | null,
): Promise<Answer> {
  const box = planeBox(path);
  const steps = seriesSteps({ ...query, temporal: query.temporal ?? query.datetime }, MOST_FRAMES);
  const filter = granuleFilter({ ...query, temporal: undefined, datetime: undefined });
  const coordinates = crsParameter("coord_crs", query.coord_crs);
  const crs = query.dst_crs === undefined ? coordinates : crsParameter("dst_crs", query.dst_crs);
  const bounds = boxOfImage(box, coordinates, crs);
  const asked = requestedSize(context.limits, query, size);
  return await context.sources.with(query, async (source) => {
    const area = areaOfPlaneBox(coordinates, box);
    if (area === null) return nothing();
    const frames: IndexedPicture[] = [];
    let output: OutputGrid | null = null;
    let ranges: Awaited<ReturnType<typeof defaultRanges>> | undefined;
    for (const step of steps) {
      signal.throwIfAborted();
      const atStep = { ...filter, temporal: step };
      const selection = { source, ...requestedValues(backend, { query, signal, phases }, atStep) };
      const granules = await findGranules(context, selection, area);
      // All frames have the size and the colours of the first.
      output ??= await outputOfPart(context, selection, granules, crs, bounds, asked, backend.fit);
      const composed = output === null
        ? undefined
        : await composeOutput(context, selection, granules, output);
      if (composed === undefined) continue;
      const first = granules.find(({ row }) => row.id === composed.used[0]);
      const made = await phases.of(
        "warp",
        () => output === null ? null : processed(query, composed.pixels, output),
      );
      if (ranges === undefined && first !== undefined && wantsRanges(query, null)) {
        ranges = made !== null
          ? made.ranges
          : await withParts(context.reading, first, selection.reading, (parts) =>
            defaultRanges(parts, signal));
      }
      frames.push(
        await phases.of("encode", () => framePicture(made?.pixels ?? composed.pixels, query, ranges ?? null)),
      );
      if (frames.length * composed.pixels.width * composed.pixels.height > MOST_FRAME_PIXELS) {
        throw badRequest(
          `the animation would have more than ${MOST_FRAME_PIXELS} pixels (say max_size, or fewer steps)`,
        );
      }
    }
    if (frames.length === 0) return nothing();
    return { body: await phases.of("encode", () => encodeGif(frames, query.fps)), type: "image/gif" };
  });
}

/** Pixels of all frames together. */
const MOST_FRAME_PIXELS = 1 << 26;
