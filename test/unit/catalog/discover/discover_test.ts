import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { HttpClient } from "../../../../core/access/http.ts";
import { geometryArea } from "../../../../core/geometry/area.ts";
import type { GranuleRow } from "../../../../catalog/granule.ts";
import {
  discoverCmr,
  discoverCmrJson,
  discoverStac,
  type Discovery,
} from "../../../../catalog/discover/discover.ts";
import type { HttpIo } from "../../../../catalog/discover/draft/http_text.ts";
import { startCmr } from "../../../support/cmr_server.ts";
import { hasSharedData, sharedData } from "../../../shared_data.ts";

const options = { cellOrder: 6 };
const io: HttpIo = {
  client: new HttpClient(),
  retry: { attempts: 2, baseMs: 1, capMs: 5, longestRetryAfterMs: 100 },
};

async function rowsOf({ rows }: Discovery): Promise<GranuleRow[]> {
  const all: GranuleRow[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

const granule = (id: string, west: number, south: number, start = "2020-01-01T00:00:00Z") => ({
  meta: {
    "concept-id": `G${id}-PROV`,
    "concept-type": "granule",
    "provider-id": "PROV",
    "revision-id": 1,
    "collection-concept-id": "C1-PROV",
  },
  umm: {
    GranuleUR: id,
    CollectionReference: { ShortName: "P", Version: "1" },
    RelatedUrls: [{ URL: `s3://bucket/P/${id}.h5`, Type: "GET DATA" }],
    TemporalExtent: { SingleDateTime: start },
    SpatialExtent: {
      HorizontalSpatialDomain: {
        Geometry: {
          BoundingRectangles: [{
            WestBoundingCoordinate: west,
            EastBoundingCoordinate: west + 1,
            SouthBoundingCoordinate: south,
            NorthBoundingCoordinate: south + 1,
          }],
        },
      },
    },
  },
});

const collection = {
  meta: { "concept-id": "C1-PROV", "concept-type": "collection" },
  umm: {
    ShortName: "P",
    Version: "1",
    DirectDistributionInformation: {
      Region: "us-west-2",
      S3CredentialsAPIEndpoint: "https://p.example/s3credentials",
    },
    SpatialExtent: {
      GranuleSpatialRepresentation: "ORBIT",
      OrbitParameters: { SwathWidth: 100, Period: 98.5, InclinationAngle: 98.1, NumberOfOrbits: 1 },
    },
  },
};

async function withFiles(
  files: Record<string, unknown>,
  run: (paths: string[]) => Promise<void>,
): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-discover-"));
  try {
    const paths = Object.entries(files).map(([name, value]) => {
      fs.writeFileSync(path.join(folder, name), typeof value === "string" ? value : JSON.stringify(value));
      return path.join(folder, name);
    });
    await run(paths);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

Deno.test("saved answers are narrowed by region, time and collection, and what falls out is counted", () =>
  withFiles(
    {
      "a.json": {
        items: [
          granule("near", 10, 10),
          granule("far", 60, 10),
          granule("old", 10, 10, "2010-01-01T00:00:00Z"),
        ],
      },
    },
    async (files) => {
      const found = discoverCmrJson(files, options, {
        bbox: [9, 9, 12, 12],
        start: "2019-01-01",
        collections: ["P"],
      });
      assert.deepEqual((await rowsOf(found)).map((row) => row.id), ["near"]);
      assert.deepEqual(found.query().set_aside!.granules, {
        "outside the region asked for": 1,
        "outside the time asked for": 1,
      });
      const none = discoverCmrJson(files, options, { collections: ["Q"] });
      assert.equal((await rowsOf(none)).length, 0);
      const triangle = geometryArea("t", {
        type: "Polygon",
        coordinates: [[[59, 9], [62, 9], [62, 12], [59, 9]]],
      });
      assert.deepEqual(
        (await rowsOf(discoverCmrJson(files, options, { areas: [triangle] }))).map((row) => row.id),
        ["far"],
      );
    },
  ));

Deno.test("a granule of unknown footprint stays in a region", () => {
  const unknown = granule("unknown", 0, 0);
  unknown.umm.SpatialExtent = {} as typeof unknown.umm.SpatialExtent;
  return withFiles({ "a.json": { items: [unknown] } }, async (files) => {
    const [row] = await rowsOf(discoverCmrJson(files, options, { bbox: [9, 9, 12, 12] }));
    assert.deepEqual([row.geometry, row.bbox, row.cells.length], [null, null, 0]);
  });
});

Deno.test("saved collections give their facts to the granules after them", () =>
  withFiles(
    { "0.json": { items: [collection] }, "1.json": { items: [granule("a", 1, 1)] } },
    async (files) => {
      const [row] = await rowsOf(discoverCmrJson(files, options));
      assert.equal(row.s3_credentials, "https://p.example/s3credentials");
      const [without] = await rowsOf(discoverCmrJson(files.slice(1), options));
      assert.equal(without.s3_credentials, null);
    },
  ));

Deno.test("the orbit of a collection's metadata gives its orbit-only granules their track", () => {
  const flown = granule("flown", 0, 0);
  flown.umm.SpatialExtent.HorizontalSpatialDomain = {
    Orbit: {
      AscendingCrossing: 20,
      StartLatitude: 0,
      StartDirection: "A",
      EndLatitude: 30,
      EndDirection: "A",
    },
  } as unknown as typeof flown.umm.SpatialExtent.HorizontalSpatialDomain;
  return withFiles({ "0.json": { items: [collection] }, "1.json": { items: [flown] } }, async (files) => {
    assert.ok((await rowsOf(discoverCmrJson(files, options)))[0].cells.length > 0);
    assert.equal((await rowsOf(discoverCmrJson(files.slice(1), options)))[0].cells.length, 0);
  });
});

Deno.test("files that are missing or no answers end with their name", async () => {
  await assert.rejects(
    rowsOf(discoverCmrJson(["/nowhere/a.json"], options)),
    /\/nowhere\/a\.json: cannot be read \(no such file\)/,
  );
  await assert.rejects(rowsOf(discoverStac([os.tmpdir()], io, options)), /cannot be read/);
  assert.throws(() => discoverCmrJson([], options), /no files/);
  assert.throws(() => discoverStac([], io, options), /no STAC/);
  await withFiles({ "a.json": "{", "b.json": '{"type": "Catalog"}' }, async ([a, b]) => {
    await assert.rejects(rowsOf(discoverCmrJson([a], options)), /a\.json: no JSON/);
    await assert.rejects(rowsOf(discoverStac([b], io, options)), /holds no items/);
  });
});

Deno.test("a long polygon is tested here, because CMR was asked with its box", async () => {
  // A circle around 10 E 10 N of 5 degrees; its box holds the corner at 14.5 E 14.5 N, the circle does not.
  const circle = Float64Array.from(
    { length: 2400 },
    (_, i) => 10 + 5 * (i % 2 === 0 ? Math.cos(i / 1200 * Math.PI) : Math.sin((i - 1) / 1200 * Math.PI)),
  );
  const server = await startCmr({
    pages: [JSON.stringify({ items: [granule("in", 9, 9), granule("corner", 13.9, 13.9)] })],
  });
  try {
    const found = discoverCmr({ shortNames: ["P"], polygons: [circle] }, io, {
      ...options,
      cellOrder: 8,
      url: server.url,
    });
    assert.deepEqual((await rowsOf(found)).map((row) => row.id), ["in"]);
    assert.ok(server.asked[0].url.searchParams.has("bounding_box[]"));
    const { source, parameters } = found.query();
    assert.deepEqual([source, parameters.url], ["cmr", server.url]);
  } finally {
    await server.close();
  }
});

Deno.test({
  name: "STAC files and stac-geoparquet files are discovered together",
  ignore: !hasSharedData,
  fn: async () => {
    const files = ["stac/earth_search_multi_collections_01.json", "geoparquet/100-sentinel-2-items.parquet"]
      .map(sharedData);
    const found = discoverStac(files, io, options);
    assert.equal((await rowsOf(found)).length, 102);
    const narrow = discoverStac(files, io, options, { collections: ["landsat-c2-l2"] });
    assert.equal((await rowsOf(narrow)).length, 1);
    const warnings: string[] = [];
    const page = discoverStac([sharedData("stac/sample-item-collection.json")], io, {
      ...options,
      onWarning: (m) => warnings.push(m),
    });
    assert.equal((await rowsOf(page)).length, 10);
    assert.match(warnings.join(), /10 of 324132 items/);
  },
});
