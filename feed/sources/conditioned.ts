/** A source whose granules have to fulfil a condition, too: checked a page at a time, the reason remembered. */
import type { RowCondition } from "../../catalog/query/row_condition.ts";
import type { FollowSource } from "../follow/source.ts";
import type { Offer } from "../ledger/register.ts";
import { decodeRow } from "./row_json.ts";

const LEFT_OUT = "does not fulfil keep.where";

/** The same offers; those that were kept and do not fulfil the condition are left out, and ask for no file. */
export async function conditionedOffers(
  offers: readonly Offer[],
  condition: RowCondition,
): Promise<Offer[]> {
  const kept = offers.filter((offer) => offer.leftOut === null);
  const fulfilled = await condition.fulfilled(kept.map((offer) => decodeRow(offer.row)));
  const out = new Set(kept.filter((_, index) => !fulfilled[index]));
  return offers.map((offer) => out.has(offer) ? { ...offer, leftOut: LEFT_OUT, tasks: [] } : offer);
}

export function conditionedSource(source: FollowSource, condition: RowCondition): FollowSource {
  return {
    ...source,
    async page(window, next) {
      const page = await source.page(window, next);
      return { ...page, offers: await conditionedOffers(page.offers, condition) };
    },
    ...(source.offers === undefined ? {} : {
      offers: async function* (ids: ReadonlySet<string>) {
        for await (const offers of source.offers?.(ids) ?? []) {
          yield await conditionedOffers(offers, condition);
        }
      },
    }),
  };
}
