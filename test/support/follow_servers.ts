/**
 * Services on loopback that can be followed, each over the same changing set of granules: CMR's search with
 * its deletions, and a STAC API that filters and sorts as much as it is asked to.
 */
import { type Answer, startServer, type TestServer } from "./http_server.ts";

/** A granule as its service has it. */
export interface Published {
  id: string;
  /** When its metadata last changed, and what it observed, milliseconds since 1970 UTC. */
  updated: number;
  observed: number;
}

export interface FollowWorld {
  granules: Map<string, Published>;
  deleted: { id: string; at: number }[];
  /** Answers 503 to these requests, by number. */
  faults: Set<number>;
}

export const emptyWorld = (): FollowWorld => ({ granules: new Map(), deleted: [], faults: new Set() });

export const CONCEPT = (id: string) => `G${id}-PROV`;
const COLLECTION = "C1-PROV";

/** A number within the world, ascending by time, then id. */
const ascending = (some: Published[], time: (one: Published) => number) =>
  some.sort((a, b) => time(a) - time(b) || (a.id < b.id ? -1 : 1));

/** CMR's search: `revision_date[]`, `concept_id[]`, `sort_key[]`, hits, search-after, deleted granules. */
export function startFollowCmr(world: FollowWorld): Promise<TestServer> {
  return startServer((asked, index): Answer => {
    if (world.faults.has(index)) return { status: 503, body: "{}" };
    const { searchParams: query, pathname } = asked.url;
    if (pathname.endsWith("/collections.umm_json")) {
      return {
        body: JSON.stringify({
          hits: 1,
          items: [{
            meta: { "concept-id": COLLECTION, "concept-type": "collection" },
            umm: { ShortName: "TEST", Version: "1" },
          }],
        }),
      };
    }
    if (pathname.endsWith("/deleted-granules.json")) {
      const since = Date.parse(query.get("revision_date") ?? "");
      const items = world.deleted.filter(({ at }) => at >= since).map(({ id, at }) => ({
        "granule-ur": id,
        "concept-id": CONCEPT(id),
        "parent-collection-id": COLLECTION,
        "provider-id": "PROV",
        "revision-date": new Date(at).toISOString(),
      }));
      return { headers: { "cmr-hits": String(items.length) }, body: JSON.stringify(items) };
    }
    const [from, to] = (query.get("revision_date[]") ?? ",").split(",")
      .map((text, end) => text === "" ? (end ? Infinity : -Infinity) : Date.parse(text));
    const concept = query.get("concept_id[]");
    const found = ascending(
      [...world.granules.values()].filter((one) =>
        one.updated >= from && one.updated <= to && (concept === null || CONCEPT(one.id) === concept)
      ),
      (one) => one.updated,
    );
    const size = Number(query.get("page_size"));
    const at = Number(asked.headers["cmr-search-after"] ?? 0);
    const headers: Record<string, string> = { "cmr-hits": String(found.length) };
    if (size > 0 && at + size < found.length) headers["cmr-search-after"] = String(at + size);
    return {
      headers,
      body: JSON.stringify({ hits: found.length, items: found.slice(at, at + size).map(ummItem) }),
    };
  });
}

function ummItem({ id, updated, observed }: Published) {
  const instant = new Date(observed).toISOString();
  return {
    meta: {
      "concept-id": CONCEPT(id),
      "revision-date": new Date(updated).toISOString(),
      "revision-id": 1,
      "provider-id": "PROV",
      "collection-concept-id": COLLECTION,
    },
    umm: {
      GranuleUR: id,
      CollectionReference: { ShortName: "TEST", Version: "1" },
      TemporalExtent: { RangeDateTime: { BeginningDateTime: instant, EndingDateTime: instant } },
      SpatialExtent: {
        HorizontalSpatialDomain: {
          Geometry: {
            BoundingRectangles: [{
              WestBoundingCoordinate: 1,
              SouthBoundingCoordinate: 2,
              EastBoundingCoordinate: 3,
              NorthBoundingCoordinate: 4,
            }],
          },
        },
      },
      RelatedUrls: [{ URL: `https://data.example/test/${id}.h5`, Type: "GET DATA" }],
    },
  };
}

export interface StacAbility {
  filter: "cql2" | "query" | "none";
  sorts: boolean;
}

/** A STAC API: landing page, search by POST, items. */
export function startFollowStac(world: FollowWorld, ability: StacAbility): Promise<TestServer> {
  return startServer((asked, index): Answer => {
    if (world.faults.has(index)) return { status: 503, body: "{}" };
    const json = (value: unknown): Answer => ({ body: JSON.stringify(value) });
    const origin = `http://${asked.headers.host}`;
    if (asked.url.pathname === "/") {
      return json({
        type: "Catalog",
        id: "api",
        conformsTo: [
          "https://api.stacspec.org/v1.0.0/item-search",
          ...(ability.filter === "cql2" ? ["https://api.stacspec.org/v1.0.0/item-search#filter"] : []),
          ...(ability.filter === "query" ? ["https://api.stacspec.org/v1.0.0/item-search#query"] : []),
          ...(ability.sorts ? ["https://api.stacspec.org/v1.0.0/item-search#sort"] : []),
        ],
        links: [
          { rel: "search", href: `${origin}/search`, method: "GET" },
          { rel: "search", href: `${origin}/search`, method: "POST" },
        ],
      });
    }
    const item = /^\/collections\/TEST\/items\/(.+)$/.exec(asked.url.pathname)?.[1];
    if (item !== undefined) {
      const one = world.granules.get(decodeURIComponent(item));
      return one === undefined ? { status: 404, body: "{}" } : json(stacItem(one));
    }
    const body = JSON.parse(asked.body);
    const time = (one: Published) => body.datetime === undefined ? one.updated : one.observed;
    const inside = test(body);
    const found = [...world.granules.values()].filter((one) => inside(time(one)));
    if (ability.sorts && body.sortby?.[0]?.direction === "asc") ascending(found, time);
    const at = Number(body.token ?? 0);
    const end = at + body.limit;
    return json({
      type: "FeatureCollection",
      features: found.slice(at, end).map(stacItem),
      numberMatched: found.length,
      links: end >= found.length
        ? []
        : [{ rel: "next", href: `${origin}/search`, method: "POST", body: { token: end }, merge: true }],
    });
  });
}

// deno-lint-ignore no-explicit-any
function test(body: any): (time: number) => boolean {
  if (body.filter !== undefined) {
    const [low, high] = body.filter.args.map((arg: { args: [unknown, { timestamp: string }] }) =>
      Date.parse(arg.args[1].timestamp)
    );
    return (time) => time >= low && time < high;
  }
  if (body.query !== undefined) {
    const { gte, lt } = body.query.updated;
    return (time) => time >= Date.parse(gte) && time < Date.parse(lt);
  }
  const [start, end] = body.datetime.split("/");
  // To the microsecond, as the text says it.
  return (time) => time >= Date.parse(start) && new Date(time).toISOString().replace("Z", "000Z") <= end;
}

export function stacItem({ id, updated, observed }: Published) {
  return {
    type: "Feature",
    stac_version: "1.0.0",
    id,
    collection: "TEST",
    geometry: { type: "Point", coordinates: [1, 2] },
    bbox: [1, 2, 1, 2],
    properties: { datetime: new Date(observed).toISOString(), updated: new Date(updated).toISOString() },
    links: [],
    assets: { data: { href: `https://data.example/test/${id}.tif`, roles: ["data"] } },
  };
}
