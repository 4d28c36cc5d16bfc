/**
 * Follows a STAC API (1.0, item search). Where it filters by a time of the items' last change, windows are of
 * that time; where it only searches by what was observed, windows are of that, and a feed's sweep walks its
 * settling time again.
 */
import { nextRequest, parseStac, type StacPage } from "../../catalog/discover/stac/stac.ts";
import { readStacItem } from "../../catalog/discover/stac/stac_item.ts";
import { type HttpIo, requestText, type TextRequest } from "../../catalog/discover/draft/http_text.ts";
import { Tally } from "../../catalog/discover/draft/tally.ts";
import { GranaryError, inputError } from "../../core/errors.ts";
import { asArray, asObject, asObjects, asText, asTime, type JsonObject } from "../../core/json_value.ts";
import { safeName } from "../../core/access/redact.ts";
import type { StacTime } from "../definition/parse.ts";
import type { FollowSource, Window } from "../follow/source.ts";
import { DAY_MS } from "../ledger/days.ts";
import type { Offer } from "../ledger/register.ts";
import { makeOffer, type OfferMaker, unreadableOffer } from "./offer.ts";

interface StacSourceOptions {
  /** The API's landing page. */
  url: string;
  collections: readonly string[];
  time: StacTime;
  io: HttpIo;
  maker: OfferMaker;
  pageSize?: number;
}

/** What the API can do, by its conformance classes. */
interface Search {
  url: string;
  method: "GET" | "POST";
  filter: "cql2-json" | "query" | "datetime";
  sorts: boolean;
}

const PAGE_SIZE = 500;
const JSON_HEADERS = { "content-type": "application/json", accept: "application/geo+json, application/json" };
/** Without sorting, a window's items are gathered before they are given; more than these are too many. */
const MOST_GATHERED = 100_000;

export function stacSource(options: StacSourceOptions): FollowSource {
  const { io } = options;
  const pageSize = options.pageSize ?? PAGE_SIZE;
  let clockOffset = 0;
  let known: Promise<Search> | undefined;
  const search = () =>
    known ??= readSearch(options).catch((error) => {
      known = undefined;
      throw error;
    });
  const send = async (request: TextRequest): Promise<StacPage & { url: string }> => {
    const reply = await requestText(io, request);
    const date = Date.parse(reply.headers.get("date") ?? "");
    if (!Number.isNaN(date)) clockOffset = date - Date.now();
    return { ...parseStac(reply.text, request.asked), url: reply.url };
  };
  const offersOf = (page: StacPage & { url: string }, window: Window): Offer[] =>
    page.items.flatMap((item) => itemOffer(item, page, options) ?? [])
      .filter(({ changed }) => changed >= window.from && changed < window.to);

  return {
    pageSize,
    now: () => Promise.resolve(Date.now() + clockOffset),
    async count(window) {
      // A search by what was observed finds what only overlaps the window, too: its count is of another set.
      const how = await search();
      if (how.filter === "datetime") return null;
      return (await send(searchRequest(how, options, window, 1))).matched;
    },
    async page(window, next) {
      const how = await search();
      if (!how.sorts) return await gather(how, window, next);
      const request = next === null
        ? searchRequest(how, options, window, pageSize)
        : JSON.parse(next) as TextRequest;
      const page = await send(request);
      const following = page.next === null ? null : nextRequest(page.next, request, page.url);
      return {
        offers: offersOf(page, window).sort((a, b) => a.changed - b.changed),
        next: following === null ? null : JSON.stringify(sameHost(following, options.url)),
      };
    },
    async has(sourceId) {
      const [collection, id] = JSON.parse(sourceId) as [string, string];
      const url = new URL(
        `collections/${encodeURIComponent(collection)}/items/${encodeURIComponent(id)}`,
        folderOf(options.url),
      ).href;
      try {
        await requestText(io, { url, asked: safeName(url), headers: JSON_HEADERS });
        return true;
      } catch (error) {
        if (error instanceof GranaryError && error.details.status === 404) return false;
        throw error;
      }
    },
  };

  /** A day at a time, all its pages: in no order they are of use only together. */
  async function gather(how: Search, window: Window, next: string | null) {
    const from = next === null ? window.from : Number(next);
    const part = { from, to: Math.min(window.to, from + DAY_MS) };
    const offers: Offer[] = [];
    let request: TextRequest | null = searchRequest(how, options, part, pageSize);
    while (request !== null) {
      const page: Awaited<ReturnType<typeof send>> = await send(request);
      for (const offer of offersOf(page, part)) offers.push(offer);
      if (offers.length > MOST_GATHERED) {
        throw new GranaryError(
          "io",
          `${
            safeName(options.url)
          }: more than ${MOST_GATHERED} items in a day from an API that does not sort ` +
            "(follow one collection at a time)",
        );
      }
      request = page.next === null ? null : sameHost(nextRequest(page.next, request, page.url), options.url);
    }
    return {
      offers: offers.sort((a, b) => a.changed - b.changed),
      next: part.to >= window.to ? null : String(part.to),
    };
  }
}

/** What the landing page says of the API's search. */
async function readSearch({ url, io, time }: StacSourceOptions): Promise<Search> {
  const asked = safeName(url);
  const reply = await requestText(io, { url, asked, headers: { accept: "application/json" } });
  let landing: JsonObject | null;
  try {
    landing = asObject(JSON.parse(reply.text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    landing = null;
  }
  const links = asObjects(landing?.links).filter((link) => link.rel === "search");
  const post = links.find((link) => asText(link.method)?.toUpperCase() === "POST");
  const href = asText((post ?? links[0])?.href);
  if (href === null || !URL.canParse(href, reply.url)) {
    throw inputError(`${asked}: no link to a search (wanted the landing page of a STAC API)`);
  }
  const target = new URL(href, reply.url);
  if (target.host !== new URL(url).host) {
    throw inputError(
      `${asked}: its search lies on another host, ${target.host} (name that API's landing page)`,
    );
  }
  const classes = asArray(landing?.conformsTo).filter((one): one is string => typeof one === "string");
  const has = (name: string) => classes.some((one) => one.includes(`item-search#${name}`));
  const cql2 = classes.some((one) => /cql2(-json)?$/.test(one)) || has("filter");
  const filter = time === "datetime"
    ? "datetime"
    : post === undefined
    ? null
    : cql2
    ? "cql2-json"
    : has("query")
    ? "query"
    : null;
  if (filter === null) {
    throw inputError(
      `${asked}: the API filters by no property, so items cannot be followed by "${time}" ` +
        "(say time: datetime, to follow by what was observed)",
    );
  }
  return { url: target.href, method: post === undefined ? "GET" : "POST", filter, sorts: has("sort") };
}

function searchRequest(
  how: Search,
  { collections, time, url }: StacSourceOptions,
  { from, to }: Window,
  limit: number,
): TextRequest {
  const [start, end] = [new Date(from).toISOString(), new Date(to).toISOString()];
  const asked = safeName(url);
  // Times of observation are searched by closed intervals: to the last microsecond before the end.
  const interval = `${start}/${new Date(to - 1).toISOString().replace("Z", "999Z")}`;
  if (how.method === "GET") {
    const address = new URL(how.url);
    address.searchParams.set("collections", collections.join(","));
    address.searchParams.set("datetime", interval);
    address.searchParams.set("limit", String(limit));
    if (how.sorts) address.searchParams.set("sortby", "+properties.datetime");
    return { url: address.href, asked, headers: { accept: JSON_HEADERS.accept } };
  }
  const property = { property: time };
  const instant = (timestamp: string) => ({ timestamp });
  const condition = how.filter === "cql2-json"
    ? {
      "filter-lang": "cql2-json",
      filter: {
        op: "and",
        args: [
          { op: ">=", args: [property, instant(start)] },
          { op: "<", args: [property, instant(end)] },
        ],
      },
    }
    : how.filter === "query"
    ? { query: { [time]: { gte: start, lt: end } } }
    : { datetime: interval };
  const order = how.sorts ? { sortby: [{ field: `properties.${time}`, direction: "asc" }] } : {};
  return {
    url: how.url,
    method: "POST",
    headers: JSON_HEADERS,
    body: JSON.stringify({ collections, limit, ...condition, ...order }),
    asked,
  };
}

/** A next link that leads to another host is not followed: the token would go there. */
function sameHost(request: TextRequest, url: string): TextRequest {
  if (new URL(request.url).host !== new URL(url).host) {
    throw new GranaryError(
      "io",
      `${safeName(url)}: its next page lies on another host, ${safeName(request.url)}`,
    );
  }
  return request;
}

function folderOf(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}

/** What the ledger is offered of an item; null for what has no id, no collection or no time. */
export function itemOffer(
  value: unknown,
  page: { url?: string },
  { time, maker }: Pick<StacSourceOptions, "time" | "maker">,
): Offer | null {
  const item = asObject(value);
  const id = asText(item?.id);
  const collection = asText(item?.collection);
  const properties = asObject(item?.properties);
  const updated = asTime(properties?.updated);
  const changed = asTime(properties?.[time]) ??
    (time === "datetime" ? asTime(properties?.start_datetime) : null);
  if (id === null || collection === null || changed === null) return null;
  const sourceId = JSON.stringify([collection, id]);
  const times = { changed, revised: Math.max(changed, updated ?? changed) };
  const tally = new Tally();
  const draft = readStacItem(item, { tally, baseUrl: page.url ?? null });
  if (draft !== null) return makeOffer(draft, sourceId, times, maker);
  return unreadableOffer(sourceId, times, tally.lines(["granule"])[0] ?? "unreadable");
}
