/** What changed in a catalog's sources since its queries were asked: the rows to lay onto it. */
import type { GranuleRow } from "../granule.ts";
import { openCatalog } from "../file/open_catalog.ts";
import { requireNoOthers } from "../file/other_columns.ts";
import type { CatalogQuery, RemovedGranules } from "../schema.ts";
import { type CmrOptions, type DeletedGranule, fetchDeleted } from "./cmr/cmr.ts";
import { discoverCmr, type DiscoverOptions } from "./discover.ts";
import type { HttpIo } from "./draft/http_text.ts";
import { collectionsOf, removedGranules, updateQueries } from "./cmr/update.ts";

interface UpdateOptions extends Omit<DiscoverOptions, "cellOrder">, Omit<CmrOptions, "url" | "resumeDir"> {
  /** Takes out the granules that the source deleted. */
  removeDeleted: boolean;
}

interface UpdateDiscovery {
  /** Granules that are new or changed. */
  rows: AsyncGenerator<GranuleRow>;
  /** The catalog's own order of cells, which the rows have too. */
  cellOrder: number;
  /** Granules that the source deleted; absent where there are none. */
  removed?: RemovedGranules | undefined;
  /** What was asked; to be called after the last row. */
  queries(): CatalogQuery[];
}

/**
 * Asks again what fed the catalog `file`. Throws an input error when nothing in it can be asked again,
 * and where it has columns that would be lost, and
 * for deletions that lie too far back for the source to know them.
 */
export async function discoverUpdate(
  file: string,
  io: HttpIo,
  options: UpdateOptions,
): Promise<UpdateDiscovery> {
  const catalog = await openCatalog(file);
  const deleted: DeletedGranule[] = [];
  const { queries, cell_order: cellOrder } = catalog.metadata;
  let collections: string[] = [];
  try {
    requireNoOthers(file, catalog.types.keys());
    if (options.removeDeleted) collections = await collectionsOf(catalog);
  } finally {
    catalog.close();
  }
  const updates = updateQueries(queries, file);
  if (options.removeDeleted) {
    for (const [url, since] of earliestTimes(updates)) {
      deleted.push(...await fetchDeleted(since, collections, io, { url }));
    }
  }
  const found = updates.map(({ url, query }) => discoverCmr(query, io, { ...options, cellOrder, url }));
  async function* rows(): AsyncGenerator<GranuleRow> {
    for (const one of found) yield* one.rows;
  }
  return {
    rows: rows(),
    cellOrder,
    removed: deleted.length === 0 ? undefined : removedGranules(deleted),
    queries: () => found.map((one) => one.query()),
  };
}

/** Each server with the earliest of the times since which it is asked. */
function earliestTimes(updates: ReturnType<typeof updateQueries>): Map<string, string> {
  const earliest = new Map<string, string>();
  for (const { url, query } of updates) {
    const known = earliest.get(url);
    if (known === undefined || query.updatedSince! < known) earliest.set(url, query.updatedSince!);
  }
  return earliest;
}
