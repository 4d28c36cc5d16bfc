/** Stores as a Web Map Tile Service: each variable is a layer, windows of time are its times. */
import { z } from "zod";
import { timeText } from "../../core/store/window_choice.ts";
import type { DataContext } from "../context.ts";
import type { Answer, Asked } from "../http/operation.ts";
import { notFound } from "../http/problem.ts";
import { MEDIA_TYPES } from "../parameters/formats.ts";
import { RENDER } from "../parameters/render.ts";
import type { ServedStore } from "../stores/served_stores.ts";
import { storeExtent } from "../stores/store_extent.ts";
import { checkCapabilitiesAsked, documentQuery, tileQuery, WMTS } from "../wmts/asked.ts";
import { wmtsCapabilities, type WmtsLayer } from "../wmts/capabilities.ts";
import { fromStore } from "../http/damage.ts";
import { VALUES } from "./store_tiles.ts";
import { inWindow } from "./store_window.ts";
import { STORE_PATH, storeOf, variablesOf } from "./stores.ts";
import { MOST_TIMES, WMTS_ANSWERS, WMTS_HEADERS } from "./wmts.ts";

const ALL = z.object({ ...RENDER.shape, ...WMTS });
const ONE = z.object({ ...ALL.shape, ...VALUES });

export function addStoreWmts(context: DataContext): void {
  const common = { method: "get", heavy: true, apart: true, answers: WMTS_ANSWERS } as const;
  context.api.add({
    ...common,
    path: "/store/{name}/WMTSCapabilities.xml",
    summary: "A store as a Web Map Tile Service",
    tag: "stores",
    pathParameters: z.object(STORE_PATH),
    query: ONE,
    answer: async (asked) => {
      const served = await storeOf(context, asked.path.name);
      const layers = await layersOf(served, asked.query, asked, (variable) => variable);
      return capabilities(context, `/store/${encodeURIComponent(served.name)}`, asked, layers);
    },
  });
  context.api.add({
    ...common,
    path: "/WMTSCapabilities.xml",
    summary: "All stores as a Web Map Tile Service",
    tag: "stores",
    pathParameters: z.object({}),
    query: ALL,
    answer: async (asked) => {
      const names = context.stores.names();
      if (names.length === 0) {
        throw notFound(
          "no store is served here; granules of catalogs are layers of /rasterio/WMTSCapabilities.xml and " +
            "/xarray/WMTSCapabilities.xml, by the parameters of tiles",
        );
      }
      const layers = await context.leftOut.of(names, (name) => `store ${name}`, async (name) => {
        const served = await storeOf(context, name);
        return await layersOf(served, {}, asked, (variable) => `${name}/${variable}`);
      });
      return capabilities(context, "", asked, layers.flat());
    },
  });
}

type Sent = Pick<Asked<unknown, unknown, unknown>, "sent" | "baseUrl">;

async function layersOf(
  served: ServedStore,
  query: Pick<z.output<typeof ONE>, "variable" | "time">,
  { sent, baseUrl }: Sent,
  named: (variable: string) => string,
): Promise<WmtsLayer[]> {
  const { name, store, windows } = served;
  const variables = variablesOf(store.levels[0], query.variable === undefined ? undefined : [query.variable]);
  inWindow(served, query.time);
  const bounds = await fromStore(name, storeExtent(store, windows));
  const times = windows === null || query.time !== undefined ? [] : beginnings(windows.starts);
  return variables.map((variable) => {
    const tile = tileQuery(sent, ["variable", "time"]);
    tile.set("variable", variable);
    if (query.time !== undefined) tile.set("time", query.time);
    return {
      name: named(variable),
      bounds,
      tiles: `${baseUrl}/store/${encodeURIComponent(name)}/tiles`,
      query: times.length === 0 ? String(tile) : `${tile}&time={time}`,
      times,
    };
  });
}

/** Of the last windows: as days, where each begins with one. */
function beginnings(starts: readonly number[]): string[] {
  const texts = starts.slice(-MOST_TIMES).flatMap((start) => timeText(start) ?? []);
  const midnight = "T00:00:00.000Z";
  return texts.every((text) => text.endsWith(midnight))
    ? texts.map((text) => text.slice(0, -midnight.length))
    : texts;
}

function capabilities(
  { limits }: DataContext,
  path: string,
  { query, sent, baseUrl }: Sent & { query: z.output<typeof ALL> },
  layers: readonly WmtsLayer[],
): Answer {
  checkCapabilitiesAsked(sent);
  return {
    body: wmtsCapabilities({
      address: `${baseUrl}${path}/WMTSCapabilities.xml?${documentQuery(sent)}`,
      layers,
      format: { ending: query.tile_format, type: MEDIA_TYPES[query.tile_format] },
      zooms: query,
      mostTileSide: limits.imageSide,
    }),
    type: "application/xml",
    headers: WMTS_HEADERS,
  };
}
