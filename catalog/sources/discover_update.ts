/** What a catalog becomes when its CMR queries are asked again for what changed since. */
import type { GranuleRow } from "../granule.ts";
import type { Catalog } from "../open.ts";
import type { CatalogQuery } from "../schema.ts";
import { type CmrOptions, fetchDeleted } from "./cmr.ts";
import { discoverCmr, type DiscoverOptions, type Discovery } from "./discover.ts";
import type { HttpIo } from "./http_text.ts";
import { collectionsOf, rowsWithout, updateQueries } from "./update.ts";

export interface UpdateOptions extends DiscoverOptions, Omit<CmrOptions, "url" | "resumeDir"> {
  /** Takes out the granules that the source deleted. */
  removeDeleted: boolean;
}

export interface UpdateDiscovery {
  /** Every row of the new catalog: the old ones first, so that what changed replaces them. */
  rows: AsyncGenerator<GranuleRow>;
  /** All queries of the new catalog; to be called after the last row. */
  queries(): CatalogQuery[];
  /** So far. */
  counts: { changed: number; deleted: number };
}

/**
 * Asks again what fed an open catalog. Rows are in no order and may hold a granule twice; a catalog's
 * writer keeps the higher revision. Throws an input error when nothing in the catalog can be asked again.
 */
export function discoverUpdate(catalog: Catalog, io: HttpIo, options: UpdateOptions): UpdateDiscovery {
  const updates = updateQueries(catalog.metadata.queries, catalog.name);
  const found: Discovery[] = updates.map(({ url, query }) => discoverCmr(query, io, { ...options, url }));
  const counts = { changed: 0, deleted: 0 };
  async function* rows(): AsyncGenerator<GranuleRow> {
    const deleted = [];
    if (options.removeDeleted) {
      const collections = await collectionsOf(catalog);
      const earliest = new Map<string, string>();
      for (const { url, query } of updates) {
        const known = earliest.get(url);
        if (known === undefined || query.updatedSince! < known) earliest.set(url, query.updatedSince!);
      }
      for (const [url, since] of earliest) {
        deleted.push(...await fetchDeleted(since, collections, io, { url }));
      }
    }
    yield* rowsWithout(catalog, deleted, () => counts.deleted += 1);
    for (const one of found) {
      for await (const row of one.rows) {
        counts.changed += 1;
        yield row;
      }
    }
  }
  return {
    rows: rows(),
    queries: () => [...catalog.metadata.queries, ...found.map((one) => one.query())],
    counts,
  };
}
