/// <reference lib="dom" />
/** The server's answers, as far as the page asks for them. */

/** The server's own address, which this page lies below. */
export const ROOT = new URL(document.documentElement.dataset.root ?? "./", location.href);

export type Parameters = readonly (readonly [name: string, value: string])[];

/** An address of the server; `{z}` and such stay as they are. */
export function address(path: string, parameters: Parameters = []): string {
  const search = new URLSearchParams(parameters.map(([name, value]) => [name, value])).toString();
  return `${new URL(".", ROOT).href}${path}${search === "" ? "" : `?${search}`}`;
}

/** What an answer says that is no data. */
class Refusal extends Error {}

/** An answer's JSON; null where nothing is there. Throws a {@linkcode Refusal} with the server's own words. */
export async function getJson<T>(
  path: string,
  parameters: Parameters = [],
  signal: AbortSignal | null = null,
): Promise<T | null> {
  const answer = await fetch(address(path, parameters), { signal });
  if (answer.status === 204) return null;
  if (!answer.ok) throw new Refusal(await refusalOf(answer));
  return await answer.json() as T;
}

export async function refusalOf(answer: Response): Promise<string> {
  try {
    const { detail } = await answer.json() as { detail: string | { loc: string[]; msg: string }[] };
    return typeof detail === "string"
      ? detail
      : detail.map(({ loc, msg }) => `${loc.slice(1).join(".")}: ${msg}`).join("; ");
  } catch {
    return `${answer.status} ${answer.statusText}`;
  }
}

export interface LayersAnswer {
  collections: { catalog: string; collection: string; granules: number; bbox: number[] | null }[];
  stores: string[];
  cmr: boolean;
}

export interface CompatibilityAnswer {
  backend: "rasterio" | "xarray";
  variables: Record<string, { bands?: string[]; units?: string | null }> | null;
  assets?: string[] | null;
  sample_asset_raster_info: { count: number; dtype: string } | null;
  refused: { name: string; reason: string }[];
  granule_ur: string;
}

interface WindowTimes {
  start: string | null;
  end: string | null;
}

export interface StoreAnswer {
  bounds: [number, number, number, number];
  levels: { order: number; cells: number; grid: string }[];
  /** Its windows of time, if it has such. */
  times: WindowTimes[] | null;
  variables: { name: string; units: string | null; long_name: string | null }[];
}

export interface PointAnswer {
  assets: { name: string; values: (number | null)[]; band_descriptions: string[] }[];
}

export interface StorePointAnswer {
  cell: string;
  order: number;
  values: Record<string, number | null>;
}

export interface StoreSeriesAnswer {
  times: WindowTimes[];
  values: Record<string, (number | null)[]>;
}

export interface GranuleAnswer {
  granule_ur: string;
  temporal_extent: {
    RangeDateTime?: { BeginningDateTime?: string };
    SingleDateTime?: string;
  } | null;
}

export interface TimesAnswer {
  times: string[];
  /** What one of them stands for. */
  each: "time" | "day" | "month";
}
