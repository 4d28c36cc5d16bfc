/** Statistics of polygons, of one time or of the steps of a series. */
import { z } from "zod";
import { mapBounded } from "../../core/concurrency.ts";
import type { DataContext } from "../context.ts";
import { type Asked, json } from "../http/operation.ts";
import { badRequest } from "../http/problem.ts";
import { crsParameter } from "../parameters/crs.ts";
import { MOSAIC } from "../parameters/mosaic.ts";
import { FEATURE, type Feature, FEATURE_COLLECTION, PART } from "../parameters/part.ts";
import { granuleFilter, SEARCH } from "../parameters/search.ts";
import { SERIES, seriesSteps } from "../parameters/series.ts";
import { STATISTICS } from "../parameters/statistics.ts";
import { isoInterval } from "../parameters/temporal.ts";
import { type PolygonStatistics, polygonStatistics } from "../render/statistics.ts";
import type { Selection } from "../render/selection.ts";
import { type Backend, BACKENDS } from "./backends.ts";
import { requestedValues } from "./requested.ts";

/** Steps of a series that are worked on at the same time. */
const STEPS_AT_ONCE = 2;
const TYPE = { type: "application/geo+json" };
const QUERY = { ...SEARCH.shape, ...MOSAIC.shape, ...PART.shape, ...STATISTICS.shape };
const EVERY = z.object(QUERY);
type Query = z.output<typeof EVERY>;

export function addStatistics(context: DataContext): void {
  for (const backend of BACKENDS) {
    addOne(context, backend);
    addSeries(context, backend);
  }
}

function addOne(context: DataContext, backend: Backend): void {
  context.api.add({
    method: "post",
    path: `/${backend.name}/statistics`,
    summary: "Statistics of polygons",
    tag: backend.name,
    heavy: true,
    apart: true,
    pixels: () => Infinity,
    pathParameters: z.object({}),
    query: z.object({ ...QUERY, ...backend.schema.shape }),
    body: z.union([FEATURE, FEATURE_COLLECTION]),
    answers: { 200: { description: "The same, with statistics among the properties", types: [TYPE.type] } },
    answer: async (asked) => {
      const { body } = asked;
      if (body.type === "Feature") return json(await withStatistics(context, backend, asked, body), TYPE);
      const features: unknown[] = [];
      for (const feature of body.features) {
        features.push(await withStatistics(context, backend, asked, feature));
      }
      return json({ ...body, features }, TYPE);
    },
  });
}

async function withStatistics(
  context: DataContext,
  backend: Backend,
  asked: Asked<unknown, Query, unknown>,
  feature: Feature,
): Promise<unknown> {
  const filter = granuleFilter(asked.query);
  const found = await statisticsOf(context, backend, asked, feature, filter);
  return {
    ...feature,
    properties: { ...feature.properties, ...(found ?? { statistics: {}, used_assets: [] }) },
  };
}

function statisticsOf(
  context: DataContext,
  backend: Backend,
  { query, signal, phases }: Asked<unknown, Query, unknown>,
  feature: Feature,
  filter: Selection["filter"],
): Promise<PolygonStatistics | null> {
  const values = requestedValues(backend, { query, signal, phases }, filter);
  const coordinates = crsParameter("coord_crs", query.coord_crs);
  const crs = query.dst_crs === undefined ? coordinates : crsParameter("dst_crs", query.dst_crs);
  const size = { maxSize: query.max_size ?? null, width: query.width ?? null, height: query.height ?? null };
  return context.sources.with(query, (source) => {
    const selection = { source, ...values };
    const request = {
      geometry: feature.geometry,
      coordinates,
      crs,
      size,
      fit: backend.fit,
      parameters: query,
    };
    return polygonStatistics(context, selection, request);
  });
}

function addSeries(context: DataContext, backend: Backend): void {
  context.api.add({
    method: "post",
    path: `/${backend.name}/timeseries/statistics`,
    summary: "Statistics of a polygon at each step of a time series",
    tag: backend.name,
    heavy: true,
    apart: true,
    pixels: () => Infinity,
    pathParameters: z.object({}),
    query: z.object({ ...QUERY, ...SERIES.shape, ...backend.schema.shape }),
    body: z.union([FEATURE, FEATURE_COLLECTION]),
    answers: {
      200: { description: "The Feature, with statistics by step among the properties", types: [TYPE.type] },
    },
    answer: async (asked) => {
      const { body, query } = asked;
      if (body.type !== "Feature") {
        throw badRequest("a time series is of one Feature (wanted no FeatureCollection)");
      }
      const temporal = query.temporal ?? query.datetime;
      const steps = seriesSteps({ ...query, temporal }, context.limits.steps);
      const filter = granuleFilter({ ...query, temporal: undefined, datetime: undefined });
      const found = await mapBounded(steps, STEPS_AT_ONCE, (step) => {
        asked.signal.throwIfAborted();
        return statisticsOf(context, backend, asked, body, { ...filter, temporal: step });
      });
      const statistics: Record<string, unknown> = {};
      for (const [i, one] of found.entries()) {
        if (one !== null) statistics[isoInterval(steps[i])] = one.statistics;
      }
      return json({ ...body, properties: { ...body.properties, statistics } }, TYPE);
    },
  });
}
