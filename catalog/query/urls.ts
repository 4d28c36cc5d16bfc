/** The locations of a catalog's granules, for aria2c, xargs, rclone and the like. */
import type { Area } from "../../core/geometry/area.ts";
import type { GranuleRow } from "../granule.ts";
import { decodeWkb } from "../../core/geometry/wkb.ts";
import type { Driver } from "../locations.ts";
import { locationsOf } from "../locations.ts";
import type { Catalog } from "../file/open_catalog.ts";
import { filteredRows, type GranuleFilter } from "./filter.ts";

interface GranuleUrls {
  id: string;
  collection: string;
  urls: string[];
}

interface UrlFilter extends GranuleFilter {
  /** Only granules whose footprint touches every one of these areas; one without a footprint does not. */
  areas?: readonly Area[] | undefined;
}

/** Locations through `driver`, granule by granule in canonical order; a granule without one has none. */
export async function* granuleUrls(
  catalog: Catalog,
  driver: Driver,
  filter: UrlFilter = {},
): AsyncGenerator<GranuleUrls> {
  for await (const { rows } of filteredRows(catalog, filter)) {
    for (const row of rows) {
      if (filter.areas?.length && !touches(row, filter.areas)) continue;
      yield { id: row.id, collection: row.collection, urls: locationsOf(row, driver) };
    }
  }
}

function touches(row: GranuleRow, areas: readonly Area[]): boolean {
  if (row.geometry === null) return false;
  const footprint = decodeWkb(row.geometry);
  return areas.every((area) => area.meets(footprint));
}
