/**
 * Harvests CMR's granule search: pages by CMR-Search-After, one request at a time, kept on disk so that
 * an interrupted harvest goes on where it stopped, and never taken as whole when CMR's total did not
 * arrive. (CMR Search API, "Retrieving all results" and "Search after".)
 */
import { GranaryError, inputError } from "../../../core/errors.ts";
import { safeName } from "../../../core/access/redact.ts";
import { type CmrAnswer, collectionIds, parseAnswerJson, parseCmrAnswer, readDrafts } from "./cmr_answer.ts";
import { fetchCollections } from "./cmr_collection.ts";
import { CMR_PAGE_SIZE, cmrParameters, type CmrQuery } from "./cmr_query.ts";
import { endpointOf, searchRequest } from "./cmr_request.ts";
import type { CollectionFacts, Draft, ReadContext } from "../draft/draft.ts";
import { HarvestState } from "./harvest_state.ts";
import { type HttpIo, requestText } from "../draft/http_text.ts";
import { asInteger, asObjects, asText, asTime } from "../../../core/json_value.ts";
import { printable } from "../draft/tally.ts";

export interface CmrOptions {
  /** The search endpoint. */
  url?: string;
  pageSize?: number;
  /** Folder for answers kept until the output is written. */
  resumeDir?: string | undefined;
  /** Granules so far and CMR's total. */
  onProgress?: (received: number, hits: number) => void;
}

/** One page of a harvest. */
export interface CmrPage {
  number: number;
  answer: CmrAnswer;
  hits: number;
  /** Items in this and all earlier pages. */
  received: number;
  /** Whether it came from an earlier harvest's folder. */
  kept: boolean;
}

/**
 * Yields the pages of a query in CMR's order. Ends with an error when fewer items came than CMR
 * counted, when CMR repeats itself, or when its answers are none.
 */
export async function* harvestCmr(
  query: CmrQuery,
  io: HttpIo,
  options: CmrOptions = {},
): AsyncGenerator<CmrPage> {
  const parameters = cmrParameters(query);
  const endpoint = endpointOf(options.url, "granules.umm_json");
  yield* harvestPages(endpoint, parameters, io, options);
}

async function* harvestPages(
  endpoint: string,
  parameters: readonly [string, string][],
  io: HttpIo,
  options: CmrOptions,
): AsyncGenerator<CmrPage> {
  const pageSize = options.pageSize ?? CMR_PAGE_SIZE;
  const search = new URLSearchParams([...parameters, ["page_size", String(pageSize)]]).toString();
  const state = options.resumeDir === undefined
    ? null
    : new HarvestState(options.resumeDir, `${endpoint}?${search}`);
  let received = 0;
  let hits: number | null = null;

  for (let number = 1; state !== null && number <= state.pages; number += 1) {
    const answer = parseCmrAnswer(state.readPage(number), state.pageFile(number));
    received += answer.items.length;
    hits = state.hits ?? received;
    options.onProgress?.(received, hits);
    yield { number, answer, hits, received, kept: true };
  }
  let next = state?.next ?? null;
  let number = state?.pages ?? 0;
  const seen = new Set<string>();
  while (state?.done !== true) {
    number += 1;
    const asked = `${safeName(endpoint)} page ${number}`;
    const reply = await requestText(io, searchRequest(endpoint, search, next, asked));
    const answer = parseCmrAnswer(reply.text, asked);
    hits = asInteger(reply.headers.get("cmr-hits")) ?? answer.hits ?? hits;
    if (hits === null) {
      throw inputError(`${asked}: the answer has no CMR-Hits, so it is unknown when all came`);
    }
    received += answer.items.length;
    next = reply.headers.get("cmr-search-after");
    const done = next === null;
    if (next !== null && seen.has(next)) {
      throw new GranaryError("io", `${asked}: CMR gave the same CMR-Search-After twice (${printable(next)})`);
    }
    if (next !== null) seen.add(next);
    // A last page that came short is not kept: asking for it again may bring the rest.
    if (!done || received >= hits) state?.keep(reply.text, next, hits, done);
    options.onProgress?.(received, hits);
    if (answer.items.length > 0 || done) yield { number, answer, hits, received, kept: false };
    if (done) break;
  }
  if (hits !== null && received < hits) {
    throw new GranaryError(
      "io",
      `${
        safeName(endpoint)
      }: CMR counted ${hits} granules and ${received} came (try again; if it stays so, narrow the query)`,
      { details: { hits, received } },
    );
  }
}

/**
 * The drafts of a query's granules. Facts of their collections (credentials, region, edges, orbit) are
 * asked for once each; where CMR does not give them, `onWarning` says so and the rows go without.
 */
export async function* cmrRows(
  query: CmrQuery,
  io: HttpIo,
  context: Pick<ReadContext, "tally" | "orbit">,
  options: CmrOptions & { onWarning?: (message: string) => void; collections?: boolean } = {},
): AsyncGenerator<Draft> {
  const facts = new Map<string, CollectionFacts | null>();
  const read: ReadContext = { ...context, collection: (id) => facts.get(id) ?? null };
  for await (const page of harvestCmr(query, io, options)) {
    const unknown = [...collectionIds(page.answer)].filter((id) => !facts.has(id));
    if (unknown.length > 0 && options.collections !== false) {
      for (const id of unknown) facts.set(id, null);
      try {
        const found = await fetchCollections(unknown, io, endpointOf(options.url, "collections.umm_json"));
        for (const one of found) facts.set(one.conceptId, one);
      } catch (error) {
        if (!(error instanceof GranaryError) || error.tag === "interrupted") throw error;
        options.onWarning?.(
          `collections' metadata did not come, so rows rely on their own links: ${error.message}`,
        );
      }
    }
    yield* readDrafts(page.answer, read);
  }
}

/** A granule that the source deleted: what is needed to find its row. */
export interface DeletedGranule {
  id: string;
  conceptId: string | null;
  provider: string | null;
  /** When, milliseconds since 1970 UTC. */
  at: number | null;
}

/** How far back CMR remembers deletions. */
export const DELETIONS_REMEMBERED_DAYS = 365;

/**
 * Granules deleted since a time, of the collections named. CMR remembers a year and an earlier time is
 * refused, because deletions before it would stay in the catalog in silence.
 */
export async function fetchDeleted(
  since: string,
  collectionIds: readonly string[],
  io: HttpIo,
  options: CmrOptions = {},
): Promise<DeletedGranule[]> {
  const oldest = Date.now() - DELETIONS_REMEMBERED_DAYS * 86_400_000;
  if (!(Date.parse(since) >= oldest)) {
    throw inputError(
      `deletions since ${since}: CMR remembers ${DELETIONS_REMEMBERED_DAYS} days (build the catalog again to be rid of older ones)`,
    );
  }
  const endpoint = endpointOf(options.url, "deleted-granules.json");
  const deleted: DeletedGranule[] = [];
  for (const collection of collectionIds) {
    const search = new URLSearchParams([
      ["revision_date", since],
      ["parent_collection_id", collection],
      ["page_size", String(options.pageSize ?? CMR_PAGE_SIZE)],
    ]).toString();
    let next: string | null = null;
    let received = 0;
    let hits = 0;
    const seen = new Set<string>();
    do {
      const asked = `${safeName(endpoint)} of ${collection}`;
      const reply = await requestText(io, searchRequest(endpoint, search, next, asked));
      const answer = parseAnswerJson(reply.text, asked);
      if (!Array.isArray(answer)) throw inputError(`${asked}: not a list of deleted granules`);
      received += answer.length;
      hits = asInteger(reply.headers.get("cmr-hits")) ?? received;
      for (const one of asObjects(answer)) {
        const id = asText(one["granule-ur"]);
        const parent = asText(one["parent-collection-id"]);
        if (id === null || (parent !== null && parent !== collection)) continue;
        deleted.push({
          id,
          conceptId: asText(one["concept-id"]),
          provider: asText(one["provider-id"]),
          at: asTime(one["revision-date"]),
        });
      }
      next = reply.headers.get("cmr-search-after");
      if (next !== null && seen.has(next)) break;
      if (next !== null) seen.add(next);
    } while (next !== null && received < hits);
    if (received < hits) {
      throw new GranaryError(
        "io",
        `${safeName(endpoint)}: CMR counted ${hits} deleted granules and ${received} came`,
      );
    }
  }
  return deleted;
}
