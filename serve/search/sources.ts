/** Which catalog, or CMR, a request means by its parameters. */
import { badParameter, badRequest, notFound } from "../http/problem.ts";
import { fromCatalog } from "../http/damage.ts";
import type { LeftOut } from "../http/left_out.ts";
import type { SearchParameters } from "../parameters/search.ts";
import { CatalogSource } from "./catalog_source.ts";
import { type CmrSearch, CmrSource } from "./cmr_source.ts";
import type { GranulePlaces, GranuleSource } from "./granules.ts";
import type { ServedCatalogs } from "./served_catalogs.ts";

export class GranuleSources implements GranulePlaces {
  constructor(
    readonly catalogs: ServedCatalogs,
    readonly cmr: CmrSearch | null,
    readonly leftOut: LeftOut,
  ) {}

  /**
   * `catalog` by its name; else the catalog that holds the collection; else CMR; else the only catalog there is.
   * Runs `work` with it, and keeps a catalog open for so long, also when it is replaced meanwhile.
   */
  async with<T>(parameters: SearchParameters, work: (source: GranuleSource) => Promise<T>): Promise<T> {
    const { catalog, collection_concept_id = parameters.concept_id } = parameters;
    const conceptId = collection_concept_id ?? null;
    if (catalog !== undefined) {
      const index = await fromCatalog(catalog, this.catalogs.get(catalog));
      if (index === undefined) throw notFound(unknownCatalog(catalog, this.catalogs.names()));
      return await index.use(() => work(new CatalogSource(catalog, index, conceptId)));
    }
    const names = this.catalogs.names();
    if (conceptId !== null) {
      let unread: Error | undefined;
      for (const name of names) {
        const one = await this.leftOut.one(
          `catalog ${name}`,
          () => fromCatalog(name, this.catalogs.get(name)),
        );
        if ("unread" in one) {
          unread ??= one.unread;
          continue;
        }
        const index = one.found;
        const holds = index?.collections.some((one) =>
          one.conceptId === conceptId || one.collection === conceptId
        );
        if (index !== undefined && holds) {
          return await index.use(() => work(new CatalogSource(name, index, conceptId)));
        }
      }
      if (this.cmr !== null) {
        if (!/^C\d{1,15}-[A-Za-z0-9_]{1,40}$/.test(conceptId)) {
          throw badParameter(
            "collection_concept_id",
            "Value error, wanted a concept id such as C2670138092-NSIDC_CPRD",
            conceptId,
          );
        }
        return await work(new CmrSource(this.cmr, conceptId));
      }
      if (unread !== undefined) throw unread; // it may be in there
      throw notFound(`collection '${conceptId}' is in none of the catalogs that are served here`);
    }
    if (names.length === 1) {
      const index = await fromCatalog(names[0], this.catalogs.get(names[0]));
      if (index !== undefined) return await index.use(() => work(new CatalogSource(names[0], index, null)));
    }
    if (this.cmr !== null && parameters.granule_ur !== undefined) {
      return await work(new CmrSource(this.cmr, null));
    }
    throw badRequest(
      `say which granules are meant: catalog (${names.join(", ") || "none is served here"})` +
        (this.cmr === null ? "" : ", collection_concept_id or granule_ur"),
    );
  }
}

export function unknownCatalog(name: string, names: readonly string[]): string {
  return `catalog '${name}' is not served here, should be one of [${
    names.map((one) => `'${one}'`).join(", ")
  }]`;
}
