/** Whether and how a collection can be drawn, by one of its granules. */
import { z } from "zod";
import type { FileAxes, Grid, GridFile } from "../../core/raster/grid.ts";
import { locationsOf } from "../../catalog/locations.ts";
import type { DataContext } from "../context.ts";
import { json } from "../http/operation.ts";
import { badRequest, notFound } from "../http/problem.ts";
import { assetKeys } from "../layers/assets.ts";
import { isOfGranule, withFile } from "../layers/read_granule.ts";
import { granuleFilter, SEARCH } from "../parameters/search.ts";
import { coarseValues, quantileOf } from "../render/default_range.ts";
import type { ServedGranule } from "../search/granules.ts";

const QUERY = z.object({
  ...SEARCH.shape,
  skip_variable_statistics: z.boolean().default(false)
    .meta({ description: "Whether to leave out the variables' values, for which data is read" }),
});

export function addCompatibility(context: DataContext): void {
  context.api.add({
    method: "get",
    path: "/compatibility",
    summary: "Whether and how a collection can be drawn",
    tag: "granules",
    heavy: true,
    apart: true,
    pathParameters: z.object({}),
    query: QUERY,
    answers: { 200: { description: "Backend, variables or bands, and links", types: ["application/json"] } },
    answer: async ({ query, baseUrl, signal, phases }) => {
      const conceptId = query.collection_concept_id ?? query.concept_id;
      if (conceptId === undefined && query.catalog === undefined && query.granule_ur === undefined) {
        throw badRequest("concept_id is required");
      }
      const filter = granuleFilter(query);
      return await context.sources.with(query, async (source) => {
        const granules = await phases.of(
          "search",
          () => source.find({ filter, area: null, most: MOST_TRIED }, signal),
        );
        if (granules.length === 0) throw notFound(`'${source.name}' has no granule`);
        const described = await firstReadable(context, granules, signal, (granule) => {
          const asset = granule.row.assets[0] ?? null;
          return withFile(
            context.reading,
            granule,
            asset,
            (file) => describe(file, granule, { query, conceptId, baseUrl, signal }),
          );
        });
        const times = await source.times(described.concept_id);
        return json({ ...described, datetime: times.length === 0 ? null : times });
      });
    },
  });
}

/** Granules that are tried, where the first ones cannot be read. */
const MOST_TRIED = 5;

/** Of the first granule that can be read; throws the failure of the first where none can. */
async function firstReadable<T>(
  { onGranuleFailure }: DataContext,
  granules: readonly ServedGranule[],
  signal: AbortSignal,
  describe: (granule: ServedGranule) => Promise<T>,
): Promise<T & { left_out: string[] }> {
  const left: string[] = [];
  let failure: unknown;
  for (const granule of granules) {
    signal.throwIfAborted();
    try {
      return { ...await describe(granule), left_out: left };
    } catch (error) {
      if (!isOfGranule(error)) throw error;
      failure ??= error;
      onGranuleFailure(granule, error);
      left.push(granule.row.id);
    }
  }
  throw failure;
}

interface Described {
  readonly query: z.output<typeof QUERY>;
  readonly conceptId: string | undefined;
  readonly baseUrl: string;
  readonly signal: AbortSignal;
}

async function describe(
  file: GridFile,
  { row, collectionId }: ServedGranule,
  { query, conceptId, baseUrl, signal }: Described,
) {
  const bands = file.grids.length === 1 && file.grids[0].name === "";
  const search = new URLSearchParams({
    ...(conceptId === undefined ? {} : { collection_concept_id: conceptId }),
    ...(query.catalog === undefined ? {} : { catalog: query.catalog }),
  });
  const [first] = file.grids;
  if (bands) search.set("assets", [...assetKeys(row, null).keys()][0]);
  else if (first !== undefined) search.set("variables", bareName(first));
  const backend = bands ? "rasterio" : "xarray";
  const axes = await file.axes?.(signal) ?? null;
  return {
    concept_id: conceptId ?? collectionId,
    backend,
    variables: bands ? null : await variables(file, query.skip_variable_statistics, signal),
    dimensions: axes === null ? null : Object.fromEntries(axes.dimensions),
    coordinates: axes === null ? null : coordinatesOf(axes),
    compatible_groups: null,
    granule_ur: row.id,
    example_assets: bands
      ? Object.fromEntries(
        locationsOf(row, "https").map((url) => [url.slice(url.lastIndexOf("/") + 1), url]),
      )
      : locationsOf(row, "https")[0] ?? null,
    assets: bands ? [...assetKeys(row, null).keys()] : null,
    sample_asset_raster_info: bands ? rasterInfo(first) : null,
    refused: file.refused.map(({ name, rule, reason }) => ({ name, rule, reason })),
    links: first === undefined ? [] : links(baseUrl, backend, search),
  };
}

function coordinatesOf({ coordinates }: FileAxes) {
  return Object.fromEntries(
    [...coordinates].map(([name, { size, dtype, least, most }]) => [
      name,
      { size, dtype, min: least, max: most },
    ]),
  );
}

function bareName({ name }: Grid): string {
  return name.replace(/^\//, "");
}

/** Bands of a variable that are named. */
const MOST_NAMED = 1000;

async function variables(file: GridFile, bare: boolean, signal: AbortSignal) {
  const found: Record<string, unknown> = {};
  for (const grid of file.grids) {
    const [{ scale, offset }] = grid.bands;
    const plain = scale === 1 && offset === 0;
    const small = /8|16/.test(grid.dtype);
    const dtype = /float/.test(grid.dtype) && plain
      ? grid.dtype
      : !plain
      ? "float64"
      : grid.nodata === null
      ? grid.dtype
      : small
      ? "float32"
      : "float64";
    const values = bare ? new Float64Array(0) : await coarseValues(grid, 0, signal);
    const placed = (value: number) => values.length === 0 ? null : value * scale + offset;
    let sum = 0;
    for (const value of values) sum += value;
    const at = (q: number) => placed(quantileOf(values, q));
    found[bareName(grid)] = {
      shape: [...leadingShape(grid), grid.height, grid.width],
      dtype,
      min: at(0),
      max: at(1),
      mean: placed(sum / values.length),
      p01: at(0.01),
      p05: at(0.05),
      p95: at(0.95),
      p99: at(0.99),
      bands: grid.bands.slice(0, MOST_NAMED).map(({ name }) => name),
      units: grid.bands[0].unit,
    };
  }
  return found;
}

/** Sizes of the dimensions that bands are named by: `time=…,lev=…`. */
function leadingShape({ bands }: Grid): number[] {
  const values = new Map<string, Set<string>>();
  for (const { name } of bands) {
    for (const part of name.split(",")) {
      const [dimension, value] = part.split("=");
      if (value === undefined) continue;
      values.set(dimension, (values.get(dimension) ?? new Set<string>()).add(value));
    }
  }
  return [...values.values()].map(({ size }) => size);
}

function rasterInfo({ width, height, bands, dtype, nodata, crs, levels }: Grid) {
  return {
    width,
    height,
    count: bands.length,
    dtype,
    nodata_value: nodata,
    crs: crs.code,
    overviews: levels.slice(1).map((level) => Math.round(width / level.width)),
  };
}

function links(baseUrl: string, backend: string, search: URLSearchParams) {
  const at = `${search}&temporal={temporal}`;
  return [
    {
      rel: "tilejson",
      href: `${baseUrl}/${backend}/WebMercatorQuad/tilejson.json?${at}`,
      title: "TileJSON",
      type: "application/json",
    },
    {
      rel: "map",
      href: `${baseUrl}/${backend}/WebMercatorQuad/map.html?${at}`,
      title: "Map viewer",
      type: "text/html",
    },
    {
      rel: "tile",
      href: `${baseUrl}/${backend}/tiles/WebMercatorQuad/{z}/{x}/{y}?${at}`,
      title: "Map tile",
      type: "image/png",
    },
  ];
}
