/** The catalogs that a server was given, and what each holds. */
import { z } from "zod";
import type { ServeContext } from "../context.ts";
import { json } from "../http/operation.ts";
import { fromCatalog } from "../http/damage.ts";
import { notFound } from "../http/problem.ts";
import { unknownCatalog } from "../search/sources.ts";
import type { CatalogIndex } from "../search/catalog_index.ts";
import { catalogTimes } from "../search/catalog_times.ts";

const NONE = z.object({});
/** A catalog may change at any time. */
const BRIEFLY = { "cache-control": "public, max-age=60" };
/** Times of one answer. */
const MOST_TIMES = 5000;

export function addCatalogs({ api, catalogs, leftOut }: ServeContext): void {
  const answers = (description: string) => ({ 200: { description, types: ["application/json"] } });
  api.add({
    method: "get",
    path: "/catalogs",
    summary: "Catalogs that are served",
    tag: "catalogs",
    pathParameters: NONE,
    query: NONE,
    answers: answers("Names, collections, times and boxes"),
    answer: async ({ baseUrl }) => {
      const read = async (name: string) => {
        const index = await fromCatalog(name, catalogs.get(name));
        return index === undefined ? [] : [described(name, index, baseUrl)];
      };
      const found = await leftOut.of(catalogs.names(), (name) => `catalog ${name}`, read);
      return json({ catalogs: found.flat() }, { headers: BRIEFLY });
    },
  });
  api.add({
    method: "get",
    path: "/catalogs/{name}",
    summary: "What a catalog holds",
    tag: "catalogs",
    pathParameters: z.object({ name: z.string().meta({ description: "A catalog's name" }) }),
    query: NONE,
    answers: answers("Collections, times and boxes"),
    answer: async ({ path: { name }, baseUrl }) => {
      const index = await fromCatalog(name, catalogs.get(name));
      if (index === undefined) throw notFound(unknownCatalog(name, catalogs.names()));
      return json(described(name, index, baseUrl), { headers: BRIEFLY });
    },
  });
  api.add({
    method: "get",
    path: "/catalogs/{name}/times",
    summary: "The times of a catalog's granules",
    tag: "catalogs",
    pathParameters: z.object({ name: z.string().meta({ description: "A catalog's name" }) }),
    query: z.object({
      collection: z.array(z.string().max(1000)).max(100).optional()
        .meta({ description: "Collections of the catalog; all" }),
    }),
    answers: answers("Times at which granules start; days or months where there are too many times"),
    answer: async ({ path: { name }, query: { collection: wanted } }) => {
      const index = await fromCatalog(name, catalogs.get(name));
      if (index === undefined) throw notFound(unknownCatalog(name, catalogs.names()));
      const numbers = new Set<number>();
      for (const [number, { collection }] of index.collections.entries()) {
        if (wanted === undefined || wanted.includes(collection)) numbers.add(number);
      }
      const { start, collection } = index.arrays;
      const starts = start.filter((_, rank) => numbers.has(collection[rank]));
      return json(catalogTimes(starts, MOST_TIMES), { headers: BRIEFLY });
    },
  });
}

function described(name: string, index: CatalogIndex, baseUrl: string) {
  return {
    id: name,
    granules: index.size,
    collections: index.collections.map(({ collection, conceptId, granules, start, end, bbox }) => ({
      id: collection,
      concept_id: conceptId,
      granules,
      start: isoTime(start),
      end: isoTime(end),
      bbox: bbox === null ? null : [bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax],
    })),
    links: [{
      href: `${baseUrl}/catalogs/${encodeURIComponent(name)}`,
      rel: "self",
      type: "application/json",
      title: name,
    }],
  };
}

function isoTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
