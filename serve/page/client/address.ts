/// <reference lib="dom" />
/**
 * What the page's address asks for: a selection in its path and search, and behind `#` all that was chosen, which
 * the page writes there so that a link shows what its sender saw.
 */
import { ROOT } from "./server.ts";

/** What is chosen; null where nothing says it. */
interface PageState {
  /** The layer's id. */
  readonly layer: string | null;
  /** The variable's label, and its step of other dimensions. */
  readonly variable: string | null;
  readonly step: string | null;
  /** One of the layer's times, or `all`. */
  readonly time: string | null;
  readonly colormap: string | null;
  readonly range: readonly [number, number] | null;
  readonly opacity: number | null;
  /** The tile matrix set, the longitude and latitude of the middle, and the zoom of the view. */
  readonly view: string | null;
  readonly center: readonly [number, number] | null;
  readonly zoom: number | null;
}

/** What an address asks for. */
export interface Asked {
  readonly backend: string | null;
  readonly store: string | null;
  readonly set: string | null;
  readonly search: URLSearchParams;
  readonly state: PageState;
}

export function askedOf({ pathname, search: text, hash }: Location): Asked {
  const path = pathname.slice(new URL(".", ROOT).pathname.length);
  const search = new URLSearchParams(text);
  const state = readState(hash);
  const [, backend, set] = /^(rasterio|xarray)\/([^/]+)\/map\.html$/.exec(path) ?? [];
  if (backend !== undefined) return { backend, set, store: null, search, state };
  const [, store, ofStore] = /^store\/([^/]+)\/(?:([^/]+)\/)?map\.html$/.exec(path) ?? [];
  return { backend: null, store: store ?? null, set: ofStore ?? null, search, state };
}

/** The part of an address behind `#`, without it; what is null is left out. */
export function stateText({ range, center, zoom, opacity, ...words }: PageState): string {
  const fields = {
    ...words,
    range: range?.join(",") ?? null,
    opacity: opacity === null ? null : String(opacity),
    center: center?.map((degrees) => degrees.toFixed(4)).join(",") ?? null,
    zoom: zoom?.toFixed(2) ?? null,
  };
  const said = Object.entries(fields).filter((field): field is [string, string] => field[1] !== null);
  return new URLSearchParams(said).toString();
}

/** The state that an address states, whoever wrote it: what is no state of the page is left out. */
function readState(hash: string): PageState {
  const found = new URLSearchParams(hash.replace(/^#/, ""));
  const view = found.get("view");
  const range = pairOf(found.get("range"));
  const center = pairOf(found.get("center"));
  return {
    layer: found.get("layer"),
    variable: found.get("variable"),
    step: found.get("step"),
    time: found.get("time"),
    colormap: found.get("colormap"),
    range: range !== null && range[0] < range[1] ? range : null,
    opacity: within(found.get("opacity"), 0, 1),
    view: view !== null && /^\w{1,60}$/.test(view) ? view : null,
    center: center !== null && Math.abs(center[0]) <= 180 && Math.abs(center[1]) <= 90 ? center : null,
    zoom: within(found.get("zoom"), 0, 30),
  };
}

function numberOf(text: string | null): number {
  return text === null || text.trim() === "" ? NaN : Number(text);
}

function within(text: string | null, least: number, most: number): number | null {
  const value = numberOf(text);
  return value >= least && value <= most ? value : null;
}

/** Two numbers with a comma between. */
export function pairOf(text: string | null): [number, number] | null {
  const [first, second, ...more] = (text ?? "").split(",").map(numberOf);
  return Number.isFinite(first) && Number.isFinite(second) && more.length === 0 ? [first, second] : null;
}
