/** A notice of a Copernicus subscription: what it says of one product. */
import { asObject, asObjects, asText, asTime, type JsonObject } from "../../core/json_value.ts";
import { inputError } from "../../core/errors.ts";
import type { Deletion } from "../ledger/register.ts";
import type { NoticeContent } from "./notice.ts";
import { type ODataSourceOptions, productOffer } from "./odata.ts";

type Offers = Pick<ODataSourceOptions, "downloadUrl" | "query" | "maker">;

/** Throws an input error that says why the notice cannot be used. */
export async function readCdseNotice(
  notice: JsonObject,
  offers: Offers,
  /** Asks for a product that a notice of some days ago holds no longer. */
  product: (id: string) => Promise<unknown>,
): Promise<NoticeContent> {
  const event = asText(notice.SubscriptionEvent);
  if (event === null) throw inputError("no SubscriptionEvent");
  if (event === "deleted") return { offers: [], deletions: [deletionOf(notice)] };
  if (event !== "created" && event !== "modified") {
    throw inputError(`SubscriptionEvent "${event}" is not known`);
  }
  const stated = asObject(notice.value);
  if (stated === null) return await askedContent(notice, offers, product);
  const extracted = asObjects(stated.Locations).filter((one) => one.FormatType === "Extracted");
  if (extracted.length !== 1) throw inputError(`${extracted.length} extracted locations (wanted one)`);
  const offer = productOffer(stated, offers);
  if (offer === null) throw inputError("the product has no Id or no ModificationDate");
  return { offers: [offer], deletions: [] };
}

/** After three days a queue keeps a product's id and nothing else of it. */
async function askedContent(
  notice: JsonObject,
  offers: Offers,
  product: (id: string) => Promise<unknown>,
): Promise<NoticeContent> {
  const id = asText(notice.ProductId);
  if (id === null) throw inputError("neither a product nor its id in it");
  const found = await product(id);
  if (found === null) throw inputError(`the catalogue has no product ${id} any more`);
  const offer = productOffer(found, offers);
  if (offer === null) throw inputError("the product has no Id or no ModificationDate");
  return { offers: [offer], deletions: [] };
}

function deletionOf(notice: Readonly<Record<string, unknown>>): Deletion {
  const product = asObject(notice.value);
  const sourceId = asText(notice.ProductId) ?? asText(product?.Id);
  const at = asTime(product?.DeletionDate) ?? asTime(notice.NotificationDate);
  if (sourceId === null || at === null) throw inputError("a deletion without ProductId or time");
  return { sourceId, at, collection: "", id: asText(notice.ProductName) ?? sourceId };
}
