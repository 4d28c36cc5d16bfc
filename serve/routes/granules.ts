/** Which granules a tile, a box or a point has. */
import { z } from "zod";
import { crsOfCode } from "../../core/raster/crs/codes.ts";
import { tileBounds, tileExists } from "../../core/raster/tms/tiles.ts";
import { crsCodeOf, tileMatrixSet } from "../../core/raster/tms/tile_matrix_set.ts";
import { areaOfBox, areaOfPlaneBox, areaOfPoint, type LonLatArea } from "../area/lonlat_area.ts";
import type { ServeContext } from "../context.ts";
import { type Answer, type Asked, json } from "../http/operation.ts";
import { granuleFilter, lonLatBox, SEARCH, type SearchParameters } from "../parameters/search.ts";
import { LIMIT } from "../parameters/coverage.ts";
import { TILE_PATH } from "../parameters/tiles.ts";
import { granuleFeature, granuleRecord } from "../search/granule_json.ts";

const QUERY = z.object({
  ...SEARCH.shape,
  items_limit: LIMIT,
  f: z.enum(["json", "geojson"]).default("json").meta({ description: "A list of granules, or GeoJSON" }),
});

export function addGranules(context: ServeContext): void {
  const { api } = context;
  const common = {
    method: "get",
    tag: "granules",
    query: QUERY,
    heavy: true,
    answers: {
      200: { description: "Granules, in the order in which they are drawn", types: ["application/json"] },
    },
  } as const;
  api.add({
    ...common,
    path: "/tiles/{tileMatrixSetId}/{z}/{x}/{y}/granules",
    summary: "The granules of a tile",
    pathParameters: z.object(TILE_PATH),
    answer: (asked) => {
      const { tileMatrixSetId, ...tile } = asked.path;
      const set = tileMatrixSet(tileMatrixSetId);
      const area = tileExists(set, tile)
        ? areaOfPlaneBox(crsOfCode(crsCodeOf(set)), tileBounds(set, tile))
        : null;
      return answer(context, asked, area);
    },
  });
  const number = z.number();
  api.add({
    ...common,
    path: "/bbox/{minx},{miny},{maxx},{maxy}/granules",
    summary: "The granules of a box",
    pathParameters: z.object({ minx: number, miny: number, maxx: number, maxy: number }),
    answer: (asked) => {
      const { minx, miny, maxx, maxy } = asked.path;
      return answer(context, asked, areaOfBox(...lonLatBox("bbox", [minx, miny, maxx, maxy].join(","))));
    },
  });
  api.add({
    ...common,
    path: "/point/{lon},{lat}/granules",
    summary: "The granules of a point",
    pathParameters: z.object({ lon: number.min(-180).max(180), lat: number.min(-90).max(90) }),
    answer: (asked) => answer(context, asked, areaOfPoint(asked.path.lon, asked.path.lat)),
  });
}

async function answer(
  { sources, limits }: ServeContext,
  { query, signal, phases }: Asked<unknown, z.output<typeof QUERY>, unknown>,
  area: LonLatArea | null,
): Promise<Answer> {
  const filter = granuleFilter(query satisfies SearchParameters);
  const most = Math.min(query.items_limit ?? limits.granules, limits.granules);
  const found = area === null ? [] : await phases.of(
    "search",
    () => sources.with(query, (source) => source.find({ filter, area, most }, signal)),
  );
  if (query.f === "json") return json(found.map(granuleRecord));
  return json({ type: "FeatureCollection", features: found.map(granuleFeature) });
}
