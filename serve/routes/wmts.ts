/** Web Map Tile Service, for desktop programs: a selection of granules as a layer. */
import { z } from "zod";
import type { ServeContext } from "../context.ts";
import { MOSAIC } from "../parameters/mosaic.ts";
import { MEDIA_TYPES } from "../parameters/formats.ts";
import { RENDER } from "../parameters/render.ts";
import { granuleFilter, SEARCH, type SearchParameters } from "../parameters/search.ts";
import { CatalogSource } from "../search/catalog_source.ts";
import { checkCapabilitiesAsked, documentQuery, tileQuery, WMTS } from "../wmts/asked.ts";
import { wmtsCapabilities } from "../wmts/capabilities.ts";
import { type Backend, BACKENDS } from "./backends.ts";
import { WORLD } from "./tilejson.ts";

/** Granules arrive, and with them times. */
export const WMTS_HEADERS = { "cache-control": "public, max-age=60" };
export const WMTS_ANSWERS = {
  200: { description: "Capabilities of WMTS 1.0.0", types: ["application/xml"] },
} as const;
export const MOST_TIMES = 1000;
const TIME_PARAMETERS = ["temporal", "datetime"];

export function addWmts(context: ServeContext): void {
  for (const backend of BACKENDS) addOne(context, backend);
}

function addOne({ api, sources, limits }: ServeContext, backend: Backend): void {
  const query = z.object({
    ...SEARCH.shape,
    ...backend.schema.shape,
    ...MOSAIC.shape,
    ...RENDER.shape,
    ...WMTS,
  });
  api.add({
    method: "get",
    path: `/${backend.name}/WMTSCapabilities.xml`,
    summary: "A selection as a layer of a Web Map Tile Service",
    tag: backend.name,
    heavy: true,
    pathParameters: z.object({}),
    query,
    answers: WMTS_ANSWERS,
    answer: async ({ query, sent, baseUrl, phases }) => {
      checkCapabilitiesAsked(sent);
      backend.reading(query as never);
      const filter = granuleFilter(query);
      const found = await phases.of("search", () =>
        sources.with(query, async (source) => ({
          bounds: await source.extent(filter) ?? WORLD,
          times: filter.temporal === null && source instanceof CatalogSource
            ? await source.starts(filter, MOST_TIMES)
            : [],
        })));
      // One time is no choice.
      const times = found.times.length > 1 ? found.times : [];
      const tile = String(tileQuery(sent, times.length > 0 ? TIME_PARAMETERS : []));
      const layer = {
        name: layerName(query),
        bounds: found.bounds,
        tiles: `${baseUrl}/${backend.name}/tiles`,
        query: times.length === 0 ? tile : [tile, "temporal={time}"].filter((part) => part !== "").join("&"),
        times,
      };
      const address = `${baseUrl}/${backend.name}/WMTSCapabilities.xml?${documentQuery(sent)}`;
      return {
        body: wmtsCapabilities({
          address,
          layers: [layer],
          format: { ending: query.tile_format, type: MEDIA_TYPES[query.tile_format] },
          zooms: query,
          mostTileSide: limits.imageSide,
        }),
        type: "application/xml",
        headers: WMTS_HEADERS,
      };
    },
  });
}

/** `GAMSSA sea_ice_fraction`: of what granules, and which of their values. */
function layerName(query: SearchParameters & { assets?: string[]; variables?: string[] }): string {
  const { granule_ur, collection, collection_concept_id, concept_id, catalog } = query;
  const granules = granule_ur ?? collection?.join(",") ?? collection_concept_id ?? concept_id ?? catalog;
  const values = (query.variables ?? query.assets)?.join(",");
  return [granules ?? "granules", values].filter((part) => part !== undefined && part !== "").join(" ");
}
