/** Series over the windows of time of a store: values of one cell, statistics of one polygon. */
import { z } from "zod";
import { cellName } from "../../core/cells/cell_name.ts";
import type { Geometry } from "../../core/geometry/geometry.ts";
import type { DataContext } from "../context.ts";
import { json } from "../http/operation.ts";
import { badParameter } from "../http/problem.ts";
import { fromStore } from "../http/damage.ts";
import { stepsIn, timeOf, TIMES } from "./store_window.ts";
import { centresIn, FEATURE, finite, levelOf, STORE_PATH, storeOf, variablesOf, zonesOf } from "./stores.ts";

const QUERY = {
  variable: z.array(z.string().max(200)).max(100).optional().meta({ description: "Variables; all" }),
  order: z.int().min(0).max(24).optional().meta({ description: "The order of the level that answers" }),
  time: TIMES,
};

export function addStoreSeries(context: DataContext): void {
  const common = { tag: "stores", heavy: true, apart: true } as const;
  context.api.add({
    ...common,
    method: "get",
    path: "/store/{name}/timeseries/point/{lon},{lat}",
    summary: "Values of the cell at a point, window by window",
    pathParameters: z.object({ ...STORE_PATH, lon: z.number(), lat: z.number() }),
    query: z.object(QUERY),
    answers: {
      200: {
        description: "The cell, the windows, and a list of values by variable",
        types: ["application/json"],
      },
    },
    answer: async ({ path: { name, lon, lat }, query, phases, signal }) => {
      if (!(Math.abs(lon) <= 180 && Math.abs(lat) <= 90)) {
        throw badParameter("lon,lat", "Value error, this is no place on the Earth", `${lon},${lat}`, "path");
      }
      const whole = await storeOf(context, name);
      const steps = stepsIn(whole, query.time, context.limits.steps);
      const level = levelOf(whole, query.order ?? whole.store.levels[0].order);
      const values: Record<string, (number | null)[]> = {};
      let cell = -1;
      for (const variable of variablesOf(level, query.variable)) {
        values[variable] = [];
        for (const step of steps) {
          signal.throwIfAborted();
          const cells = await fromStore(name, whole.at(step).cells(level.order));
          const found = await phases.of(
            "read",
            () =>
              fromStore(
                name,
                cells.at(variable, Float64Array.of(lon), Float64Array.of(lat), context.storeBlocks),
              ),
          );
          cell = found.ids[0];
          values[variable].push(found.mask[0] === 1 ? finite(found.values[0]) : null);
        }
      }
      return json({
        coordinates: [lon, lat],
        cell: cellName(cell, level.order),
        cell_id: cell,
        order: level.order,
        centre: level.cells.centre(cell),
        times: steps.map((step) => timeOf(whole.at(step))),
        values,
      });
    },
  });
  context.api.add({
    ...common,
    method: "post",
    path: "/store/{name}/timeseries/statistics",
    summary: "Statistics of the cells whose centres lie in a polygon, window by window",
    pathParameters: z.object(STORE_PATH),
    query: z.object({
      ...QUERY,
      p: z.array(z.number().min(0).max(100)).max(100).optional().meta({
        description: "Percentiles; 2 and 98",
      }),
    }),
    body: FEATURE,
    answers: {
      200: {
        description: "The feature, with statistics by the beginning of each window",
        types: ["application/geo+json"],
      },
    },
    answer: async ({ path: { name }, query, body, signal, phases }) => {
      const whole = await storeOf(context, name);
      const steps = stepsIn(whole, query.time, context.limits.steps);
      const { geometry } = body;
      const centres = centresIn(context, whole, geometry as unknown as Geometry, query.order);
      const { level, longitude } = centres;
      const statistics: Record<string, Record<string, unknown>> = {};
      for (const step of steps) {
        const served = whole.at(step);
        statistics[timeOf(served)?.start ?? String(step)] = await phases.of(
          "read",
          () => zonesOf(context, served, centres, query, signal),
        );
      }
      const properties = { ...body.properties, statistics, order: level.order, cells: longitude.length };
      return json({ ...body, properties }, { type: "application/geo+json" });
    },
  });
}
