/** CMR's search on loopback: pages of recorded answers by CMR-Search-After, with faults on demand. */
import fs from "node:fs";
import { sharedData } from "../shared_data.ts";
import { type Answer, type Asked, startServer, type TestServer } from "./http_server.ts";

/** The body of a saved answer or of a recorded exchange, as text. */
export function answerText(file: string): string {
  const text = fs.readFileSync(sharedData(file), "utf8");
  const value = JSON.parse(text);
  return "response" in value ? JSON.stringify(value.response.body) : text;
}

/** The items of a saved answer, raw. */
// deno-lint-ignore no-explicit-any
export function rawItems(file: string): any[] {
  const body = JSON.parse(answerText(file));
  return body.items ?? body.feed.entry;
}

export interface CmrScript {
  /** Bodies of granules.umm_json, in order of pages. */
  pages: readonly string[];
  /** What CMR-Hits says; the items of all pages when absent. */
  hits?: number;
  /** Whether the last page has a search-after too and an empty page follows, as CMR does it. */
  emptyLastPage?: boolean;
  collections?: string;
  /** Body of deleted-granules.json. */
  deleted?: string;
  /** Answers instead of the script's, by the number of the request, from 0. */
  faults?: Readonly<Record<number, Answer>>;
}

/** Serves a script. Its search endpoint is `url`. */
export function startCmr(script: CmrScript): Promise<TestServer> {
  const hits = script.hits ??
    script.pages.reduce((sum, page) => sum + (JSON.parse(page).items?.length ?? 0), 0);
  const last = script.pages.length - (script.emptyLastPage ? 0 : 1);
  return startServer((asked: Asked, index) => {
    const fault = script.faults?.[index];
    if (fault !== undefined) return fault;
    if (asked.url.pathname.endsWith("/collections.umm_json")) {
      return script.collections === undefined ? { status: 404, body: "{}" } : { body: script.collections };
    }
    if (asked.url.pathname.endsWith("/deleted-granules.json")) {
      return {
        body: script.deleted ?? "[]",
        headers: { "cmr-hits": String(JSON.parse(script.deleted ?? "[]").length) },
      };
    }
    const after = asked.headers["cmr-search-after"];
    const page = after === undefined ? 0 : Number(JSON.parse(String(after))[1]);
    const headers: Record<string, string> = {
      "content-type": "application/vnd.nasa.cmr.umm_results+json;version=1.6.6; charset=utf-8",
      "cmr-hits": String(hits),
    };
    if (page < last) headers["cmr-search-after"] = JSON.stringify(["page", page + 1]);
    return { headers, body: script.pages[page] ?? JSON.stringify({ hits, took: 1, items: [] }) };
  });
}

/** Serves recorded exchanges: the answer whose request carried the same search-after value. */
export function startCassettes(files: readonly string[]): Promise<TestServer> {
  const exchanges = files.map((file) => JSON.parse(fs.readFileSync(sharedData(file), "utf8")));
  return startServer((asked) => {
    const after = asked.headers["cmr-search-after"];
    const exchange = exchanges.find(({ request }) => request.headers["cmr-search-after"] === after);
    if (exchange === undefined) return { status: 400, body: '{"errors":["unknown search-after"]}' };
    const { status, headers, body } = exchange.response;
    const kept = Object.entries(headers as Record<string, string>)
      .filter(([name]) => /^(cmr-|content-type)/.test(name));
    return { status: status.code, headers: Object.fromEntries(kept), body: JSON.stringify(body) };
  });
}
