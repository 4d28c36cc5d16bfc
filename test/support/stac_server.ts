/** A STAC API on loopback: pages of items by next links, GET or POST. */
import { startServer, type TestServer } from "./http_server.ts";

export interface StacScript {
  /** Items of every page. */
  pages: readonly (readonly unknown[])[];
  method: "GET" | "POST";
  /** Whether next links ask to be merged into the request before. */
  merge?: boolean;
  matched?: number;
  /** Headers that next links carry. */
  headers?: Record<string, string>;
}

/** Serves `/search` and `/items`; `/` is a landing page, `/static` a catalog without a search. */
export function startStac(script: StacScript): Promise<TestServer> {
  let origin = "";
  const server = startServer((asked) => {
    const json = (value: unknown) => ({
      body: JSON.stringify(value),
      headers: { "content-type": "application/geo+json" },
    });
    origin = `http://${asked.headers.host}`;
    if (asked.url.pathname === "/") {
      return json({
        type: "Catalog",
        id: "api",
        links: [{ rel: "search", href: "/search", type: "application/geo+json" }],
      });
    }
    if (asked.url.pathname === "/collection") {
      return json({ type: "Collection", id: "c", links: [{ rel: "items", href: "items" }] });
    }
    if (asked.url.pathname === "/static") return json({ type: "Catalog", id: "static", links: [] });
    const token = asked.method === "POST"
      ? JSON.parse(asked.body).token
      : asked.url.searchParams.get("token");
    const page = Number(token ?? 0);
    const features = script.pages[page] ?? [];
    const links = page + 1 < script.pages.length ? [next(page + 1, asked.url)] : [];
    return json({
      type: "FeatureCollection",
      features,
      links,
      numberMatched: script.matched ?? script.pages.reduce((sum, one) => sum + one.length, 0),
    });
  });
  const next = (page: number, url: URL) => {
    if (script.method === "GET") {
      const address = new URL(url.pathname + url.search, origin);
      address.searchParams.set("token", String(page));
      return { rel: "next", href: address.href };
    }
    return {
      rel: "next",
      href: `${origin}${url.pathname}`,
      method: "POST",
      body: script.merge ? { token: page } : { token: page, collections: ["c"] },
      ...(script.merge === undefined ? {} : { merge: script.merge }),
      ...(script.headers === undefined ? {} : { headers: script.headers }),
    };
  };
  return server;
}
