/** How the server is, for those who run it: health, readiness, metrics. */
import { z } from "zod";
import type { ServeContext } from "../context.ts";
import { json } from "../http/operation.ts";

const NONE = z.object({});
const UNCACHED = { "cache-control": "no-store" };

export function addService({ api, metrics, ready, catalogs }: ServeContext): void {
  const common = { method: "get", pathParameters: NONE, query: NONE, tag: "service", hidden: true } as const;
  api.add({
    ...common,
    path: "/healthz",
    summary: "The process answers",
    answers: { 200: { description: "It does", types: ["application/json"] } },
    answer: () => json({ status: "ok" }, { headers: UNCACHED }),
  });
  api.add({
    ...common,
    path: "/readyz",
    summary: "Requests are taken",
    answers: { 200: { description: "They are", types: ["application/json"] } },
    answer: () =>
      ready()
        ? json({ status: "ready", catalogs: catalogs.names() }, { headers: UNCACHED })
        : json({ detail: "the server is stopping" }, { status: 503, headers: UNCACHED }),
  });
  api.add({
    ...common,
    path: "/metrics",
    summary: "Counts for Prometheus",
    answers: { 200: { description: "Counts", types: ["text/plain"] } },
    answer: () => ({
      body: metrics.text(),
      type: "text/plain; version=0.0.4; charset=utf-8",
      headers: UNCACHED,
    }),
  });
}
