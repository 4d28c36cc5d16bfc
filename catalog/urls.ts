/** The locations of a catalog's granules, for aria2c, xargs, rclone and the like. */
import type { Driver } from "./locations.ts";
import { locationsOf } from "./locations.ts";
import type { Catalog } from "./open.ts";
import { filterSql, type GranuleFilter } from "./select.ts";
import { shorten, sqlError } from "./expression.ts";
import { readRows } from "./rows.ts";

export interface GranuleUrls {
  id: string;
  collection: string;
  urls: string[];
}

/** Locations through `driver`, granule by granule in canonical order; a granule without one has none. */
export async function* granuleUrls(
  catalog: Catalog,
  driver: Driver,
  filter: GranuleFilter = {},
): AsyncGenerator<GranuleUrls> {
  const { sql, values } = await filterSql(catalog, filter);
  const rows = readRows(catalog.duck.connection, {
    table: `${catalog.table} AS granules`,
    geometryType: catalog.geometryType,
    tail: `WHERE ${sql} ORDER BY collection, id`,
    values,
  });
  try {
    for await (const chunk of rows) {
      for (const row of chunk.rows) {
        yield { id: row.id, collection: row.collection, urls: locationsOf(row, driver) };
      }
    }
  } catch (error) {
    if (filter.where === undefined) throw error;
    throw sqlError(`--where "${shorten(filter.where)}"`, error);
  }
}
