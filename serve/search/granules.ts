/** What a search gives, wherever it was asked: granules of a catalog or of CMR. */
import type { JsonObject } from "../../core/json_value.ts";
import type { BoundingBox } from "../../core/geometry/box.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import type { GranuleFilter, SearchParameters } from "../parameters/search.ts";
import type { LonLatArea } from "../area/lonlat_area.ts";

export interface ServedGranule {
  readonly row: GranuleRow;
  /** The provider's id of the granule, else the catalog's own. */
  readonly conceptId: string;
  readonly collectionId: string;
  /** CMR's own record, where it was asked. */
  readonly umm: JsonObject | null;
}

export interface GranuleQuery {
  readonly filter: GranuleFilter;
  /** Null is anywhere. */
  readonly area: LonLatArea | null;
  /** Not more than this. */
  readonly most: number;
}

export interface GranuleSource {
  /** What messages call it. */
  readonly name: string;
  /** Granules in the order in which they are drawn. */
  find(query: GranuleQuery, signal: AbortSignal): Promise<ServedGranule[]>;
  /** Where its granules lie, as far as that is known without asking for them. */
  extent(filter: GranuleFilter): Promise<BoundingBox | null>;
  /** Times of a collection's granules, in the words of CMR's records (`TemporalExtents`); empty where none are known. */
  times(collectionId: string): Promise<readonly JsonObject[]>;
}

/** Where granules are looked for, by what a request says. */
export interface GranulePlaces {
  /** Works with the catalog, or CMR, that a request means. Throws a problem where it means none. */
  with<T>(parameters: SearchParameters, work: (source: GranuleSource) => Promise<T>): Promise<T>;
}

/**
 * Granules that only touch the interval's first instant come last: a daily product ends at the next midnight,
 * and yesterday's granule is not meant. Without an interval, or where an order was asked for, nothing changes.
 */
export function meantFirst(
  granules: ServedGranule[],
  { temporal, sortKeys }: GranuleFilter,
): ServedGranule[] {
  const begin = temporal?.start ?? null;
  if (begin === null || sortKeys.length > 0) return granules;
  const onlyTouches = ({ row }: ServedGranule) =>
    row.end_datetime !== null && row.end_datetime <= begin && row.start_datetime !== null &&
    row.start_datetime < begin;
  return [...granules.filter((one) => !onlyTouches(one)), ...granules.filter(onlyTouches)];
}
