/** Follows an OData catalogue (the Copernicus Data Space) by the time of its products' last change. */
import {
  askOData,
  fetchProduct,
  ODATA_PAGE,
  odataFilter,
  type ODataQuery,
} from "../../catalog/discover/odata/odata.ts";
import { readProduct } from "../../catalog/discover/odata/odata_product.ts";
import type { HttpIo } from "../../catalog/discover/draft/http_text.ts";
import { Tally } from "../../catalog/discover/draft/tally.ts";
import { asObject, asText, asTime } from "../../core/json_value.ts";
import type { FollowSource, Window } from "../follow/source.ts";
import type { Deletion, Offer } from "../ledger/register.ts";
import { makeOffer, type OfferMaker, unreadableOffer } from "./offer.ts";

export interface ODataSourceOptions {
  url: string;
  downloadUrl?: string | undefined;
  query: ODataQuery;
  io: HttpIo;
  maker: OfferMaker;
  pageSize?: number;
}

export function odataSource(options: ODataSourceOptions): FollowSource {
  const { url, query, io } = options;
  const pageSize = options.pageSize ?? ODATA_PAGE;
  let clockOffset = 0;
  const ask = async (page: Omit<Parameters<typeof askOData>[1], "url">) => {
    const answer = await askOData(io, { url, ...page });
    if (answer.date !== null) clockOffset = answer.date - Date.now();
    return answer;
  };
  const modifiedIn = (window: Window) => odataFilter(query, { field: "ModificationDate", ...window });
  return {
    pageSize,
    now: () => Promise.resolve(Date.now() + clockOffset),
    async count(window) {
      return (await ask({ set: "Products", filter: modifiedIn(window), top: 1, count: true })).count;
    },
    async page(window, next) {
      const skip = Number(next ?? 0);
      const { items } = await ask({
        set: "Products",
        filter: modifiedIn(window),
        orderBy: "ModificationDate asc",
        top: pageSize,
        skip,
        expand: "Attributes",
      });
      const offers = items.flatMap((item) => productOffer(item, options) ?? []);
      return {
        offers: offers.sort((a, b) => a.changed - b.changed),
        next: items.length < pageSize ? null : String(skip + items.length),
      };
    },
    has: async (sourceId) => await fetchProduct(io, url, sourceId) !== null,
    async *deletions(window) {
      for (let skip = 0;; skip += pageSize) {
        const { items } = await ask({
          set: "DeletedProducts",
          filter: odataFilter(query, { field: "DeletionDate", ...window }),
          orderBy: "DeletionDate asc",
          top: pageSize,
          skip,
        });
        yield items.flatMap((item) => deletionOf(item) ?? []);
        if (items.length < pageSize) return;
      }
    },
  };
}

/** What the ledger is offered of a product, by poll or by push; null for what has neither id nor time. */
export function productOffer(
  item: unknown,
  { downloadUrl, query, maker }: Pick<ODataSourceOptions, "downloadUrl" | "query" | "maker">,
): Offer | null {
  const tally = new Tally();
  const product = readProduct(item, { tally, downloadUrl, collectionName: query.collection ?? null });
  if (product !== null) {
    return makeOffer(product.draft, product.productId, { changed: product.modified }, maker);
  }
  const object = asObject(item);
  const id = asText(object?.Id);
  const changed = asTime(object?.ModificationDate);
  if (id === null || changed === null) return null;
  return unreadableOffer(id, { changed }, tally.lines(["granule"])[0] ?? "unreadable");
}

function deletionOf(item: unknown): Deletion | null {
  const product = asObject(item);
  const sourceId = asText(product?.Id);
  const at = asTime(product?.DeletionDate);
  if (sourceId === null || at === null) return null;
  return { sourceId, at, collection: "", id: asText(product?.Name) ?? sourceId };
}
