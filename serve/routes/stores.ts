/** Stores of cells: what they hold, values at points, statistics of polygons. */
import { z } from "zod";
import { cellName } from "../../core/cells/cell_name.ts";
import { coverShapeNumbers } from "../../core/cells/coverage.ts";
import { shapeFromGeometry } from "../../core/cells/geojson_shape.ts";
import { insideTest } from "../../core/geometry/inside.ts";
import { boundingBox, type Geometry } from "../../core/geometry/geometry.ts";
import { zonalStatistics } from "../../core/raster/zonal/statistics.ts";
import { cellsIn, type StoreLevel } from "../../core/store/levels.ts";
import type { DataContext } from "../context.ts";
import { json, nothing } from "../http/operation.ts";
import { badParameter, badRequest, notFound } from "../http/problem.ts";
import { cellsOfShare, levelForArea } from "../stores/level_choice.ts";
import { fromStore } from "../http/damage.ts";
import { storeExtent } from "../stores/store_extent.ts";
import type { ServedStore } from "../stores/served_stores.ts";
import { inWindow, TIME, timeOf, timesOf } from "./store_window.ts";

export const STORE_PATH = { name: z.string().max(200).meta({ description: "A store of this server" }) };

const ORDER = z.int().min(0).max(24).optional().meta({ description: "The order of the level that answers" });
/** Cells of one polygon's statistics. */
const MOST_CELLS = 1 << 20;
/** How much of the Earth a polygon covers is measured by its cells of this order. */
const PROBE_ORDER = 6;
const NONE = z.object({});

export async function storeOf({ stores }: DataContext, name: string): Promise<ServedStore> {
  const found = await fromStore(name, stores.get(name));
  if (found !== undefined) return found;
  throw notFound(
    `no store "${name}"; there ${
      stores.names().length === 0 ? "is none" : `are ${stores.names().join(", ")}`
    }`,
  );
}

/** The variables that a request names, or all. Throws a 400 with the names for an unknown one. */
export function variablesOf(level: StoreLevel, asked: readonly string[] | undefined): string[] {
  const names = level.variables.map(({ name }) => name).filter((name) => name !== "morton");
  for (const name of asked ?? []) {
    if (!names.includes(name)) throw badRequest(`no variable "${name}"; there are ${names.join(", ")}`);
  }
  return asked === undefined ? names : [...asked];
}

export function levelOf({ store }: ServedStore, order: number): StoreLevel {
  const found = store.levels.find((level) => level.order === order);
  if (found !== undefined) return found;
  throw badRequest(
    `no level of order ${order}; there are ${store.levels.map((level) => level.order).join(", ")}`,
  );
}

export function addStores(context: DataContext): void {
  const { api, stores } = context;
  const common = { method: "get", tag: "stores", query: NONE } as const;
  api.add({
    ...common,
    path: "/stores",
    summary: "Stores of cells that are served",
    pathParameters: NONE,
    answers: { 200: { description: "Their names, with links", types: ["application/json"] } },
    answer: ({ baseUrl }) =>
      json({
        stores: stores.names().map((name) => ({
          name,
          links: [{ rel: "self", href: `${baseUrl}/store/${name}` }],
        })),
      }),
  });
  api.add({
    ...common,
    path: "/store/{name}",
    summary: "What a store holds",
    heavy: true,
    apart: true,
    pathParameters: z.object(STORE_PATH),
    answers: {
      200: {
        description: "Levels, variables, windows of time, extent and links",
        types: ["application/json"],
      },
    },
    answer: async ({ path: { name }, baseUrl }) => {
      const served = await storeOf(context, name);
      const { store } = served;
      const { xmin, ymin, xmax, ymax } = await fromStore(name, storeExtent(store, served.windows));
      const finest = store.levels[0];
      return json({
        name,
        bounds: [xmin, ymin, xmax, ymax],
        times: timesOf(served),
        levels: store.levels.map((level) => ({
          order: level.order,
          cells: cellsIn(level),
          latitude: level.plane === null ? level.latitude : null,
          grid: level.cells.name,
        })),
        variables: finest.variables.filter((one) => one.name !== "morton").map((one) => ({
          name: one.name,
          dtype: one.dtype,
          units: one.attributes.units ?? null,
          long_name: one.attributes.long_name ?? null,
        })),
        links: [
          { rel: "self", href: `${baseUrl}/store/${name}` },
          { rel: "zarr", href: `${baseUrl}/zarr/${name}/` },
          {
            rel: "tile",
            templated: true,
            href: `${baseUrl}/store/${name}/tiles/{tileMatrixSetId}/{z}/{x}/{y}.png?variable={variable}`,
          },
        ],
      });
    },
  });
  addPoint(context);
  addStatistics(context);
}

function addPoint(context: DataContext): void {
  context.api.add({
    method: "get",
    path: "/store/{name}/point/{lon},{lat}",
    summary: "Values of the cell at a point",
    tag: "stores",
    heavy: true,
    apart: true,
    pathParameters: z.object({ ...STORE_PATH, lon: z.number(), lat: z.number() }),
    query: z.object({
      variable: z.array(z.string().max(200)).max(100).optional()
        .meta({ description: "Variables; all" }),
      order: ORDER,
      time: TIME,
    }),
    answers: {
      200: { description: "The cell, and its values by variable", types: ["application/json"] },
      204: { description: "The store has no cell there", types: [] },
    },
    answer: async ({ path: { name, lon, lat }, query: { variable, order, time }, phases }) => {
      if (!(Math.abs(lon) <= 180 && Math.abs(lat) <= 90)) {
        throw badParameter("lon,lat", "Value error, this is no place on the Earth", `${lon},${lat}`, "path");
      }
      const served = inWindow(await storeOf(context, name), time);
      const level = levelOf(served, order ?? served.store.levels[0].order);
      const names = variablesOf(level, variable);
      const cells = await fromStore(name, served.cells(level.order));
      const values: Record<string, number | null> = {};
      let cell = -1;
      for (const one of names) {
        const found = await phases.of(
          "read",
          () =>
            fromStore(name, cells.at(one, Float64Array.of(lon), Float64Array.of(lat), context.storeBlocks)),
        );
        cell = found.ids[0];
        values[one] = found.mask[0] === 1 ? finite(found.values[0]) : null;
      }
      if (Object.values(values).every((value) => value === null)) return nothing();
      return json({
        coordinates: [lon, lat],
        cell: cellName(cell, level.order),
        cell_id: cell,
        order: level.order,
        centre: level.cells.centre(cell),
        time: timeOf(served),
        values,
      });
    },
  });
}

export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

export const FEATURE = z.object({
  type: z.literal("Feature"),
  geometry: z.object({ type: z.string() }).loose(),
  properties: z.record(z.string(), z.unknown()).nullish(),
}).loose();
const BODY = z.union([
  FEATURE,
  z.object({ type: z.literal("FeatureCollection"), features: z.array(FEATURE).max(1000) }).loose(),
]);

function addStatistics(context: DataContext): void {
  context.api.add({
    method: "post",
    path: "/store/{name}/statistics",
    summary: "Statistics of the cells whose centres lie in polygons",
    tag: "stores",
    heavy: true,
    apart: true,
    pathParameters: z.object(STORE_PATH),
    query: z.object({
      variable: z.array(z.string().max(200)).max(100).optional().meta({ description: "Variables; all" }),
      order: ORDER,
      time: TIME,
      p: z.array(z.number().min(0).max(100)).max(100).optional().meta({
        description: "Percentiles; 2 and 98",
      }),
    }),
    body: BODY,
    answers: { 200: { description: "The features, with statistics", types: ["application/geo+json"] } },
    answer: async ({ path: { name }, query, body, signal, phases }) => {
      const served = inWindow(await storeOf(context, name), query.time);
      const one = async (feature: z.output<typeof FEATURE>) => ({
        ...feature,
        properties: { ...feature.properties, ...await featureStatistics(feature) },
      });
      const featureStatistics = async ({ geometry }: z.output<typeof FEATURE>) => {
        const centres = centresIn(context, served, geometry as unknown as Geometry, query.order);
        const statistics = await phases.of("read", () => zonesOf(context, served, centres, query, signal));
        const { level, longitude } = centres;
        return { statistics, order: level.order, cells: longitude.length, time: timeOf(served) };
      };
      const answer = body.type === "FeatureCollection"
        ? { ...body, features: await inTurn(body.features as z.output<typeof FEATURE>[], one) }
        : await one(body as z.output<typeof FEATURE>);
      return json(answer, { type: "application/geo+json" });
    },
  });
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

/** Statistics of each variable over the cells of a polygon, by its name. */
export async function zonesOf(
  { storeBlocks }: DataContext,
  served: ServedStore,
  { level, longitude, latitude }: ReturnType<typeof centresIn>,
  { variable: asked, p }: { variable?: string[] | undefined; p?: number[] | undefined },
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const cells = await fromStore(served.name, served.cells(level.order));
  const statistics: Record<string, unknown> = {};
  for (const variable of variablesOf(level, asked)) {
    signal.throwIfAborted();
    const { values, mask } = await fromStore(
      served.name,
      cells.at(variable, longitude, latitude, storeBlocks),
    );
    statistics[variable] = numbersOf(
      zonalStatistics(values, mask, null, p === undefined ? {} : { percentiles: p }),
    );
  }
  return statistics;
}

/** JSON has no NaN: what no cell gave is null. */
function numbersOf(statistics: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(statistics).map(([key, value]) => [
      key,
      typeof value === "number" && !Number.isFinite(value) ? null : value,
    ]),
  );
}

/** Centres of the cells of a level that lie in a geometry. */
export function centresIn({ limits }: DataContext, served: ServedStore, geometry: Geometry, order?: number) {
  const vertices = vertexCount(geometry);
  if (vertices < 4) throw badRequest("a polygon without a ring of four positions");
  if (vertices > limits.vertices) {
    throw badRequest(`a polygon of more than ${limits.vertices} vertices`);
  }
  const { store } = served;
  const coverAt = (level: StoreLevel, at: number) => coverShapeNumbers(shapeOf(geometry, level), at);
  const coarse = store.levels[store.levels.length - 1];
  const probe = coarse.plane === null ? Math.min(PROBE_ORDER, coarse.order) : PROBE_ORDER;
  const share = coverAt(coarse, probe).length / (12 * 4 ** probe);
  const box = boundingBox(geometry);
  const latitude = box === undefined ? 0 : (box.ymin + box.ymax) / 2;
  const level = order === undefined
    ? levelForArea(store, share, latitude, MOST_CELLS)
    : levelOf(served, order);
  if (cellsOfShare(level, share, latitude) > 4 * MOST_CELLS) {
    throw badRequest(
      `the polygon holds more than ${
        4 * MOST_CELLS
      } cells of order ${level.order} (say a lower order, or a smaller polygon)`,
    );
  }
  const inside = insideTest({ name: "the polygon", geometry });
  const places = Array.from(
    level.cells.covering((at) => coverAt(level, at)),
    (id) => level.cells.centre(id),
  ).filter(([x, y]) => inside(x, y));
  return {
    level,
    longitude: Float64Array.from(places, ([x]) => x),
    latitude: Float64Array.from(places, ([, y]) => y),
  };
}

function vertexCount(value: unknown): number {
  if (!Array.isArray(value)) {
    return value !== null && typeof value === "object"
      ? Object.values(value).reduce((sum: number, one) => sum + vertexCount(one), 0)
      : 0;
  }
  return typeof value[0] === "number" ? 1 : value.reduce((sum: number, one) => sum + vertexCount(one), 0);
}

function shapeOf(geometry: Geometry, level: StoreLevel) {
  if (!/^(Multi)?Polygon$/.test(geometry.type)) {
    throw badRequest(`a ${String(geometry.type).slice(0, 40)} (wanted a Polygon or a MultiPolygon)`);
  }
  try {
    return shapeFromGeometry(geometry, { edges: "planar", convention: level.latitude });
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof TypeError)) throw error;
    throw badRequest(`the geometry cannot be read: ${error.message}`);
  }
}
