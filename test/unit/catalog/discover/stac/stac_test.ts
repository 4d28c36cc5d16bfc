import assert from "node:assert/strict";
import fs from "node:fs";
import { GranaryError } from "../../../../../core/errors.ts";
import { HttpClient } from "../../../../../core/access/http.ts";
import type { GranuleRow } from "../../../../../catalog/granule.ts";
import { locationsOf } from "../../../../../catalog/locations.ts";
import type { Draft } from "../../../../../catalog/discover/draft/draft.ts";
import { finishRow } from "../../../../../catalog/discover/draft/draft.ts";
import { createFootprinter } from "../../../../../catalog/discover/draft/footprinter.ts";
import type { HttpIo } from "../../../../../catalog/discover/draft/http_text.ts";
import {
  harvestStac,
  parseStac,
  readStacDrafts,
  type StacOptions,
  type StacQuery,
} from "../../../../../catalog/discover/stac/stac.ts";
import { readStacItem } from "../../../../../catalog/discover/stac/stac_item.ts";
import { readStacParquet } from "../../../../../catalog/discover/stac/stac_parquet.ts";
import { Tally } from "../../../../../catalog/discover/draft/tally.ts";
import { openDuck } from "../../../../../core/tables/duckdb.ts";
import { startStac } from "../../../../support/stac_server.ts";
import { startServer } from "../../../../support/http_server.ts";
import { hasSharedData, sharedData } from "../../../../shared_data.ts";

const footprinter = createFootprinter(8);

function quickIo(authorization?: string): HttpIo {
  return {
    client: new HttpClient(),
    retry: { attempts: 3, baseMs: 1, capMs: 5, longestRetryAfterMs: 100 },
    authorization,
  };
}

async function harvest(url: string, query: StacQuery = {}, options: StacOptions = {}, io = quickIo()) {
  const tally = new Tally();
  const drafts: Draft[] = [];
  for await (const draft of harvestStac(url, query, io, { tally }, options)) drafts.push(draft);
  return { drafts, tally };
}

const shared = { ignore: !hasSharedData };
const FILES = [
  "earth-search_sentinel-2_item-collection.json",
  "earth_search_multi_collections_01.json",
  "earth_search_multi_collections_02.json",
  "python_cmr_granules_stac_HLS_LPCLOUD_01.json",
  "sample-item-collection.json",
  "sentinel-2-l2a-pc.json",
];

// deno-lint-ignore no-explicit-any
function rawFeatures(file: string): any[] {
  let value = JSON.parse(fs.readFileSync(sharedData(`stac/${file}`), "utf8"));
  if (value.response) {
    value = typeof value.response.body === "string" ? JSON.parse(value.response.body) : value.response.body;
  }
  return Array.isArray(value) ? value : value.features;
}

/** Milliseconds of an RFC 3339 time with the digits behind them. */
function withMicros(text: string): number {
  const digits = /\.\d{3}(\d{1,3})/.exec(text)?.[1] ?? "";
  return Date.parse(text) + Number(digits.padEnd(3, "0")) / 1000;
}

Deno.test({
  ...shared,
  name: "rows of recorded items agree with the raw JSON, field by field",
  fn: () => {
    let checked = 0;
    for (const file of FILES) {
      const tally = new Tally();
      const text = fs.readFileSync(sharedData(`stac/${file}`), "utf8");
      const drafts = [...readStacDrafts(parseStac(text, file), { tally })];
      const items = rawFeatures(file);
      assert.equal(drafts.length, items.length, file);
      for (const [index, item] of items.entries()) {
        const row = finishRow(drafts[index], footprinter, tally)!;
        assert.equal(row.id, item.id);
        assert.equal(row.collection, item.collection);
        const time = withMicros(item.properties.datetime);
        assert.equal(row.datetime, time);
        assert.equal(
          row.start_datetime,
          item.properties.start_datetime ? withMicros(item.properties.start_datetime) : time,
        );
        // deno-lint-ignore no-explicit-any
        const assets = Object.entries<any>(item.assets).filter(([key, asset]) =>
          asset.roles === undefined
            ? key !== "browse" && key !== "metadata"
            : asset.roles.includes("data") || /^(qa|atmos|cloud|cdist|emis|emsd|trad|urad|drad)/.test(key)
        );
        assert.deepEqual(
          row.assets.map((asset) => asset.key).sort(),
          assets.map(([key]) => key).sort(),
          row.id,
        );
        for (const [key, asset] of assets) {
          const driver = asset.href.startsWith("s3:") ? "s3" : "https";
          const found = row.assets.find((one) => one.key === key)!;
          const where = found[`${driver}_href`] ?? row[`${driver}_base`]! + found.path;
          assert.equal(where, asset.href);
          assert.equal(found.media_type, asset.type ?? null);
          assert.equal(found.size_bytes, asset["file:size"] ?? null);
          const hash: string | undefined = asset["file:checksum"];
          assert.equal(found.checksum, hash === undefined ? null : `sha256:${hash.slice(4)}`);
        }
        const urls = [...locationsOf(row, "s3"), ...locationsOf(row, "https")];
        assert.deepEqual(urls.sort(), assets.map(([, asset]) => asset.href).sort());
        for (const [name, value] of Object.entries(item.properties)) {
          if (/^(start_|end_)?datetime$/.test(name) || value === null || value === "") continue;
          if (typeof value === "object" && Object.keys(value as object).length === 0) continue;
          assert.deepEqual(row.properties[name], value);
        }
        assert.ok(row.geometry !== null && row.cells.length > 0);
        checked += 1;
      }
      assert.equal(tally.count("granule"), 0);
    }
    assert.equal(checked, 28);
  },
});

Deno.test({
  ...shared,
  name: "every recorded document gives the same rows over HTTP as from its file",
  fn: async () => {
    for (const file of FILES) {
      const features = rawFeatures(file);
      const body = JSON.stringify({ type: "FeatureCollection", features, links: [] });
      const expected = [...readStacDrafts(parseStac(body, file), { tally: new Tally() })];
      assert.equal(expected.length, features.length);
      const server = await startServer((_, index) =>
        index === 0 ? { status: 429, headers: { "retry-after": "0" } } : { body, gzip: true }
      );
      try {
        assert.deepEqual((await harvest(`${server.url}/${file}`)).drafts, expected);
      } finally {
        await server.close();
      }
    }
  },
});

Deno.test({
  ...shared,
  name: "requester-pays buckets and their region are reported",
  fn: () => {
    const items = rawFeatures("earth_search_multi_collections_01.json");
    const rows = items.map((item) => readStacItem(item, { tally: new Tally() })!.row);
    const landsat = rows.find((row) => row.collection === "landsat-c2-l2")!;
    assert.deepEqual(
      [landsat.s3_base, landsat.https_base, landsat.s3_access, landsat.s3_region, landsat.provider],
      ["s3://usgs-landsat/", null, "requester-pays", "us-west-2", "usgs-landsat"],
    );
    // The jp2 twins of Sentinel's assets lie in another bucket.
    const sentinel = rows.find((row) => row.collection === "sentinel-2-l2a")!;
    const jp2 = sentinel.assets.find((asset) => asset.key === "blue-jp2")!;
    assert.equal(jp2.s3_href, "s3://sentinel-s2-l2a/tiles/13/T/DE/2023/10/8/0/B02.jp2");
    assert.equal(sentinel.s3_base, null);
  },
});

Deno.test({
  ...shared,
  name: "a stac-geoparquet file gives every item, with the assets that DuckDB counts in it",
  fn: async () => {
    const file = sharedData("geoparquet/100-sentinel-2-items.parquet");
    const tally = new Tally();
    const rows: GranuleRow[] = [];
    for await (const draft of readStacParquet(file, { tally })) {
      rows.push(finishRow(draft, footprinter, tally)!);
    }
    const duck = await openDuck();
    try {
      const reader = await duck.connection.runAndReadAll(
        `SELECT id, assets.B04.href, assets.visual.href, strftime(datetime AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ'),
           proj_epsg, ST_AsText(ST_GeomFromWKB(geometry))
         FROM (SELECT id, assets, datetime, geometry, "proj:epsg" AS proj_epsg FROM read_parquet($file))`,
        { file },
      );
      const expected = reader.getRowsJS();
      assert.equal(rows.length, expected.length);
      for (const [index, [id, b04, visual, datetime, epsg]] of expected.entries()) {
        const row = rows[index];
        assert.equal(row.id, id);
        assert.equal(row.datetime, Date.parse(String(datetime)));
        assert.equal(row.properties["proj:epsg"], Number(epsg));
        const urls = locationsOf(row, "https");
        assert.ok(urls.includes(String(b04)));
        assert.ok(urls.includes(String(visual)), "visual has the role data here");
        assert.ok(row.cells.length > 0);
      }
    } finally {
      duck.close();
    }
  },
});

Deno.test("a file that is no stac-geoparquet is refused", async () => {
  const drain = async (file: string) => {
    for await (const _ of readStacParquet(file, { tally: new Tally() })) { /* never */ }
  };
  await assert.rejects(drain("/nowhere/x.parquet"), /no such file/);
  await assert.rejects(drain(import.meta.filename!), /cannot be read as Parquet/);
  if (hasSharedData) {
    await assert.rejects(drain(sharedData("geoparquet/example-v1.1.0-covering.parquet")), /"id" is missing/);
  }
});

const item = (id: string, more: Record<string, unknown> = {}) => ({
  type: "Feature",
  stac_version: "1.0.0",
  id,
  collection: "c",
  geometry: { type: "Point", coordinates: [1, 2] },
  properties: { datetime: "2024-01-01T00:00:00Z" },
  assets: { data: { href: `https://h.example/c/${id}.tif`, roles: ["data"] } },
  links: [],
  ...more,
});

const PAGES = [[item("a"), item("b")], [item("c")], [item("d")]];

for (
  const script of [
    { method: "GET" },
    { method: "POST" },
    { method: "POST", merge: true, headers: { "x-page": "yes" } },
  ] as const
) {
  Deno.test(`a search is followed by its next links: ${JSON.stringify(script)}`, async () => {
    const server = await startStac({ pages: PAGES, ...script });
    try {
      const { drafts } = await harvest(`${server.url}/search`, {
        collections: ["c"],
        bbox: [1, 2, 3, 4],
        start: "2024-01-01",
        end: "2024-01-31",
      });
      assert.deepEqual(drafts.map(({ row }) => row.id), ["a", "b", "c", "d"]);
      const first = server.asked[0].url.searchParams;
      assert.deepEqual(
        [first.get("collections"), first.get("bbox"), first.get("datetime")],
        ["c", "1,2,3,4", "2024-01-01T00:00:00Z/2024-01-31T23:59:59.999Z"],
      );
      if (script.method === "POST") {
        assert.deepEqual(server.asked.slice(1).map((one) => one.method), ["POST", "POST"]);
        if ("headers" in script) assert.equal(server.asked[1].headers["x-page"], "yes");
      }
    } finally {
      await server.close();
    }
  });
}

Deno.test("merge adds the link's body to the one before", async () => {
  const server = await startServer((asked, index) => {
    const origin = `http://${asked.headers.host}`;
    const next = [
      {
        rel: "next",
        href: `${origin}/search`,
        method: "POST",
        body: { collections: ["c"], limit: 2, token: 1 },
      },
      { rel: "next", href: `${origin}/search`, method: "POST", body: { token: 2 }, merge: true },
    ][index];
    return {
      body: JSON.stringify({
        type: "FeatureCollection",
        features: [item(`i${index}`)],
        links: next ? [next] : [],
      }),
    };
  });
  try {
    await harvest(`${server.url}/search`);
    assert.deepEqual(JSON.parse(server.asked[2].body), { collections: ["c"], limit: 2, token: 2 });
  } finally {
    await server.close();
  }
});

Deno.test("landing pages and collections lead to their items", async () => {
  const server = await startStac({ pages: PAGES, method: "GET" });
  try {
    assert.equal((await harvest(`${server.url}/`, { collections: ["c"] })).drafts.length, 4);
    assert.equal((await harvest(`${server.url}/collection`)).drafts.length, 4);
    await assert.rejects(harvest(`${server.url}/`), /needs collections/);
    await assert.rejects(harvest(`${server.url}/static`), /has no search/);
  } finally {
    await server.close();
  }
});

Deno.test("fewer items than counted are a warning, and next links in a circle an error", async () => {
  const server = await startStac({ pages: PAGES, method: "GET", matched: 9 });
  const circle = await startServer((asked) => ({
    body: JSON.stringify({
      type: "FeatureCollection",
      features: [item("a")],
      links: [{ rel: "next", href: `http://${asked.headers.host}/other` }],
    }),
  }));
  try {
    const warnings: string[] = [];
    await harvest(`${server.url}/search`, {}, { onWarning: (message) => warnings.push(message) });
    assert.match(warnings.join(), /counted 9 items and 4 came/);
    await assert.rejects(harvest(`${circle.url}/search`), /in a circle/);
  } finally {
    await server.close();
    await circle.close();
  }
});

Deno.test("a token goes to the host that was named and to no other", async () => {
  const other = await startServer(() => ({
    body: JSON.stringify({ type: "FeatureCollection", features: [item("b")] }),
  }));
  const server = await startServer(() => ({
    body: JSON.stringify({
      type: "FeatureCollection",
      features: [item("a")],
      links: [{
        rel: "next",
        href: `${other.url}/search`,
        headers: { authorization: "stolen", cookie: "x" },
      }],
    }),
  }));
  try {
    const { drafts } = await harvest(`${server.url}/search`, {}, {}, quickIo("Bearer secret"));
    assert.equal(drafts.length, 2);
    assert.equal(server.asked[0].headers.authorization, "Bearer secret");
    assert.equal(other.asked[0].headers.authorization, undefined);
    assert.equal(other.asked[0].headers.cookie, undefined);
  } finally {
    await server.close();
    await other.close();
  }
});

Deno.test("relative hrefs are read against the item's own address", async () => {
  const server = await startServer(() => ({
    body: JSON.stringify(item("a", { assets: { data: { href: "./x/B1.tif" } } })),
  }));
  try {
    const { drafts } = await harvest(`${server.url}/items/a.json`);
    const { row } = drafts[0];
    assert.equal(row.https_base! + row.path, `${server.url}/items/x/B1.tif`);
  } finally {
    await server.close();
  }
  const tally = new Tally();
  assert.equal(readStacItem(item("a", { assets: { data: { href: "x.tif" } } }), { tally }), null);
  assert.equal(tally.count("link", "relative link without a base"), 1);
});

Deno.test("alternates give the S3 link, and a second of one scheme is counted", () => {
  const tally = new Tally();
  const { row } = readStacItem(
    item("a", {
      assets: {
        data: {
          href: "https://landsat.example/data/x/B1.TIF",
          type: "image/tiff",
          alternate: {
            s3: { href: "s3://usgs-landsat/data/x/B1.TIF", "storage:requester_pays": true },
            https: { href: "https://mirror.example/x/B1.TIF" },
          },
        },
      },
    }),
    { tally },
  )!;
  assert.deepEqual([row.s3_base, row.https_base, row.path], [
    "s3://usgs-landsat/",
    "https://landsat.example/",
    "data/x/B1.TIF",
  ]);
  assert.equal(tally.count("link", "mirror of a data file"), 1);
});

Deno.test("schemes of the storage extension's second version give region, payer and endpoint", () => {
  const withScheme = (scheme: Record<string, unknown>) =>
    readStacItem(
      item("a", {
        properties: { datetime: "2024-01-01T00:00:00Z", "storage:schemes": { one: scheme } },
        assets: { data: { href: "s3://eodata/x/B1.jp2", "storage:refs": ["one"] } },
      }),
      { tally: new Tally() },
    )!.row;
  const custom = withScheme({
    type: "custom-s3",
    platform: "https://eodata.dataspace.copernicus.eu",
    requester_pays: false,
  });
  assert.deepEqual(
    [custom.s3_endpoint, custom.s3_region, custom.s3_access],
    ["https://eodata.dataspace.copernicus.eu", null, null],
  );
  const amazon = withScheme({
    type: "aws-s3",
    platform: "https://{bucket}.s3.{region}.amazonaws.com",
    region: "eu-central-1",
    requester_pays: true,
  });
  assert.deepEqual([amazon.s3_endpoint, amazon.s3_region, amazon.s3_access], [
    null,
    "eu-central-1",
    "requester-pays",
  ]);
  assert.equal(withScheme({ type: "custom-s3", platform: "https://user:pass@h" }).s3_endpoint, null);
});

Deno.test("odd items are set aside with their reason or keep what is sound", () => {
  const odd: [unknown, string][] = [
    [null, "item that is no object"],
    [[], "item that is no object"],
    [item(""), "no granule id"],
    [{ ...item("a"), id: 7 }, "no granule id"],
    [{ ...item("a"), collection: undefined }, "no collection"],
    [{ ...item("a"), assets: {} }, "no data link"],
    [{ ...item("a"), assets: [] }, "no data link"],
    [{ ...item("a"), assets: { x: { href: "https://h/../x.tif" } } }, "no data link"],
    [{ ...item("a"), assets: { x: { href: "file:///etc/passwd" } } }, "no data link"],
    [{ ...item("a"), assets: { x: "https://h/x.tif" } }, "no data link"],
    [{ ...item("a"), id: "a\u0000b" }, "id with control characters"],
    [{ ...item("a"), collection: "../.." }, "collection that climbs out of a folder"],
  ];
  for (const [value, reason] of odd) {
    const tally = new Tally();
    assert.equal(readStacItem(value, { tally }), null, reason);
    assert.equal(tally.count("granule", reason), 1, `${reason}: ${tally.lines()}`);
  }
  const geometries: unknown[] = [
    { type: "Polygon", coordinates: [] },
    { type: "Polygon", coordinates: [[[0, 0], [1, 95], [1, 0], [0, 0]]] },
    { type: "Blob" },
    "POINT(1 2)",
    { type: "Point", coordinates: ["a", 1] },
  ];
  for (const geometry of geometries) {
    const tally = new Tally();
    assert.equal(readStacItem(item("a", { geometry, bbox: undefined }), { tally })!.extent, null);
    assert.equal(tally.count("note"), 1);
    const { extent } = readStacItem(item("b", { geometry, bbox: [1, 2, 3, 4] }), { tally })!;
    assert.deepEqual(extent!.boxes, [{ west: 1, south: 2, east: 3, north: 4 }]);
    assert.equal(tally.count("note", "geometry cannot be read: its box is taken"), 1);
  }
});

Deno.test("an item without a geometry takes its box", () => {
  const { extent } = readStacItem(item("a", { geometry: null, bbox: [170, -5, 0, -170, 5, 100] }), {
    tally: new Tally(),
  })!;
  assert.deepEqual(extent!.boxes, [{ west: 170, south: -5, east: -170, north: 5 }]);
});

Deno.test("a box from east to west says that its geometry goes the short way over the antimeridian", () => {
  const geometry = {
    type: "Polygon",
    coordinates: [[[179.5, 1], [-179.5, 1], [-179.5, 2], [179.5, 2], [179.5, 1]]],
  };
  for (const [bbox, cells] of [[[179.5, 1, -179.5, 2], 60], [[-179.5, 1, 179.5, 2], Infinity]] as const) {
    const tally = new Tally();
    const row = finishRow(readStacItem(item("a", { geometry, bbox }), { tally })!, footprinter, tally)!;
    assert.equal(row.cell_order === 8 && row.cells.length < cells, cells === 60, `${bbox}`);
    assert.equal(tally.lines(["note"]).some((line) => /as wide as stated/.test(line)), cells === Infinity);
  }
});

Deno.test("what is no STAC is refused with what was found", () => {
  for (
    const [text, wanted] of [["", /no JSON/], ["<html>", /no JSON/], ["{}", /not STAC/], [
      '{"type":"FeatureCollection","features":{}}',
      /no list/,
    ]] as const
  ) {
    assert.throws(() => parseStac(text, "x.json"), (error: unknown) => {
      assert.ok(error instanceof GranaryError && error.tag === "input");
      assert.match(error.message, wanted);
      return true;
    });
  }
});

Deno.test("a row holds no signature of its item's links, and the tally counts them", () => {
  const tally = new Tally();
  const item = {
    type: "Feature",
    id: "A",
    collection: "c",
    geometry: { type: "Point", coordinates: [1, 2] },
    bbox: [1, 2, 1, 2],
    properties: { datetime: "2024-01-01T00:00:00Z" },
    assets: {
      B1: {
        href: "https://ice.blob.core.windows.net/box/B1.tif?sv=2024&se=2026&sp=r&sig=secret",
        roles: ["data"],
      },
      B2: {
        href: "https://h.example/B2.tif?X-Amz-Credential=AKID&X-Amz-Signature=secret&v=1",
        roles: ["data"],
      },
      B3: { href: "https://h.example/B3.tif?v=1", roles: ["data"] },
    },
  };
  const draft = readStacItem(item, { tally });
  const text = JSON.stringify(draft, (_, value) => typeof value === "bigint" ? String(value) : value);
  assert.doesNotMatch(text, /secret|AKID|sig=|sp=r/i);
  assert.match(text, /box\/B1\.tif"/);
  assert.match(text, /B2\.tif\?v=1"/);
  assert.match(text, /B3\.tif\?v=1"/);
  assert.equal(tally.count("note", "signatures of links left out"), 1);
});
