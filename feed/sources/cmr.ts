/** Follows NASA's Common Metadata Repository by the revision dates of its granules. */
import { DELETIONS_REMEMBERED_DAYS, fetchDeleted } from "../../catalog/discover/cmr/cmr.ts";
import { type CmrAnswer, collectionIds, parseCmrAnswer } from "../../catalog/discover/cmr/cmr_answer.ts";
import { fetchCollections, findCollections } from "../../catalog/discover/cmr/cmr_collection.ts";
import { CMR_PAGE_SIZE, cmrParameters, type CmrQuery } from "../../catalog/discover/cmr/cmr_query.ts";
import { endpointOf, searchRequest } from "../../catalog/discover/cmr/cmr_request.ts";
import { readUmmGranule } from "../../catalog/discover/cmr/umm_granule.ts";
import type { CollectionFacts } from "../../catalog/discover/draft/draft.ts";
import { type HttpIo, requestText } from "../../catalog/discover/draft/http_text.ts";
import { Tally } from "../../catalog/discover/draft/tally.ts";
import { inputError } from "../../core/errors.ts";
import { asInteger, asObject, asText, asTime } from "../../core/json_value.ts";
import { safeName } from "../../core/access/redact.ts";
import type { FollowSource, Window } from "../follow/source.ts";
import { DAY_MS } from "../ledger/days.ts";
import type { Deletion, Offer } from "../ledger/register.ts";
import { makeOffer, type OfferMaker, unreadableOffer } from "./offer.ts";

interface CmrSourceOptions {
  /** The search URL; default NASA's. */
  url?: string | undefined;
  query: CmrQuery;
  io: HttpIo;
  maker: OfferMaker;
  pageSize?: number;
}

export interface CmrSource extends FollowSource {
  /** What CMR has under a granule's concept id now; null when it has none. */
  granule(conceptId: string): Promise<Offer | null>;
  /** The same by its name among the collections that are followed. */
  granuleNamed(name: string): Promise<Offer | null>;
}

/**
 * Pages run by revision date, ascending (CMR Search API, "Sorting granule results", "Search after"). A window
 * is half-open here and closed there: it ends a millisecond before, which is CMR's resolution.
 */
export function cmrSource(options: CmrSourceOptions): CmrSource {
  const { query, io } = options;
  const pageSize = options.pageSize ?? CMR_PAGE_SIZE;
  const endpoint = endpointOf(options.url, "granules.umm_json");
  const collectionsEndpoint = endpointOf(options.url, "collections.umm_json");
  const parameters = cmrParameters(query);
  const facts = new Map<string, CollectionFacts | null>();
  let clockOffset = 0;

  const ask = async (more: readonly [string, string][], size: number, after: string | null = null) => {
    const search = new URLSearchParams([...parameters, ...more, ["page_size", String(size)]]).toString();
    const asked = safeName(endpoint);
    const reply = await requestText(io, searchRequest(endpoint, search, after, asked));
    const date = Date.parse(reply.headers.get("date") ?? "");
    if (!Number.isNaN(date)) clockOffset = date - Date.now();
    const answer = parseCmrAnswer(reply.text, asked);
    const hits = asInteger(reply.headers.get("cmr-hits")) ?? answer.hits;
    if (hits === null) throw inputError(`${asked}: the answer has no CMR-Hits, so nothing can be reconciled`);
    return { answer, hits, next: reply.headers.get("cmr-search-after") };
  };
  const offersOf = async (answer: CmrAnswer): Promise<Offer[]> => {
    const unknown = [...collectionIds(answer)].filter((id) => !facts.has(id));
    if (unknown.length > 0) {
      for (const id of unknown) facts.set(id, null);
      for (const one of await fetchCollections(unknown, io, collectionsEndpoint)) {
        facts.set(one.conceptId, one);
      }
    }
    return answer.items.flatMap((item) =>
      granuleOffer(item, (id) => facts.get(id) ?? null, options.maker) ?? []
    );
  };
  const one = async (parameter: string, value: string) => {
    const { answer } = await ask([[parameter, value]], 1);
    return (await offersOf(answer))[0] ?? null;
  };
  return {
    pageSize,
    now: () => Promise.resolve(Date.now() + clockOffset),
    async count(window) {
      return (await ask([revisedIn(window)], 0)).hits;
    },
    async page(window, next) {
      const { answer, next: after } = await ask(
        [revisedIn(window), ["sort_key[]", "revision_date"]],
        pageSize,
        next,
      );
      const offers = await offersOf(answer);
      return {
        offers: offers.sort((a, b) => a.changed - b.changed),
        next: answer.items.length < pageSize ? null : after,
      };
    },
    async has(conceptId) {
      return (await ask([["concept_id[]", conceptId]], 0)).hits > 0;
    },
    granule: (conceptId) => one("concept_id[]", conceptId),
    granuleNamed: (name) => one("readable_granule_name[]", name),
    async *deletions(window) {
      // What was deleted before CMR's memory begins was gone before it was walked.
      const since = Math.max(window.from, Date.now() - (DELETIONS_REMEMBERED_DAYS - 1) * DAY_MS);
      const collections = await findCollections(parameters, io, collectionsEndpoint);
      for (const { conceptId } of collections) {
        const deleted = await fetchDeleted(new Date(since).toISOString(), [conceptId], io, {
          ...(options.url === undefined ? {} : { url: options.url }),
        });
        yield deleted.flatMap(({ id, conceptId: granuleId, at }): Deletion[] => {
          // One without a time is one of now.
          const time = at ?? window.to - 1;
          if (granuleId === null || time >= window.to) return [];
          return [{ sourceId: granuleId, at: time, collection: "", id }];
        });
      }
    },
  };
}

function revisedIn({ from, to }: Window): [string, string] {
  return ["revision_date[]", `${new Date(from).toISOString()},${new Date(to - 1).toISOString()}`];
}

/** What the ledger is offered of an item of `granules.umm_json`; null for what has neither id nor date. */
function granuleOffer(
  item: unknown,
  collection: (conceptId: string) => CollectionFacts | null,
  maker: OfferMaker,
): Offer | null {
  const meta = asObject(asObject(item)?.meta);
  const conceptId = asText(meta?.["concept-id"]);
  const changed = asTime(meta?.["revision-date"]);
  if (conceptId === null || changed === null) return null;
  const tally = new Tally();
  const draft = readUmmGranule(item, { tally, collection });
  if (draft !== null) return makeOffer(draft, conceptId, { changed }, maker);
  return unreadableOffer(conceptId, { changed }, tally.lines(["granule"])[0] ?? "unreadable");
}
