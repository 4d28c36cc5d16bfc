/** What granary writes of items, read by others and read back; what others write of footprints, read here. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { discoverCmrJson, discoverStac } from "../../catalog/discover/discover.ts";
import { defaultHttpIo } from "../../catalog/discover/draft/http_text.ts";
import { importCatalog } from "../../catalog/discover/import.ts";
import { openCatalog } from "../../catalog/file/open_catalog.ts";
import type { GranuleRow } from "../../catalog/granule.ts";
import { exportStacGeoparquet } from "../../catalog/write/export.ts";
import { writeCatalog } from "../../catalog/write/write.ts";
import { asObject } from "../../core/json_value.ts";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { askPython, hasPeer } from "../support/python.ts";
import { allRows, withFolder } from "../unit/catalog/sample.ts";

const FAULTS = path.join(sharedData(""), "..", "faults");

const STAC_FIXTURES = !hasSharedData ? [] : [
  ...fs.readdirSync(sharedData("stac")).filter((name) => name.endsWith(".json"))
    .map((name) => sharedData(`stac/${name}`)),
  ...["bug_export_created.json", "bug_export_projgeometry.json"].map((name) => path.join(FAULTS, name)),
].filter((file) => fs.existsSync(file));
const CMR_FIXTURES = ["atl06_umm.json", "G1593453400-LAADS_umm.json", "Daymet_Daily_V4R1_2129_umm.json"];

/** Rows as plain data, without what a footprint's edges make of it. */
function plain(row: GranuleRow): Record<string, unknown> {
  const { geometry: _, cells: __, properties, ...rest } = row;
  const instants = ["created", "updated", "expires", "published", "unpublished"];
  return {
    ...rest,
    properties: Object.fromEntries(
      Object.entries(properties).filter(([name]) => name !== "stac_version").map(([name, value]) => [
        name,
        instants.includes(name) ? Date.parse(String(value)) : withoutNulls(value),
      ]),
    ),
  };
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  const object = asObject(value);
  if (object === null) return value;
  return Object.fromEntries(
    Object.entries(object).filter(([, inner]) => inner !== null).map((
      [name, inner],
    ) => [name, withoutNulls(inner)]),
  );
}

async function catalogOf(file: string, source: "stac" | "cmr", folder: string): Promise<string> {
  const options = { cellOrder: 8 };
  const found = source === "stac"
    ? discoverStac([file], defaultHttpIo(), options)
    : discoverCmrJson([file], options);
  const catalog = path.join(folder, "catalog.parquet");
  await writeCatalog(catalog, found.rows, { queries: () => [found.query()] });
  return catalog;
}

async function rowsOf(catalog: string): Promise<GranuleRow[]> {
  const opened = await openCatalog(catalog);
  try {
    return await allRows(opened);
  } finally {
    opened.close();
  }
}

async function exported(catalog: string, output: string): Promise<void> {
  const opened = await openCatalog(catalog);
  try {
    const { leftOut, withoutFootprint } = await exportStacGeoparquet(opened, output);
    assert.deepEqual([leftOut, withoutFootprint], [{}, 0]);
  } finally {
    opened.close();
  }
}

async function imported(file: string, folder: string): Promise<GranuleRow[]> {
  const found = importCatalog(file, { cellOrder: 8 });
  const catalog = path.join(folder, "imported.parquet");
  await writeCatalog(catalog, found.rows, { queries: () => [found.query()] });
  return await rowsOf(catalog);
}

const READ_ITEMS = `
import os, sys, json, asyncio, pyarrow.parquet as pq, stac_geoparquet.arrow as sga, rustac
async def read(): return await rustac.read(sys.argv[1])
peer = asyncio.run(read())
items = list(sga.stac_table_to_items(pq.read_table(sys.argv[1])))
json.dump({"type": "FeatureCollection", "features": items}, open(sys.argv[2], "w"), default=str)
async def rewrite(): await rustac.write(sys.argv[3], peer)
if items: asyncio.run(rewrite())
print(json.dumps([[i["id"], i["properties"]] for i in items] + [[i["id"], i["properties"]] for i in peer["features"]], default=str))
sys.stdout.flush()
os._exit(0)  # its threads may outlive the interpreter`;

for (
  const [source, file] of [
    ...STAC_FIXTURES.map((file) => ["stac", file] as const),
    ...CMR_FIXTURES.map((name) => ["cmr", sharedData(`cmr/${name}`)] as const),
  ]
) {
  Deno.test({
    name: `items of ${
      path.basename(file)
    } come back from stac-geoparquet, from two readers of it, and as JSON`,
    ignore: !hasSharedData || !hasPeer("stac_geoparquet", "rustac", "pyarrow"),
  }, async () => {
    await withFolder(async (folder) => {
      const catalog = await catalogOf(file, source, folder);
      const rows = (await rowsOf(catalog)).map(plain);
      const items = path.join(folder, "items.parquet");
      await exported(catalog, items);
      if (rows.length === 0) return;
      assert.deepEqual((await imported(items, folder)).map(plain), rows);

      const [json, again] = [path.join(folder, "items.json"), path.join(folder, "again.parquet")];
      const read = askPython(READ_ITEMS, items, json, again) as [string, Record<string, unknown>][];
      assert.equal(read.length, 2 * rows.length, "both readers give every item");
      for (const [id, properties] of read) {
        const stated = rows.find((row) => row.id === id)!.properties as Record<string, unknown>;
        for (const [name, value] of Object.entries(stated)) {
          const found = withoutNulls(properties[name]);
          if (typeof value === "number" && typeof found === "string") {
            assert.ok(Math.abs(Date.parse(found) - value) < 1000, `${name}: ${found}`);
          } else if (name !== "proj:geometry") assert.deepEqual(found, value, `${id} ${name}`);
        }
      }
      // As JSON from the one, as Parquet from the other: the same granules at the same places.
      const where = (
        row: Record<string, unknown>,
      ) => [row.collection, row.id, row.path, row.s3_base, row.bbox];
      const fromJson = await rowsOf(await catalogOf(json, "stac", folder));
      assert.deepEqual(fromJson.map(plain).map(where), rows.map(where));
      assert.deepEqual((await imported(again, folder)).map(plain).map(where), rows.map(where));
    });
  });
}

const FOREIGN = `
import sys, json, geopandas, shapely
folder = sys.argv[1]
boxes = {32633: shapely.box(14, 45, 15, 46), 3031: shapely.box(12, -70, 13, -69), 3413: shapely.box(-45, 70, -44, 71),
  2154: shapely.box(2, 45, 3, 46), 3857: shapely.box(100, -1, 101, 1), 4258: shapely.box(14, 45, 15, 46)}
shapes = {"point": shapely.Point(1, 2), "linestring": shapely.LineString([(1, 2), (3, 4)]),
  "polygon": shapely.box(30, 20, 31, 21).difference(shapely.box(30.2, 20.2, 30.4, 20.4)),
  "multipoint": shapely.MultiPoint([(1, 2), (3, 4)]), "multilinestring": shapely.MultiLineString([[(1, 2), (3, 4)], [(5, 6), (7, 8)]]),
  "multipolygon": shapely.MultiPolygon([shapely.box(10, 20, 11, 21), shapely.box(12, 20, 13, 21)])}
answer = {}
def frame(geometry, crs):
    return geopandas.GeoDataFrame({"id": ["a"], "collection": ["C.1"], "assets": [{"data": {"href": "https://h.example/x/a.h5"}}]}, geometry=[geometry], crs=crs)
for code, box in boxes.items():
    made = frame(box, 4326).to_crs(code); made.to_parquet(f"{folder}/{code}.parquet")
    answer[f"{code}.parquet"] = list(map(float, made.to_crs(4326).total_bounds))
for name, shape in shapes.items():
    made = frame(shape, 4326); made.to_parquet(f"{folder}/{name}.parquet", geometry_encoding="geoarrow")
    answer[f"{name}.parquet"] = list(map(float, made.total_bounds))
print(json.dumps(answer))`;

Deno.test("footprints of six coordinate systems and of GeoArrow's encodings lie where geopandas has them", {
  ignore: !hasPeer("geopandas"),
}, async () => {
  await withFolder(async (folder) => {
    const files = askPython(FOREIGN, folder) as Record<string, number[]>;
    assert.equal(Object.keys(files).length, 12);
    for (const [name, bounds] of Object.entries(files)) {
      const [{ bbox }] = await imported(path.join(folder, name), folder);
      const found = [bbox!.xmin, bbox!.ymin, bbox!.xmax, bbox!.ymax];
      assert.ok(
        found.every((value, i) => Math.abs(value - bounds[i]) < 1e-6),
        `${name}: ${found}, ${bounds}`,
      );
    }
  });
});
