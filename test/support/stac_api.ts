/**
 * A STAC API with transactions, and an ingestion API beside it, on loopback. Statuses are those that
 * stac-fastapi-pgstac was measured to answer; faults are scheduled by the server's own rules.
 */
import type http from "node:http";
import { Loopback } from "./loopback.ts";

export interface FakeStacApi {
  server: Loopback;
  collections: Map<string, Record<string, unknown>>;
  /** Items by `collection/id`. */
  items: Map<string, Record<string, unknown>>;
  /** Whether there is a bulk extension. */
  bulk: boolean;
  /** Ids that are refused with 400. */
  refused: Set<string>;
  /** The Authorization header that is wanted; null lets everyone in. */
  wanted: string | null;
  /** Asks after an ingestion before it is done. */
  queuedPolls: number;
  tokensGiven: number;
  stop(): Promise<void>;
}

export async function startStacApi(): Promise<FakeStacApi> {
  const polls = new Map<string, number>();
  const server = await Loopback.start((request, response, body) => {
    const { pathname } = new URL(request.url!, server.url);
    const answer = (status: number, value: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    const parts = pathname.split("/").filter((part) => part !== "").map(decodeURIComponent);
    const json = () => JSON.parse(new TextDecoder().decode(body));
    if (parts[0] === "oauth2") {
      api.tokensGiven += 1;
      const basic = `Basic ${btoa("client:client-secret")}`;
      if (request.headers.authorization !== basic) return answer(400, { error: "invalid_client" });
      return answer(200, { access_token: "made-token", expires_in: 3600, token_type: "Bearer" });
    }
    if (api.wanted !== null && request.headers.authorization !== api.wanted) {
      return answer(401, { detail: "who are you" });
    }
    return parts[0] === "ingestions"
      ? ingest(request, parts, json, answer)
      : transact(request, parts, json, answer);
  });

  function transact(
    request: http.IncomingMessage,
    [, collection, list, id]: string[],
    json: () => Record<string, unknown>,
    answer: (status: number, value: unknown) => void,
  ): void {
    const { method } = request;
    if (collection === undefined) {
      if (method !== "POST") return answer(405, {});
      const document = json();
      if (api.collections.has(String(document.id))) return answer(409, { detail: "exists" });
      api.collections.set(String(document.id), document);
      return answer(201, document);
    }
    if (list === undefined) {
      const there = api.collections.has(collection);
      if (!there) return answer(404, { detail: "no such collection" });
      if (method === "PUT") api.collections.set(collection, json());
      return answer(200, api.collections.get(collection));
    }
    if (list === "bulk_items") {
      if (!api.bulk) return answer(404, { detail: "not found" });
      const { items } = json() as { items: Record<string, Record<string, unknown>> };
      const bad = Object.keys(items).find((id) => api.refused.has(id));
      if (bad !== undefined) return answer(400, { detail: `${bad} is bad` });
      for (const [id, item] of Object.entries(items)) api.items.set(`${collection}/${id}`, item);
      return answer(200, "done");
    }
    if (!api.collections.has(collection)) return answer(500, { detail: "no partition" });
    if (id === undefined) {
      const item = json();
      const key = `${collection}/${item.id}`;
      if (api.refused.has(String(item.id))) return answer(400, { detail: `${item.id} is bad` });
      if (api.items.has(key)) return answer(409, { detail: "exists" });
      api.items.set(key, item);
      return answer(201, item);
    }
    const key = `${collection}/${id}`;
    if (!api.items.has(key)) return answer(404, { detail: "no such item" });
    if (method === "DELETE") api.items.delete(key);
    else api.items.set(key, json());
    answer(200, {});
  }

  function ingest(
    request: http.IncomingMessage,
    [, id]: string[],
    json: () => Record<string, unknown>,
    answer: (status: number, value: unknown) => void,
  ): void {
    if (request.method === "POST") {
      const item = json();
      api.items.set(`${item.collection}/${item.id}`, item);
      polls.set(String(item.id), 0);
      return answer(201, { id: item.id, status: "queued" });
    }
    const asked = polls.get(id) ?? 0;
    polls.set(id, asked + 1);
    if (asked < api.queuedPolls) return answer(200, { id, status: "queued" });
    if (api.refused.has(id)) return answer(200, { id, status: "failed", message: "asset not reachable" });
    answer(200, { id, status: "succeeded" });
  }

  const api: FakeStacApi = {
    server,
    collections: new Map(),
    items: new Map(),
    bulk: true,
    refused: new Set(),
    wanted: null,
    queuedPolls: 2,
    tokensGiven: 0,
    stop: () => server.stop(),
  };
  return api;
}

/** A small sound item with a file below the output. */
export function smallItem(id: string, day = "2024-01-02"): Record<string, unknown> {
  return {
    type: "Feature",
    stac_version: "1.1.0",
    stac_extensions: [],
    id,
    collection: "C.1",
    geometry: { type: "Polygon", coordinates: [[[0, 0], [2, 0], [2, 1], [0, 1], [0, 0]]] },
    bbox: [0, 0, 2, 1],
    properties: { datetime: `${day}T00:00:00Z` },
    links: [{ rel: "collection", href: "../../collection.json" }, {
      rel: "derived_from",
      href: "https://data.example.org/a.he5",
    }],
    assets: {
      ozone: {
        href: `cogs/${id}/ozone é.tif`,
        type: "image/tiff; application=geotiff; profile=cloud-optimized",
        roles: ["data"],
        data_type: "float32",
        "file:size": 100,
        "file:checksum": `1220${"ab".repeat(32)}`,
      },
    },
  };
}
