/**
 * STAC item collections, single items and the pages of a search (STAC API 1.0, item search): read from
 * files or harvested by their next links, GET or POST.
 */
import { GranaryError, inputError } from "../../../core/errors.ts";
import { timeOfText } from "../../../core/times.ts";
import { safeName } from "../../../core/access/redact.ts";
import type { Draft } from "../draft/draft.ts";
import { type HttpIo, requestText, type TextRequest } from "../draft/http_text.ts";
import { asInteger, asObject, asObjects, asText, type JsonObject } from "../../../core/json_value.ts";
import { readStacItem, type StacContext } from "./stac_item.ts";
import { printable } from "../draft/tally.ts";

/** One page of items. */
export interface StacPage {
  items: readonly unknown[];
  /** The link to the next page, if there is one. */
  next: JsonObject | null;
  /** The total that the server counts, where it says so. */
  matched: number | null;
  /** What the document is when it holds no items but leads to some. */
  catalog: JsonObject | null;
}

/** Reads a document. Throws an input error when it is no STAC. */
export function parseStac(text: string, name: string): StacPage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw inputError(
      `${name}: no JSON where STAC was wanted (it begins with: ${printable(text.trim().slice(0, 60))})`,
    );
  }
  const response = asObject(asObject(value)?.response);
  if (response !== null && "body" in response) {
    if (typeof response.body === "string") return parseStac(response.body, name);
    value = response.body;
  }
  const none = { next: null, matched: null, catalog: null };
  if (Array.isArray(value)) return { ...none, items: value };
  const document = asObject(value);
  if (document?.type === "Feature") return { ...none, items: [document] };
  if (document?.type === "FeatureCollection") {
    if (!Array.isArray(document.features)) throw inputError(`${name}: "features" is no list of items`);
    const links = asObjects(document.links);
    return {
      items: document.features,
      next: links.find((link) => link.rel === "next") ?? null,
      matched: asInteger(document.numberMatched) ?? asInteger(asObject(document.context)?.matched),
      catalog: null,
    };
  }
  if (document?.type === "Catalog" || document?.type === "Collection") {
    return { ...none, items: [], catalog: document };
  }
  throw inputError(`${name}: not STAC (wanted a FeatureCollection, a Feature or a list of items)`);
}

/** The drafts of a page's items; those that give none are in the tally. */
export function* readStacDrafts(page: StacPage, context: StacContext): Generator<Draft> {
  for (const item of page.items) {
    const draft = readStacItem(item, context);
    if (draft !== null) yield draft;
  }
}

/** What a search is narrowed by, for APIs; documents that are fetched as they are ignore none of it. */
export interface StacQuery {
  collections?: readonly string[];
  bbox?: readonly [number, number, number, number];
  start?: string;
  end?: string;
}

export interface StacOptions {
  onProgress?: (received: number, matched: number | null) => void;
  onWarning?: (message: string) => void;
  /** Items a page that an API is asked for. */
  limit?: number;
}

const PAGE_LIMIT = 250;
/** A search that goes on past this is taken for one that goes in circles. */
const MOST_PAGES = 100_000;

/**
 * The drafts of all items behind a URL: an item, an item collection, a search or items endpoint with
 * all its pages, or a landing page or collection, whose search or items link is followed.
 */
export async function* harvestStac(
  url: string,
  query: StacQuery,
  io: HttpIo,
  context: StacContext,
  options: StacOptions = {},
): AsyncGenerator<Draft> {
  let request: TextRequest | null = firstRequest(url, query, options);
  const host = URL.canParse(url) ? new URL(url).host : "";
  const seen = new Set<string>();
  let received = 0;
  let matched: number | null = null;
  while (request !== null) {
    const mark: string = `${request.method ?? "GET"} ${request.url} ${request.body ?? ""}`;
    if (seen.has(mark) || seen.size >= MOST_PAGES) {
      throw new GranaryError("io", `${safeName(url)}: its next links go in a circle after ${received} items`);
    }
    seen.add(mark);
    const sameHost = URL.canParse(request.url) && new URL(request.url).host === host;
    const reply = await requestText(sameHost ? io : { ...io, authorization: undefined }, request);
    const page = parseStac(reply.text, request.asked);
    if (page.catalog !== null) {
      request = itemsRequest(page.catalog, reply.url, query, options);
      continue;
    }
    received += page.items.length;
    matched = page.matched ?? matched;
    options.onProgress?.(received, matched);
    yield* readStacDrafts(page, { ...context, baseUrl: reply.url });
    request = page.next === null ? null : nextRequest(page.next, request, reply.url);
  }
  if (matched !== null && received < matched) {
    options.onWarning?.(`${safeName(url)}: it counted ${matched} items and ${received} came`);
  }
}

/** A search or items endpoint gets the query's parameters; anything else is fetched as it is. */
function firstRequest(url: string, query: StacQuery, options: StacOptions): TextRequest {
  const asked = safeName(url);
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw inputError(`${asked}: not an http or https URL`);
  }
  return {
    url: /\/(search|items)\/?(\?|$)/.test(url) ? withQuery(url, query, options) : url,
    asked,
    headers: ACCEPT,
  };
}

const ACCEPT = { accept: "application/geo+json, application/json" };

function withQuery(url: string, query: StacQuery, options: StacOptions): string {
  const address = new URL(url);
  const set = (name: string, value: string | undefined) => {
    if (value !== undefined && value !== "" && !address.searchParams.has(name)) {
      address.searchParams.set(name, value);
    }
  };
  if (/\/search\/?$/.test(address.pathname)) set("collections", query.collections?.join(","));
  set("bbox", bboxText(query.bbox));
  if (query.start !== undefined || query.end !== undefined) {
    set("datetime", `${instant(query.start, false)}/${instant(query.end, true)}`);
  }
  set("limit", String(options.limit ?? PAGE_LIMIT));
  return address.href;
}

/** STAC boxes may cross the antimeridian with west > east, as ours do. */
function bboxText(bbox: StacQuery["bbox"]): string | undefined {
  return bbox?.join(",");
}

function instant(time: string | undefined, isEnd: boolean): string {
  if (time === undefined || time === "") return "..";
  const at = timeOfText(time, isEnd);
  if (at === null) throw inputError(`"${time}" is not a time (wanted such as 2023-12-18)`);
  return new Date(at).toISOString().replace(".000Z", "Z");
}

/** The request behind a catalog's or collection's own link to its items. */
function itemsRequest(
  catalog: JsonObject,
  base: string,
  query: StacQuery,
  options: StacOptions,
): TextRequest {
  const links = asObjects(catalog.links);
  const link = links.find((one) => one.rel === (catalog.type === "Collection" ? "items" : "search")) ??
    links.find((one) => one.rel === "search" || one.rel === "items");
  const href = asText(link?.href);
  if (href === null || !URL.canParse(href, base)) {
    throw inputError(
      `${
        safeName(base)
      }: a static STAC ${catalog.type} has no search (give item collections, items or a search URL)`,
    );
  }
  const target = new URL(href, base).href;
  if (/\/search\/?(\?|$)/.test(target) && (query.collections ?? []).length === 0) {
    throw inputError(
      `${safeName(target)}: a search of a whole STAC API needs collections (--collection NAME)`,
    );
  }
  return { url: withQuery(target, query, options), asked: safeName(target), headers: ACCEPT };
}

/** The next page's request: method, headers and body as the link says, merged when it says so. */
export function nextRequest(link: JsonObject, previous: TextRequest, base: string): TextRequest {
  const href = asText(link.href);
  if (href === null || !URL.canParse(href, base)) {
    throw inputError(`${previous.asked}: its next link has no URL`);
  }
  const url = new URL(href, base).href;
  const headers: Record<string, string> = { ...ACCEPT };
  if (link.merge === true) Object.assign(headers, previous.headers);
  for (const [name, value] of Object.entries(asObject(link.headers) ?? {})) {
    const text = Array.isArray(value) ? value.join(", ") : value;
    if (
      typeof text === "string" && /^[A-Za-z0-9-]+$/.test(name) && !/^(authorization|cookie|host)$/i.test(name)
    ) {
      headers[name.toLowerCase()] = text;
    }
  }
  if (asText(link.method)?.toUpperCase() !== "POST") return { url, headers, asked: previous.asked };
  const own = asObject(link.body) ?? {};
  const before = link.merge === true && previous.body !== undefined
    ? asObject(JSON.parse(previous.body))
    : {};
  return {
    url,
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ ...before, ...own }),
    asked: previous.asked,
  };
}
