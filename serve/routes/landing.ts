/** Where clients begin: the landing page, what the server conforms to, and the description of its API. */
import { z } from "zod";
import type { ServeContext } from "../context.ts";
import { docsPage } from "../http/docs_page.ts";
import { openApi } from "../http/openapi.ts";
import { json } from "../http/operation.ts";

const NONE = z.object({});
const TITLE = "granary";
const OPENAPI_TYPE = "application/vnd.oai.openapi+json;version=3.1";

/** Classes of OGC API – Common and of OGC API – Tiles that the routes fulfil. */
const CONFORMS_TO = [
  ...["core", "html", "json", "landing-page", "oas30"].map((name) => `ogcapi-common-1/1.0/conf/${name}`),
  ...["core", "oas30", "tileset", "tilesets-list"].map((name) => `ogcapi-tiles-1/1.0/conf/${name}`),
].map((name) => `http://www.opengis.net/spec/${name}`);

export function addLanding({ api, version, stores }: ServeContext): void {
  const common = { method: "get", pathParameters: NONE, query: NONE, tag: "server" } as const;
  api.add({
    ...common,
    path: "/",
    summary: "What is here",
    answers: { 200: { description: "Links to the parts of this server", types: ["application/json"] } },
    answer: ({ baseUrl }) => {
      const link = (path: string, rel: string, type: string, title: string) => ({
        href: `${baseUrl}${path}`,
        rel,
        type,
        title,
      });
      return json({
        title: TITLE,
        links: [
          link("/", "self", "application/json", "This page"),
          link("/api", "service-desc", OPENAPI_TYPE, "The API's description (JSON)"),
          link("/api.html", "service-doc", "text/html", "The API's description (page)"),
          link("/conformance", "conformance", "application/json", "What this server conforms to"),
          link("/map", "related", "text/html", "A map of what is served (page)"),
          link("/catalogs", "data", "application/json", "Catalogs that are served"),
          link("/stores", "data", "application/json", "Stores of cells that are served"),
          ...stores.names().length === 0 ? [] : [
            link(
              "/WMTSCapabilities.xml",
              "service-meta",
              "application/xml",
              "Stores as a Web Map Tile Service",
            ),
          ],
        ],
      });
    },
  });
  api.add({
    ...common,
    path: "/conformance",
    summary: "What this server conforms to",
    answers: { 200: { description: "Addresses of conformance classes", types: ["application/json"] } },
    answer: () => json({ conformsTo: CONFORMS_TO }),
  });
  api.add({
    ...common,
    path: "/api",
    summary: "The API's description",
    answers: { 200: { description: "OpenAPI 3.1", types: [OPENAPI_TYPE] } },
    answer: ({ baseUrl }) => {
      const description = "Tiles, values, statistics and time series of catalogs of granules.";
      return json(openApi(api.operations, { title: TITLE, version, description }, baseUrl), {
        type: OPENAPI_TYPE,
      });
    },
  });
  api.add({
    ...common,
    path: "/api.html",
    summary: "The API's description as a page",
    answers: { 200: { description: "A page", types: ["text/html"] } },
    answer: () => ({ body: docsPage(TITLE), type: "text/html; charset=utf-8" }),
  });
  api.add({
    ...common,
    path: "/docs",
    summary: "The API's description as a page",
    hidden: true,
    answers: { 307: { description: "To the page", types: [] } },
    answer: ({ baseUrl }) => ({ status: 307, body: null, headers: { location: `${baseUrl}/api.html` } }),
  });
}
