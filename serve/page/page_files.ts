/**
 * What the map page is made of: read beside the sources, and embedded as text in the binary, where the build
 * (`scripts/page_plugin.ts`) puts it in the place of each call that names a file.
 */
import fs from "node:fs";
import * as modules from "node:module";
import { fileURLToPath } from "node:url";

interface PageFile {
  readonly type: string;
  text(): string | Promise<string>;
}

/** Scripts of the page are TypeScript: what browsers get is without types, under the same name. */
const script = (text: () => string): PageFile => ({ type: "text/javascript; charset=utf-8", text });

/** By the last part of their addresses. */
export const PAGE_FILES: Readonly<Record<string, PageFile>> = {
  "ol.js": script(() => packageText("ol/dist/ol.js")),
  "proj4.js": script(() => packageText("proj4/dist/proj4.js")),
  "ol.css": { type: "text/css; charset=utf-8", text: () => packageText("ol/ol.css") },
  "page.css": { type: "text/css; charset=utf-8", text: () => pageText("./client/page.css") },
  "land.json": { type: "application/json", text: landText },
  "address.ts": script(() => pageText("./client/address.ts")),
  "basemap.ts": script(() => pageText("./client/basemap.ts")),
  "chart.ts": script(() => pageText("./client/chart.ts")),
  "colours.ts": script(() => pageText("./client/colours.ts")),
  "dom.ts": script(() => pageText("./client/dom.ts")),
  "drawing.ts": script(() => pageText("./client/drawing.ts")),
  "layers.ts": script(() => pageText("./client/layers.ts")),
  "main.ts": script(() => pageText("./client/main.ts")),
  "range.ts": script(() => pageText("./client/range.ts")),
  "server.ts": script(() => pageText("./client/server.ts")),
  "steps.ts": script(() => pageText("./client/steps.ts")),
  "times.ts": script(() => pageText("./client/times.ts")),
  "values.ts": script(() => pageText("./client/values.ts")),
  "views.ts": script(() => pageText("./client/views.ts")),
};

/** Coastlines of Natural Earth at 1:50 million, as TopoJSON. */
async function landText(): Promise<string> {
  const { default: land } = await import("world-atlas/land-50m.json", { with: { type: "json" } });
  return JSON.stringify(land);
}

/** A file of a package, as it is. */
function packageText(name: string): string {
  return fs.readFileSync(fileURLToPath(import.meta.resolve(name)), "utf8");
}

/** A file beside this one; of TypeScript what is left without types. */
function pageText(name: string): string {
  const text = fs.readFileSync(new URL(name, import.meta.url), "utf8");
  return name.endsWith(".ts") ? modules.stripTypeScriptTypes(text) : text;
}
