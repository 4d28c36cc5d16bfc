/// <reference lib="dom" />
/** Tiles of what is chosen, as a layer of the map. */
import type OpenLayers from "ol/dist/ol.js";
import type { Choice, Layer } from "./layers.ts";
import { address, type Parameters, refusalOf } from "./server.ts";
import type { MapView } from "./views.ts";

declare const ol: typeof OpenLayers;

export interface Drawn {
  readonly layer: Layer;
  readonly choice: Choice;
  readonly step: string | null;
  readonly time: Parameters;
  readonly colormap: string;
  /** Null lets the server choose by the values. */
  readonly range: readonly [number, number] | null;
  readonly render: Parameters;
}

/** Parameters that say what is drawn and in which colours. */
function parametersOf({ layer, choice, step, time, colormap, range, render }: Drawn): Parameters {
  const steps = step === null ? [] : step.split(",").map((one) => ["sel", one] as const);
  return [
    ...layer.search,
    ...choice.parameters,
    ...steps,
    ...time,
    ...(choice.single ? [["colormap_name", colormap] as const] : []),
    ...(range === null ? [] : [["rescale", range.join(",")] as const]),
    ...render,
  ];
}

/** The address of tiles, with `{z}`, `{x}` and `{y}` to be filled in. */
export function tileAddress(drawn: Drawn, view: MapView): string {
  return address(`${drawn.choice.path}/tiles/${view.id}/{z}/{x}/{y}.png`, parametersOf(drawn));
}

export function tilejsonAddress(drawn: Drawn, view: MapView): string {
  return address(`${drawn.choice.path}/${view.id}/tilejson.json`, parametersOf(drawn));
}

/** What is drawn as a layer of a Web Map Tile Service, in all its tile matrix sets. */
export function wmtsAddress(drawn: Drawn): string {
  return address(`${drawn.choice.path}/WMTSCapabilities.xml`, parametersOf(drawn));
}

interface TileEvents {
  /** The range that the server chose for a tile; null where it drew bytes as they are. */
  onRange(range: readonly [number, number] | null): void;
  onRefused(message: string): void;
}

/** Where the server has nothing the tile is empty, which is no failure. */
export function tileSource(drawn: Drawn, view: MapView, events: TileEvents): OpenLayers.source.ImageTile {
  const template = tileAddress(drawn, view);
  const ratio = devicePixelRatio > 1 ? 2 : 1;
  const loader = async (z: number, x: number, y: number, { signal }: { signal: AbortSignal }) => {
    const size = Number(view.grid.getTileSize(z)) * ratio;
    const url = template.replace("{z}", String(z + view.first)).replace("{x}", String(x)).replace(
      "{y}",
      String(y),
    );
    const answer = await fetch(`${url}${url.includes("?") ? "&" : "?"}tilesize=${size}`, { signal });
    if (answer.status === 204) return emptyTile(size);
    if (!answer.ok) {
      events.onRefused(await refusalOf(answer));
      throw new Error(`${answer.status}`);
    }
    if (drawn.range === null && drawn.choice.single) {
      const [low, high] = (answer.headers.get("x-granary-rescale") ?? "").split(",").map(Number);
      events.onRange(Number.isFinite(low) && Number.isFinite(high) ? [low, high] : null);
    }
    return await createImageBitmap(await answer.blob());
  };
  return new ol.source.ImageTile({
    loader: loader as never,
    projection: view.projection,
    tileGrid: view.grid,
    tileSize: Number(view.grid.getTileSize(0)) * ratio,
    wrapX: view.projection.canWrapX(),
    interpolate: false,
    transition: 150,
  });
}

function emptyTile(size: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  return canvas;
}
