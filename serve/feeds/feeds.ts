/** The feeds that a server was given: their state, the footprints of the last days, and a page of both. */
import { z } from "zod";
import type { ServeContext } from "../context.ts";
import { type Answer, json } from "../http/operation.ts";
import { notFound } from "../http/problem.ts";
import { FEED_PAGE_POLICY, feedPage } from "./feed_page.ts";
import type { FeedState } from "../../catalog/feed_state.ts";
import type { FeedFootprint, ServedFeed } from "./served_feed.ts";

const NAME = z.object({ name: z.string().meta({ description: "A feed's name" }) });
const DAYS = z.object({
  days: z.number().int().min(1).max(366).default(30).meta({ description: "How many days back" }),
});
const FOOTPRINTS = z.object({
  days: z.number().int().min(1).max(31).default(3).meta({ description: "How many days back" }),
  limit: z.number().int().min(1).max(20_000).default(5000).meta({ description: "Footprints at most" }),
});
const BRIEFLY = { "cache-control": "public, max-age=30" };
/** What a ledger said is said again for so long: it is asked while it is written. */
const KEPT_MS = 10_000;
const PAGE_DAYS = 14;
const PAGE_FOOTPRINT_DAYS = 3;
const PAGE_FOOTPRINTS = 3000;

export function addFeeds({ api }: Pick<ServeContext, "api">, feeds: readonly ServedFeed[]): void {
  if (feeds.length === 0) return;
  const byName = new Map(feeds.map((feed) => [feed.name, new AskedSeldom(feed)]));
  const named = (name: string) => {
    const feed = byName.get(name);
    if (feed !== undefined) return feed;
    throw notFound(`there is no feed "${name}" here (there are ${[...byName.keys()].join(", ")})`);
  };
  const answers = (description: string, ...types: string[]) => ({ 200: { description, types } });
  const common = { method: "get", tag: "feeds", heavy: true } as const;
  api.add({
    ...common,
    path: "/feeds",
    summary: "Feeds whose state is shown here",
    pathParameters: z.object({}),
    query: z.object({}),
    answers: answers("Names and addresses", "application/json"),
    answer: ({ baseUrl }) => {
      const one = (name: string) => {
        const href = `${baseUrl}/feed/${encodeURIComponent(name)}`;
        return { id: name, state: href, footprints: `${href}/footprints`, page: `${href}/status.html` };
      };
      return json({ feeds: [...byName.keys()].map(one) }, { headers: BRIEFLY });
    },
  });
  api.add({
    ...common,
    path: "/feed/{name}",
    summary: "What a feed has come to",
    pathParameters: NAME,
    query: DAYS,
    answers: answers("Counts by day, watermark, last poll and push", "application/json"),
    answer: async ({ path: { name }, query: { days } }) =>
      json(await named(name).state(days), { headers: BRIEFLY }),
  });
  api.add({
    ...common,
    path: "/feed/{name}/footprints",
    summary: "Where a feed's newest granules lie",
    pathParameters: NAME,
    query: FOOTPRINTS,
    answers: answers("Footprints by the day of the last change, the newest first", "application/geo+json"),
    answer: async ({ path: { name }, query: { days, limit } }) => ({
      body: JSON.stringify(collectionOf(await named(name).footprints(days, limit))),
      type: "application/geo+json",
      headers: BRIEFLY,
    }),
  });
  api.add({
    ...common,
    path: "/feed/{name}/status.html",
    summary: "A feed's state as a page",
    pathParameters: NAME,
    query: z.object({}),
    answers: answers("A page", "text/html"),
    answer: async ({ path: { name } }): Promise<Answer> => {
      const feed = named(name);
      const state = await feed.state(PAGE_DAYS);
      const footprints = await feed.footprints(PAGE_FOOTPRINT_DAYS, PAGE_FOOTPRINTS);
      return {
        body: feedPage(state, footprints),
        type: "text/html; charset=utf-8",
        headers: {
          ...BRIEFLY,
          "content-security-policy": FEED_PAGE_POLICY,
          "referrer-policy": "no-referrer",
        },
      };
    },
  });
}

function collectionOf(footprints: readonly FeedFootprint[]) {
  return {
    type: "FeatureCollection",
    features: footprints.map(({ geometry, ...properties }) => ({ type: "Feature", geometry, properties })),
  };
}

/** Asks the ledger once for all who ask within some seconds. */
class AskedSeldom {
  readonly #feed: ServedFeed;
  readonly #kept = new Map<string, { until: number; answer: Promise<unknown> }>();

  constructor(feed: ServedFeed) {
    this.#feed = feed;
  }

  state(days: number): Promise<FeedState> {
    return this.#once(`state ${days}`, () => this.#feed.state(days));
  }

  footprints(days: number, most: number): Promise<readonly FeedFootprint[]> {
    return this.#once(`footprints ${days} ${most}`, () => this.#feed.footprints(days, most));
  }

  #once<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const now = Date.now();
    for (const [name, { until }] of this.#kept) if (until <= now) this.#kept.delete(name);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept.answer as Promise<T>;
    const answer = ask();
    this.#kept.set(key, { until: now + KEPT_MS, answer });
    // An error goes to those who wait for it, and asked about again.
    answer.catch(() => this.#kept.delete(key));
    return answer;
  }
}
