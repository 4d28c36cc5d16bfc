/**
 * Notices of granules at NASA: of CMR's ingest subscriptions, and of a provider's own announcements (Cumulus
 * Notification Mechanism). Neither holds a footprint: what CMR has of the granule is asked for.
 */
import { inputError } from "../../core/errors.ts";
import { asObject, asText } from "../../core/json_value.ts";
import type { CmrSource } from "./cmr.ts";
import type { Letter } from "./envelope.ts";
import type { NoticeContent } from "./notice.ts";

export async function readCmrNotice(
  { message, attributes, sent }: Letter,
  received: number,
  source: Pick<CmrSource, "granule" | "granuleNamed">,
): Promise<NoticeContent> {
  const conceptId = asText(message["concept-id"]);
  if (conceptId !== null) {
    if (!/^G\d+-[A-Z0-9_]+$/.test(conceptId)) throw inputError(`"${conceptId.slice(0, 60)}" is no granule`);
    if (/^delete$/i.test(attributes.mode ?? "")) {
      const id = asText(message["granule-ur"]) ?? conceptId;
      return { offers: [], deletions: [{ sourceId: conceptId, at: sent ?? received, collection: "", id }] };
    }
    return offered(await source.granule(conceptId), conceptId);
  }
  const product = asObject(message.product);
  const name = asText(product?.name);
  if (name === null) throw inputError("neither a notification of CMR's nor one with a product");
  return offered(await source.granuleNamed(name), name);
}

function offered(offer: Awaited<ReturnType<CmrSource["granule"]>>, name: string): NoticeContent {
  if (offer === null) throw inputError(`${name} is not in CMR's index yet (a poll brings it when it is)`);
  return { offers: [offer], deletions: [] };
}
