/** `--json`: one style and a version in every document, each documented; nothing but JSON on stderr either. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { REPORT_VERSIONS } from "../../cli/io/report.ts";
import { granary, ROOT, temporaryFolder } from "../support/binary.ts";
import { gridFile } from "../support/grid_file.ts";

const DOCS = fs.readFileSync(path.join(ROOT, "docs", "json.md"), "utf8");
const folder = temporaryFolder("granary-json-");
fs.writeFileSync(
  path.join(folder, "item.json"),
  JSON.stringify({
    ...{ type: "Feature", stac_version: "1.1.0", id: "a", geometry: null, links: [], assets: {} },
    properties: { datetime: "2024-01-31T00:00:00Z" },
  }),
);

fs.writeFileSync(
  path.join(folder, "feed.yaml"),
  "feed: s2\nsource: {from: cdse, collection: X}\nfollow: {start: 2026-02-01, poll: false}\n" +
    "catalog: {to: s2.live}\ndownload: {to: files}\n",
);

/** A TIFF of one grey pixel (TIFF 6.0, section 2: header, one directory of short fields). */
function onePixelTiff(): Uint8Array {
  const fields = [[256, 1], [257, 1], [258, 8], [259, 1], [262, 1], [273, 8], [277, 1], [278, 1], [279, 1]];
  const bytes = new DataView(new ArrayBuffer(10 + 2 + 12 * fields.length + 4));
  [0x49, 0x49, 42, 0, 10].forEach((byte, i) => bytes.setUint8(i, byte));
  bytes.setUint16(10, fields.length, true);
  fields.forEach(([tag, value], i) => {
    const at = 12 + 12 * i;
    bytes.setUint16(at, tag, true);
    bytes.setUint16(at + 2, 3, true);
    bytes.setUint32(at + 4, 1, true);
    bytes.setUint16(at + 8, value, true);
  });
  return new Uint8Array(bytes.buffer);
}
fs.writeFileSync(path.join(folder, "pixel.tif"), onePixelTiff());
fs.writeFileSync(path.join(folder, "grids.nc"), await gridFile());

fs.mkdirSync(path.join(folder, "grids"));
fs.copyFileSync(path.join(folder, "grids.nc"), path.join(folder, "grids", "grid_20240102.nc"));
fs.writeFileSync(
  path.join(folder, "dataset.yaml"),
  "dataset: D.1\ndiscover: [{from: local, path: grids}]\n" +
    'convert: {time: {name: "_(?<year>\\\\d{4})(?<month>\\\\d\\\\d)(?<day>\\\\d\\\\d)"}}\npublish: [{to: published}]\n',
);
fs.writeFileSync(
  path.join(folder, "veda.json"),
  JSON.stringify({ collection: "c", discovery_items: [{ bucket: "b", prefix: "p/" }] }),
);
fs.writeFileSync(
  path.join(folder, "pushed.json"),
  JSON.stringify({
    ...{ type: "Feature", stac_version: "1.1.0", id: "a", geometry: null, assets: {}, collection: "C" },
    links: [{ rel: "collection", href: "collection.json" }],
    properties: { datetime: "2024-01-31T00:00:00Z" },
  }),
);

/** What these need is made by those before them. */
const COMMANDS: readonly string[][] = [
  ["--version"],
  ["help", "environment"],
  ["simulate", "granules", "--granules", "2", "--rows", "300"],
  ["catalog", "build", "--from", "local", "granules", "-o", "c.parquet"],
  ["catalog", "info", "c.parquet"],
  ["catalog", "info", "--schema"],
  ["catalog", "validate", "c.parquet"],
  ["catalog", "urls", "c.parquet", "--driver", "local"],
  ["catalog", "merge", "c.parquet", "-o", "merged.parquet"],
  ["catalog", "index", "merged.parquet"],
  ["catalog", "export", "c.parquet", "--stac-geoparquet", "-o", "items.parquet"],
  ["catalog", "rebase", "c.parquet", "--mirror", "granules", "-o", "rebased.parquet"],
  ["cells", "c.parquet", "--order", "4"],
  ["config", "check", "atl06"],
  ["config", "show", "atl06"],
  ["aggregate", "-c", "atl06", "--catalog", "c.parquet", "-o", "s.zarr", "--dry-run"],
  ["aggregate", "-c", "atl06", "--catalog", "c.parquet", "-o", "s.zarr"],
  ["inspect", "s.zarr"],
  ["inspect", "GRANULE"],
  ["inspect", "c.parquet"],
  ["inspect", "pixel.tif"],
  ["plot", "s.zarr", "--variable", "h_mean", "-o", "m.png"],
  ["diff", "s.zarr", "s.zarr"],
  ["export", "s.zarr", "-o", "cells.parquet"],
  ["aggregate", "-c", "atl06", "--catalog", "c.parquet", "-o", "t.zarr", "--plan-only", "--batches", "1"],
  ["run", "work", "t.zarr.run", "--stage", "scatter", "--task", "0"],
  ["run", "status", "t.zarr.run"],
  ["licenses"],
  ["stac", "validate", "item.json"],
  ["stac", "push", "pushed.json", "--to", "pushed"],
  ["publish", "check", "dataset.yaml"],
  ["publish", "plan", "dataset.yaml"],
  ["publish", "run", "dataset.yaml"],
  ["publish", "status", "dataset.yaml"],
  ["publish", "import", "veda.json"],
  ["deploy", "cron", "dataset.yaml"],
  ["cog", "grids.nc:class", "-o", "cogs"],
  ["cog", "validate", "cogs/grids/class.tif"],
  ["cog", "info", "cogs/grids/class.tif"],
  ["auth", "status"],
  ["feed", "backfill", "feed.yaml", "--from", "2026-01-01"],
  ["feed", "run", "feed.yaml"],
  ["feed", "status", "feed.yaml"],
  ["feed", "requeue", "feed.yaml", "--dead"],
  ["feed", "download", "feed.yaml"],
  ["feed", "publish", "feed.yaml"],
];
/** Documents that need a network, a cluster or a minute: their form is the same function's. */
const NOT_TRIED = new Set([
  "aggregate.submitted",
  "auth.login",
  "catalog.import",
  "demo",
  "feed.consume",
  "feed.serve",
  "feed.subscribe",
  "feed.subscriptions",
  "fetch",
  "publish.held",
  "publish.submitted",
  "run.finish",
  "serve",
]);

/** The documented fields of a document: its section's first column. */
function documented(name: string): string[] {
  const section = new RegExp(`^## ${name.replace(".", "\\.")}\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, "m")
    .exec(DOCS);
  assert.ok(section !== null, `docs/json.md has no section ${name}`);
  return [...section[1].matchAll(/^\| `([^`]+)` \|/gm)].map(([, field]) => field);
}

const FOREIGN = new Set(["attributes", "config", "details", "filter", "properties", "provenance", "queries"]);
const NAMED = new Set(["variables", "columns"]);

/** Keys that are no snake_case, by their way. */
function oddKeys(value: unknown, way: string, named = false): string[] {
  if (Array.isArray(value)) return value.slice(0, 5).flatMap((item, i) => oddKeys(item, `${way}[${i}]`));
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(named || !/[a-z][A-Z]/.test(key) ? [] : [`${way}.${key}`]),
    ...(FOREIGN.has(key) ? [] : oddKeys(inner, `${way}.${key}`, NAMED.has(key))),
  ]);
}

const seen = new Set<string>();

Deno.test("every document names its schema, has documented fields, and speaks snake_case", async () => {
  for (const words of COMMANDS) {
    const args = words.map((word) =>
      word === "GRANULE" ? path.join("granules", fs.readdirSync(path.join(folder, "granules"))[0]) : word
    );
    const { code, stdout, stderr } = await granary([...args, "--json"], { cwd: folder });
    assert.equal(code, 0, `${words.join(" ")}: ${stderr}`);
    const document = JSON.parse(stdout);
    const match = /^granary\.([a-z0-9.]+)\/(\d+)$/.exec(document.schema);
    assert.ok(match !== null, `${words.join(" ")}: schema is ${document.schema}`);
    seen.add(match[1]);
    assert.deepEqual(oddKeys(document, words.join(" ")), []);
    const fields = documented(match[1]);
    for (const key of Object.keys(document)) {
      assert.ok(key === "schema" || fields.includes(key), `${match[1]}: "${key}" is not in docs/json.md`);
    }
    for (const line of stderr.split("\n").filter((line) => line !== "")) JSON.parse(line);
  }
});

Deno.test("every document is documented, and tried but for those named", () => {
  for (const name of Object.keys(REPORT_VERSIONS)) {
    documented(name);
    assert.ok(seen.has(name) || NOT_TRIED.has(name), `${name} is tried by no command here`);
  }
});

Deno.test("warnings before an error are JSON too, a line each", async () => {
  const { stdout: preset } = await granary(["config", "show", "atl06"]);
  fs.writeFileSync(path.join(folder, "odd.yaml"), `${preset}\nworker: {}\n`);
  const { code, stderr } = await granary(
    ["aggregate", "-c", "odd.yaml", "--catalog", "nowhere.parquet", "-o", "x.zarr", "--json"],
    { cwd: folder },
  );
  assert.equal(code, 2);
  const keys = stderr.trim().split("\n").map((line) => Object.keys(JSON.parse(line))[0]);
  assert.ok(keys.includes("warning"), stderr);
  assert.equal(keys.at(-1), "error");
});

Deno.test("an integer has one type in SQL's JSON, whatever its size, and keeps its digits", async () => {
  const query = "select 1::bigint as small, 9007199254740993::bigint as large, 7::int as plain," +
    " [1::bigint, 18446744073709551615::hugeint] as list";
  const { code, stdout, stderr } = await granary(["catalog", "sql", "c.parquet", query, "--format", "json"], {
    cwd: folder,
  });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /"small":1,"large":9007199254740993,"plain":7,"list":\[1,18446744073709551615\]/);
});
