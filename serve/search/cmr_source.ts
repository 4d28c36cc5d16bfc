/** Granules of NASA's CMR: asked once per question, and the answers kept for a while. */
import { GranaryError } from "../../core/errors.ts";
import { asObject, asText, type JsonObject } from "../../core/json_value.ts";
import type { BoundingBox } from "../../core/geometry/box.ts";
import { unionBox } from "../../core/geometry/geometry.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import { harvestCmr } from "../../catalog/discover/cmr/cmr.ts";
import { fetchCollections } from "../../catalog/discover/cmr/cmr_collection.ts";
import { CMR_PAGE_SIZE, type CmrQuery } from "../../catalog/discover/cmr/cmr_query.ts";
import { readUmmGranule } from "../../catalog/discover/cmr/umm_granule.ts";
import { type CollectionFacts, finishRow } from "../../catalog/discover/draft/draft.ts";
import { createFootprinter } from "../../catalog/discover/draft/footprinter.ts";
import type { HttpIo } from "../../catalog/discover/draft/http_text.ts";
import { Tally } from "../../catalog/discover/draft/tally.ts";
import type { GranuleFilter, LonLatBox } from "../parameters/search.ts";
import { type GranuleQuery, type GranuleSource, meantFirst, type ServedGranule } from "./granules.ts";

/** Answers are kept so long: granules arrive. */
const KEPT_MS = 5 * 60_000;
const ANSWERS_KEPT = 2000;
/** Somebody waits for the answer: a CMR that is away or busy is told soon. */
const MOST_ATTEMPTS = 3;
const LONGEST_WAIT_MS = 5000;
/** Facts of a collection change rarely. */
const FACTS_KEPT_MS = 60 * 60_000;
/** Rows of CMR are looked up by CMR: their own cells are not used. */
const CELL_ORDER = 0;

interface Kept<T> {
  value: Promise<T>;
  until: number;
}

/** Searches CMR for all requests of a server. */
export class CmrSearch {
  readonly #io: HttpIo;
  readonly #answers = new Map<string, Kept<ServedGranule[]>>();
  readonly #facts = new Map<string, Kept<CollectionFacts | null>>();
  readonly #footprinter = createFootprinter(CELL_ORDER);
  /** Requests that reached CMR. */
  requests = 0;

  constructor(readonly url: string, opener: SourceOpener, readonly warn: (message: string) => void) {
    const attempts = Math.min(opener.retry.attempts, MOST_ATTEMPTS);
    const retry = { ...opener.retry, attempts, longestRetryAfterMs: LONGEST_WAIT_MS };
    this.#io = { client: opener.client, retry, signal: opener.signal };
  }

  /** The granules of a query, not more than `most`. */
  find(query: CmrQuery, most: number): Promise<ServedGranule[]> {
    const pageSize = Math.min(most, CMR_PAGE_SIZE);
    return kept(
      this.#answers,
      JSON.stringify([query, most]),
      KEPT_MS,
      () => this.#ask(query, most, pageSize).catch((error) => Promise.reject(this.#blamed(error))),
    );
  }

  /** What CMR says of a collection; null for one that it does not know. */
  facts(conceptId: string): Promise<CollectionFacts | null> {
    return kept(this.#facts, conceptId, FACTS_KEPT_MS, async () => {
      this.requests += 1;
      const [found] = await fetchCollections([conceptId], this.#io, `${this.url}/collections.umm_json`);
      return found ?? null;
    });
  }

  /** What CMR refuses is the request's fault; an answer that is none of CMR's is not. */
  #blamed(error: unknown): unknown {
    const isAnswer = error instanceof GranaryError && error.tag === "input" &&
      error.message.startsWith(this.url);
    if (!isAnswer || error.details.status !== undefined) return error;
    return new GranaryError("io", error.message, { cause: error });
  }

  async #ask(query: CmrQuery, most: number, pageSize: number): Promise<ServedGranule[]> {
    const found: ServedGranule[] = [];
    const onProgress = () => void (this.requests += 1);
    for await (const { answer } of harvestCmr(query, this.#io, { url: this.url, pageSize, onProgress })) {
      for (const item of answer.items) {
        const granule = await this.#granule(item);
        if (granule !== null) found.push(granule);
        if (found.length >= most) return found;
      }
    }
    return found;
  }

  async #granule(item: unknown): Promise<ServedGranule | null> {
    const meta = asObject(asObject(item)?.meta);
    const collectionId = asText(meta?.["collection-concept-id"]) ?? "";
    const facts = collectionId === "" ? null : await this.factsOrNone(collectionId);
    const tally = new Tally();
    const draft = readUmmGranule(item, { tally, collection: () => facts });
    const row = draft === null ? null : finishRow(draft, this.#footprinter, tally);
    if (row === null) return null;
    const umm: JsonObject | null = asObject(asObject(item)?.umm);
    return { row, conceptId: row.concept_id ?? row.id, collectionId, umm };
  }

  /** Without the facts of its collection a granule still has its own links. */
  async factsOrNone(conceptId: string): Promise<CollectionFacts | null> {
    try {
      return await this.facts(conceptId);
    } catch (error) {
      this.warn(
        `${conceptId}: CMR gives no facts of the collection, so rows rely on their own links: ${
          (error as Error).message
        }`,
      );
      return null;
    }
  }
}

/** What a search of CMR is asked for by one request. */
export class CmrSource implements GranuleSource {
  constructor(readonly search: CmrSearch, readonly collection: string | null) {}

  get name(): string {
    return this.collection ?? "CMR";
  }

  async find({ filter, area, most }: GranuleQuery, signal: AbortSignal): Promise<ServedGranule[]> {
    signal.throwIfAborted();
    const box = joinedBox(area?.boxes ?? null) ?? filter.box ?? undefined;
    const found = await this.search.find({
      ...this.#query(filter),
      ...(box === undefined ? {} : { bbox: box }),
    }, most);
    return meantFirst(found, filter);
  }

  async extent(filter: GranuleFilter): Promise<BoundingBox | null> {
    if (filter.box !== null) {
      const [xmin, ymin, xmax, ymax] = filter.box;
      return { xmin, ymin, xmax, ymax };
    }
    if (filter.granuleUr === null) return null;
    let box: BoundingBox | undefined;
    for (const { row } of await this.search.find(this.#query(filter), 1)) {
      if (row.bbox !== null) box = unionBox(box, row.bbox);
    }
    return box ?? null;
  }

  async times(collectionId: string): Promise<readonly JsonObject[]> {
    return (await this.search.factsOrNone(collectionId))?.times ?? [];
  }

  #query(filter: GranuleFilter): CmrQuery {
    const iso = (time: number | null | undefined) => time == null ? undefined : new Date(time).toISOString();
    const { temporal, cloudCover, orbit } = filter;
    const [start, end] = [iso(temporal?.start), iso(temporal?.end)];
    return {
      ...(this.collection === null ? {} : { conceptIds: [this.collection] }),
      ...(filter.granuleUr === null ? {} : { granuleUrs: [filter.granuleUr] }),
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
      ...(cloudCover === null ? {} : { cloudCover }),
      ...(orbit === null ? {} : { orbitNumbers: orbit }),
      ...(filter.attributes.length === 0 ? {} : { attributes: filter.attributes }),
      ...(filter.sortKeys.length === 0 ? {} : { sortKeys: filter.sortKeys }),
    };
  }
}

/** Boxes as CMR writes them: two halves at the antimeridian are one box whose west lies beyond its east. */
function joinedBox(boxes: readonly BoundingBox[] | null): LonLatBox | null {
  if (boxes === null || boxes.length === 0) return null;
  const [first] = boxes;
  const last = boxes[boxes.length - 1];
  return [first.xmin, first.ymin, last.xmax, first.ymax];
}

/** The kept answer, or the one that is asked for by the first caller. Failures are not kept. */
function kept<T>(
  answers: Map<string, Kept<T>>,
  key: string,
  keptMs: number,
  ask: () => Promise<T>,
): Promise<T> {
  const known = answers.get(key);
  answers.delete(key);
  if (known !== undefined && known.until > Date.now()) {
    answers.set(key, known);
    return known.value;
  }
  const value = ask();
  answers.set(key, { value, until: Date.now() + keptMs });
  value.catch(() => answers.delete(key));
  for (const oldest of answers.keys()) {
    if (answers.size <= ANSWERS_KEPT) break;
    answers.delete(oldest);
  }
  return value;
}
