/** Images of boxes and of polygons. */
import { z } from "zod";
import type { Crs } from "../../core/raster/grid.ts";
import type { Geometry } from "../../core/geometry/geometry.ts";
import { coveredPixels } from "../../core/raster/zonal/cover.ts";
import { outlineOf } from "../../core/raster/zonal/outline.ts";
import { areaOfPlaneBox } from "../area/lonlat_area.ts";
import { boxIn, type PlaneBox } from "../area/part_output.ts";
import type { DataContext } from "../context.ts";
import { type Answer, nothing } from "../http/operation.ts";
import { badRequest } from "../http/problem.ts";
import { crsParameter } from "../parameters/crs.ts";
import { IMAGE_FORMAT, type ImageFormat, MEDIA_TYPES } from "../parameters/formats.ts";
import { MOSAIC, type MosaicParameters } from "../parameters/mosaic.ts";
import {
  BOX_PATH,
  boxOfPolygon,
  FEATURE,
  PART,
  type PartParameters,
  planeBox,
  SIZE_PATH,
} from "../parameters/part.ts";
import { RENDER, type RenderParameters } from "../parameters/render.ts";
import { granuleFilter, SEARCH, type SearchParameters } from "../parameters/search.ts";
import { statedPixels } from "../parameters/stated_pixels.ts";
import type { Phases } from "../http/phases.ts";
import { imageAnswer } from "../render/answer.ts";
import { composeOutput, findGranules, outputOfPart } from "../render/selection.ts";
import { type Backend, BACKENDS } from "./backends.ts";
import { requestedSize, requestedValues } from "./requested.ts";

const FORMAT = { format: IMAGE_FORMAT };

export function addParts(context: DataContext): void {
  for (const backend of BACKENDS) {
    addBoxes(context, backend);
    addFeatures(context, backend);
  }
}

function common(backend: Backend) {
  return {
    tag: backend.name,
    heavy: true,
    apart: true,
    pixels: (asked: { path: unknown; query: unknown }) => statedPixels(asked, Infinity),
    query: z.object({
      ...SEARCH.shape,
      ...backend.schema.shape,
      ...MOSAIC.shape,
      ...PART.shape,
      ...RENDER.shape,
    }),
    answers: {
      200: { description: "An image", types: [...new Set(Object.values(MEDIA_TYPES))] },
      204: { description: "Nothing is there", types: [] },
    },
  } as const;
}

function addBoxes(context: DataContext, backend: Backend): void {
  const path = `/${backend.name}/bbox/{minx},{miny},{maxx},{maxy}`;
  const shared = { ...common(backend), method: "get", summary: "An image of a box" } as const;
  context.api.add({
    ...shared,
    path: `${path}/{width}x{height}.{format}`,
    pathParameters: z.object({ ...BOX_PATH, ...SIZE_PATH, ...FORMAT }),
    answer: (asked) =>
      part(context, backend, {
        ...asked,
        box: planeBox(asked.path),
        geometry: null,
        format: asked.path.format,
        size: asked.path,
      }),
  });
  context.api.add({
    ...shared,
    path: `${path}.{format}`,
    pathParameters: z.object({ ...BOX_PATH, ...FORMAT }),
    answer: (asked) =>
      part(context, backend, {
        ...asked,
        box: planeBox(asked.path),
        geometry: null,
        format: asked.path.format,
      }),
  });
}

function addFeatures(context: DataContext, backend: Backend): void {
  const path = `/${backend.name}/feature`;
  const shared = {
    ...common(backend),
    method: "post",
    summary: "An image of a polygon",
    body: FEATURE,
  } as const;
  const request = (
    asked: Pick<PartRequest, "query" | "signal" | "phases"> & { body: z.output<typeof FEATURE> },
  ) => {
    const geometry: Geometry = asked.body.geometry;
    return { ...asked, geometry, box: boxOfPolygon(geometry, context.limits.vertices), format: null };
  };
  const add = <Path extends z.ZodObject>(
    ending: string,
    pathParameters: Path,
    more: (path: z.output<Path>) => Partial<PartRequest>,
  ) =>
    context.api.add({
      ...shared,
      path: path + ending,
      pathParameters,
      answer: (asked) => part(context, backend, { ...request(asked as never), ...more(asked.path) }),
    });
  add(
    "/{width}x{height}.{format}",
    z.object({ ...SIZE_PATH, ...FORMAT }),
    ({ format, ...size }) => ({ format, size }),
  );
  add("/{width}x{height}", z.object(SIZE_PATH), (size) => ({ size }));
  add(".{format}", z.object(FORMAT), ({ format }) => ({ format }));
  add("", z.object({}), () => ({}));
}

interface PartRequest {
  query: SearchParameters & MosaicParameters & PartParameters & RenderParameters;
  box: PlaneBox;
  /** Pixels outside of it are empty. */
  geometry: Geometry | null;
  format: ImageFormat | null;
  size?: { width: number; height: number };
  signal: AbortSignal;
  phases: Phases;
}

/** The box in the system of the image. Throws a 400 for one that has no place there. */
export function boxOfImage(box: PlaneBox, from: Crs, to: Crs): PlaneBox {
  const found = boxIn(from, to, box);
  if (found === null) throw badRequest(`the box has no place in ${to.code ?? to.name}`);
  return found;
}

async function part(
  context: DataContext,
  backend: Backend,
  { query, box, geometry, format, size, signal, phases }: PartRequest,
): Promise<Answer> {
  const values = requestedValues(backend, { query, signal, phases }, granuleFilter(query));
  const coordinates = crsParameter("coord_crs", query.coord_crs);
  const crs = query.dst_crs === undefined ? coordinates : crsParameter("dst_crs", query.dst_crs);
  const asked = requestedSize(context.limits, query, size ?? null);
  const bounds = boxOfImage(box, coordinates, crs);
  return await context.sources.with(query, async (source) => {
    const selection = { source, ...values };
    const area = areaOfPlaneBox(coordinates, box);
    if (area === null) return nothing();
    const granules = await findGranules(context, selection, area);
    const output = await outputOfPart(context, selection, granules, crs, bounds, asked, backend.fit);
    const composed = output === null ? undefined : await composeOutput(context, selection, granules, output);
    if (output === null || composed === undefined) return nothing();
    if (geometry !== null) {
      const inside = coveredPixels(
        outlineOf(geometry, coordinates, output),
        output.width,
        output.height,
        "touched",
      );
      const masks = composed.pixels.masks.map((mask) => mask.map((valid, i) => valid & inside[i]));
      const masked = { ...composed, pixels: { ...composed.pixels, masks } };
      return await imageAnswer(context, selection, masked, granules, { output, bounds }, format, query);
    }
    return await imageAnswer(context, selection, composed, granules, { output, bounds }, format, query);
  });
}
