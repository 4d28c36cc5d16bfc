/** Routes of the older API, without a backend in their paths: clients are sent on, with parameters renamed. */
import { z } from "zod";
import type { ServeContext } from "../context.ts";
import type { Answer, Asked } from "../http/operation.ts";
import { badParameter } from "../http/problem.ts";

const RENAMED: Readonly<Record<string, string>> = {
  concept_id: "collection_concept_id",
  datetime: "temporal",
  bands: "assets",
  bands_regex: "assets_regex",
  variable: "variables",
};

/** What has a successor below a backend. `{last}` may hold a scale and a format. */
const MOVED_GET = [
  "/tiles/{tileMatrixSetId}/{z}/{x}/{last}",
  "/{tileMatrixSetId}/tilejson.json",
  "/{tileMatrixSetId}/map.html",
  "/point/{last}",
  "/bbox/{box}",
  "/bbox/{box}/{last}",
  "/timeseries/{tileMatrixSetId}/tilejson.json",
  "/timeseries/bbox/{box}",
  "/timeseries/bbox/{box}/{last}",
];
const MOVED_POST = [
  "/feature",
  "/feature.{last}",
  "/feature/{last}",
  "/statistics",
  "/timeseries/statistics",
];

/** To be added last: routes that stand as they are go first. */
export function addLegacy({ api }: ServeContext): void {
  for (const path of MOVED_GET) api.add(moved(path, "get", 301));
  for (const path of MOVED_POST) api.add(moved(path, "post", 308));
}

function moved(path: string, method: "get" | "post", status: number) {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  return {
    method,
    path,
    summary: "Moved below a backend",
    tag: "moved",
    hidden: true,
    pathParameters: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))),
    query: z.object({ backend: z.string().default("rasterio") }),
    answers: {},
    answer: (asked: Asked<Record<string, unknown>, { backend: string }, unknown>): Answer => {
      const { backend } = asked.query;
      if (backend !== "rasterio" && backend !== "xarray") {
        throw badParameter("backend", "Input should be 'rasterio' or 'xarray'", backend);
      }
      const inner = path.replace(/\{(\w+)\}/g, (_, name: string) => encodePath(String(asked.path[name])));
      const kept = [...asked.sent].filter(([name]) => name !== "backend")
        .map(([name, value]) => [RENAMED[name] ?? name, value]);
      const search = kept.length === 0 ? "" : `?${new URLSearchParams(kept)}`;
      return {
        status,
        body: null,
        headers: { location: `${asked.baseUrl}/${backend}${inner.replace(/@\d+x(?=\.|$)/, "")}${search}` },
      };
    },
  } as const;
}

/** A segment as it was, commas and @ too, which need no escape in a path. */
function encodePath(segment: string): string {
  return encodeURIComponent(segment).replace(/%2C/g, ",").replace(/%40/g, "@");
}
