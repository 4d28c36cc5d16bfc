import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { importCatalog } from "../../../catalog/discover/import.ts";
import { openCatalog } from "../../../catalog/file/open_catalog.ts";
import type { GranuleRow } from "../../../catalog/granule.ts";
import { locationOf } from "../../../catalog/locations.ts";
import { SourceOpener } from "../../../core/access/open.ts";
import { GranaryError } from "../../../core/errors.ts";
import type { StacItem } from "../../../core/stac/values.ts";
import { pushItems } from "../../../publish/push.ts";
import { readItems } from "../../../publish/read_items.ts";
import { smallItem } from "../../support/stac_api.ts";

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-push-"));
  try {
    await run(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function collect(items: AsyncIterable<StacItem>): Promise<StacItem[]> {
  const all: StacItem[] = [];
  for await (const item of items) all.push(item);
  return all;
}

Deno.test("items are read from documents, collections and lines, with absolute hrefs", () =>
  withFolder(async (folder) => {
    const write = (name: string, text: string) => {
      const file = path.join(folder, name);
      fs.writeFileSync(file, text);
      return file;
    };
    const [a, b] = [smallItem("a"), smallItem("b")];
    const one = write("a.json", JSON.stringify(a));
    const both = write("both.json", JSON.stringify({ type: "FeatureCollection", features: [a, b] }));
    const lines = write("both.ndjson", `${JSON.stringify(a)}\n\n${JSON.stringify(b)}\n`);
    assert.deepEqual((await collect(readItems(one))).map(({ id }) => id), ["a"]);
    for (const file of [both, lines]) {
      const items = await collect(readItems(file));
      assert.deepEqual(items.map(({ id }) => id), ["a", "b"]);
      assert.equal(items[1].assets.ozone.href, pathToFileURL(path.join(folder, "cogs/b/ozone é.tif")).href);
    }
    const refusals: readonly [string, string, RegExp][] = [
      ["x.json", "{", /x\.json: is not JSON/],
      ["y.ndjson", `${JSON.stringify(a)}\n{"type":"Feature"}\n`, /y\.ndjson:2: /],
      ["z.json", '{"type":"Catalog","id":"c"}', /is no item but catalog/],
    ];
    for (const [name, text, message] of refusals) {
      await assert.rejects(
        collect(readItems(write(name, text))),
        (error) => error instanceof GranaryError && error.exitCode === 2 && message.test(error.message),
      );
    }
    await assert.rejects(collect(readItems(path.join(folder, "absent.ndjson"))), /no such file/);
  }));

Deno.test("a push onto a static catalog keeps what is there, and its collection is that of all", () =>
  withFolder(async (folder) => {
    const target = { kind: "static", to: folder, secret: null, oauth: null, stac: "1.1.0" } as const;
    const opener = new SourceOpener({ env: { HOME: "/nonexistent" } });
    const push = (...items: Record<string, unknown>[]) =>
      pushItems({
        items: async function* () {
          yield* items as unknown as StacItem[];
        },
        target,
        collection: null,
        opener,
        attempts: 2,
      });
    await push(smallItem("a", "2020-05-06"));
    const pushed = await push(smallItem("b", "2022-01-01"));
    assert.deepEqual([pushed.items, pushed.collection], [1, "C.1"]);
    const collection = JSON.parse(fs.readFileSync(path.join(folder, "collection.json"), "utf8"));
    assert.deepEqual(collection.extent.temporal.interval, [["2020-05-06T00:00:00Z", "2022-01-01T00:00:00Z"]]);
    assert.equal(collection.links.filter(({ rel }: { rel: string }) => rel === "item").length, 2);
    await assert.rejects(
      push(smallItem("c"), { ...smallItem("d"), collection: "other" }),
      /push one at a time/,
    );
    await assert.rejects(push(), /no items were given/);
  }));

Deno.test("files that items name lie where they say, in a catalog and in a table of items, too", () =>
  withFolder(async (folder) => {
    const at = (href: string, id: string): StacItem => {
      const { ozone } = smallItem(id).assets as Record<string, Record<string, unknown>>;
      return { ...smallItem(id), assets: { ozone: { ...ozone, href } } } as unknown as StacItem;
    };
    const file = path.join(folder, "far away", "a.tif");
    const places: [id: string, href: string, place: string][] = [
      ["a", pathToFileURL(file).href, file],
      ["b", "https://data.example.org/x/b.tif", "https://data.example.org/x/b.tif"],
      ["c", "s3://bucket/y/c.tif", "s3://bucket/y/c.tif"],
    ];
    const push = (kind: "catalog" | "geoparquet", items: readonly StacItem[]) =>
      pushItems({
        items: async function* () {
          yield* items;
        },
        target: { kind, to: path.join(folder, `${kind}.parquet`), secret: null, oauth: null, stac: "1.1.0" },
        collection: null,
        opener: new SourceOpener({ env: { HOME: "/nonexistent" } }),
        attempts: 2,
      });
    const items = places.map(([id, href]) => at(href, id));
    const placesOf = (rows: readonly GranuleRow[]) =>
      rows.map((row) => {
        const driver = row.local_base !== null ? "local" : row.s3_base !== null ? "s3" : "https";
        return [row.id, locationOf(row, driver)];
      }).sort();
    const wanted = places.map(([id, , place]) => [id, place]);
    await push("catalog", items);
    const catalog = await openCatalog(path.join(folder, "catalog.parquet"));
    const held: GranuleRow[] = [];
    for await (const { rows } of catalog.rows()) held.push(...rows);
    catalog.close();
    assert.deepEqual(placesOf(held), wanted);
    await push("geoparquet", items);
    const imported: GranuleRow[] = [];
    const table = importCatalog(path.join(folder, "geoparquet.parquet"), { cellOrder: 8 });
    for await (const row of table.rows) imported.push(row);
    assert.deepEqual(placesOf(imported), wanted);
    await assert.rejects(
      push("catalog", [at("ftp://data.example.org/d.tif", "d")]),
      /item "d": a catalog cannot hold it/,
    );
  }));
