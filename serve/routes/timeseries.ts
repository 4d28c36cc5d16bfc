/** Time series: which steps a request has, and the tiles of each. */
import { z } from "zod";
import type { ServeContext } from "../context.ts";
import { json } from "../http/operation.ts";
import { SEARCH } from "../parameters/search.ts";
import { SERIES, seriesSteps } from "../parameters/series.ts";
import { isoInterval } from "../parameters/temporal.ts";

export function addTimeSeries({ api, limits }: ServeContext): void {
  api.add({
    method: "get",
    path: "/timeseries",
    summary: "The steps of a time series",
    tag: "time series",
    pathParameters: z.object({}),
    query: z.object({ ...SEARCH.shape, ...SERIES.shape }),
    answers: { 200: { description: "Search parameters of each step", types: ["application/json"] } },
    answer: ({ query, sent }) => {
      const steps = seriesSteps({ ...query, temporal: query.temporal ?? query.datetime }, limits.steps);
      const others = searchParameters(sent);
      return json(steps.map((step) => ({ ...others, temporal: isoInterval(step) })));
    },
  });
}

/** What was sent of the search, without the time. */
function searchParameters(sent: URLSearchParams): Record<string, string | string[]> {
  const others: Record<string, string | string[]> = {};
  for (const name of Object.keys(SEARCH.shape)) {
    if (name === "temporal" || name === "datetime" || !sent.has(name)) continue;
    const values = sent.getAll(name);
    others[name] = values.length === 1 ? values[0] : values;
  }
  return others;
}
