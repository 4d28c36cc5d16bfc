/** Which granules a request means. */
import { z } from "zod";
import { badParameter } from "../http/problem.ts";
import { type Interval, parseInterval } from "./temporal.ts";

const about = (description: string) => ({ description });

const TEXT = 1000;
const text = (description: string) => z.string().max(TEXT).optional().meta(about(description));
const texts = (description: string) =>
  z.array(z.string().max(TEXT)).max(100).optional().meta(about(description));

export const SEARCH = z.object({
  catalog: text("A catalog that this server was given, by its name"),
  collection: texts("Collections of the catalog (ATL06.007)"),
  collection_concept_id: text("A collection of NASA's CMR, or of a catalog that was built from there"),
  concept_id: text("The same"),
  granule_ur: text("A single granule by its name"),
  temporal: text("A time, or an interval with / between; .. is an open end"),
  datetime: text("The same"),
  cloud_cover: text("From and to, in percent: 0,20"),
  bounding_box: text("Granules that touch a box: west,south,east,north"),
  sort_key: texts("The order of granules: start_date, -start_date, end_date, granule_ur, cloud_cover"),
  orbit_number: text("An orbit, or from and to"),
  attribute: texts("Additional attributes, such as string,MGRS_TILE_ID,15UWP"),
});

export type SearchParameters = z.output<typeof SEARCH>;

type Range = readonly [low: number, high: number];
export type LonLatBox = readonly [west: number, south: number, east: number, north: number];

/** The same as values, without the place that it is asked of. */
export interface GranuleFilter {
  readonly temporal: Interval | null;
  readonly collections: readonly string[];
  readonly granuleUr: string | null;
  readonly cloudCover: Range | null;
  readonly box: LonLatBox | null;
  readonly sortKeys: readonly string[];
  readonly orbit: Range | null;
  readonly attributes: readonly string[];
}

const SORT_KEYS = ["start_date", "end_date", "granule_ur", "cloud_cover"] as const;

export function granuleFilter(parameters: SearchParameters): GranuleFilter {
  const { temporal = parameters.datetime, cloud_cover, bounding_box, orbit_number } = parameters;
  const sortKeys = parameters.sort_key ?? [];
  for (const key of sortKeys) {
    if (!SORT_KEYS.some((known) => known === key.replace(/^[-+]/, ""))) {
      throw badParameter(
        "sort_key",
        `Input should be one of ${SORT_KEYS.join(", ")}, or one with - before it`,
        key,
      );
    }
  }
  return {
    temporal: temporal === undefined ? null : parseInterval(temporal),
    collections: parameters.collection ?? [],
    granuleUr: parameters.granule_ur ?? null,
    cloudCover: cloud_cover === undefined ? null : range("cloud_cover", cloud_cover),
    box: bounding_box === undefined ? null : lonLatBox("bounding_box", bounding_box),
    sortKeys,
    orbit: orbit_number === undefined ? null : range("orbit_number", orbit_number),
    attributes: parameters.attribute ?? [],
  };
}

function range(name: string, text: string): Range {
  const numbers = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  if (numbers.length > 2 || !numbers.every(Number.isFinite)) {
    throw badParameter(name, "Value error, wanted one number or two with a comma between", text);
  }
  const [low, high = low] = numbers;
  return [low, high];
}

/** West may lie beyond east, across the antimeridian. */
export function lonLatBox(name: string, text: string): LonLatBox {
  const numbers = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  const [west, south, east, north] = numbers;
  const sound = numbers.length === 4 && [west, east].every((x) => Math.abs(x) <= 180) &&
    south >= -90 && south <= north && north <= 90;
  if (!sound) throw badParameter(name, "Value error, wanted west,south,east,north in degrees", text);
  return [west, south, east, north];
}
