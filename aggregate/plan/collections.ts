/** Which of a catalog's collections a run takes. */
import type { Catalog } from "../../catalog/file/open_catalog.ts";
import type { PlainCatalog } from "../../catalog/file/plain_catalog.ts";
import { countBy, uselessCollection } from "../../catalog/query/filter_notes.ts";
import { inputError } from "../../core/errors.ts";
import { reading } from "../../core/tables/reading.ts";
import { collectionFits } from "../../products/collection_names.ts";
import type { Pipeline } from "../pipeline.ts";

interface Collections {
  /** Those that the run takes. */
  taken: string[];
  /** The names and patterns that config and request ask. */
  named: string[];
  /** The others, as a plan says what it leaves out. */
  leftOut: { what: string; granules: number }[];
}

/**
 * The collections that fit the config, and the names of a request where it says some. Throws an input error where
 * there are none.
 */
export async function collectionsOf(
  catalog: Catalog | PlainCatalog,
  { name, dataSource: { collections } }: Pipeline,
  named: readonly string[] | undefined,
): Promise<Collections> {
  const found = await reading(catalog.name, () => countBy(catalog, "collection"));
  const all = [...found.keys()];
  const fits = (collection: string, globs: readonly string[]) =>
    globs.some((glob) => collectionFits(glob, collection));
  const taken = all.filter((collection) =>
    (collections.length === 0 || fits(collection, collections)) &&
    (named === undefined || fits(collection, named))
  );
  if (taken.length === 0) {
    const useless = (named ?? []).flatMap((wanted) => uselessCollection(wanted, all) ?? []);
    throw inputError(
      useless.length > 0
        ? `${catalog.name}: ${useless.join("; ")}`
        : `${catalog.name}: no granule fits the config ${name}, which takes ${collections.join(", ")}` +
          ` (the catalog has ${all.join(", ") || "no granules"}; set data_source.collections in the config)`,
    );
  }
  const leftOut = [...found]
    .filter(([collection]) => !taken.includes(collection))
    .map(([collection, granules]) => ({ what: `collection ${collection}`, granules }));
  return { taken, named: [...collections, ...named ?? []], leftOut };
}

/** Two versions of one product hold the same observations twice: only a config that names both may. */
export function refuseMixedVersions(
  taken: readonly string[],
  collections: readonly string[],
  catalog: string,
): void {
  const versions = new Map<string, string[]>();
  for (const collection of taken) {
    const product = collection.replace(/\.[^.]*$/, "");
    versions.set(product, [...(versions.get(product) ?? []), collection]);
  }
  for (const [product, found] of versions) {
    if (found.length < 2 || found.every((collection) => collections.includes(collection))) continue;
    throw inputError(
      `${catalog}: ${found.length} versions of ${product} fit the config: ${found.join(", ")}` +
        " (they hold the same observations; name one, or each of them, in data_source.collections," +
        ` or say --collection ${found.at(-1)})`,
    );
  }
}
