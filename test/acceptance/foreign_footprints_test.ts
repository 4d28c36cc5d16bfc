/** Footprints, times and coordinate systems of other people's files: placed, or refused by name. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { temporaryFolder } from "../support/binary.ts";
import { ROOT } from "../support/binary.ts";
import { ok } from "../support/run_world.ts";

const FAULTS = path.join(ROOT, "..", "shared", "faults");
const ignore = !fs.existsSync(FAULTS);
const folder = temporaryFolder("granary-foreign-");

interface Row {
  id: string;
  bbox: { xmin: number; ymin: number; xmax: number; ymax: number };
  order: number;
  cells: number;
  wkt: string;
}

async function build(file: string, output: string): Promise<Row[]> {
  await ok(["catalog", "build", "--from", "stac", path.join(FAULTS, file), "-o", output], { cwd: folder });
  return await rowsOf(output);
}

async function rowsOf(catalog: string): Promise<Row[]> {
  const sql =
    "select id, bbox, cell_order as order, len(cells) as cells, ST_AsText(geometry) as wkt from granules order by id";
  return JSON.parse(await ok(["catalog", "sql", catalog, sql, "--format", "json"], { cwd: folder }));
}

Deno.test(
  { name: "a ring stated past 180 degrees is split at the antimeridian, one degree wide", ignore },
  async () => {
    const rows = await build("truth_past_180.stac.json", "past.parquet");
    for (const { id, bbox, order, cells, wkt } of rows.filter(({ id }) => id !== "plain")) {
      assert.deepEqual([bbox.xmin, bbox.xmax], [-180, 180], id);
      assert.match(wkt, /^MULTIPOLYGON/);
      // Cells of order 8 are about a quarter of a degree: some 27 for a square degree, touching ones counted.
      assert.ok(order === 8 && cells >= 20 && cells <= 40, `${id}: ${cells} cells of order ${order}`);
    }
    const urls = (box: string) =>
      ok(["catalog", "urls", "past.parquet", `--bbox=${box}`, "--driver", "https"], { cwd: folder });
    assert.match(await urls("-180,9,-179.6,12"), /west\.h5/);
    assert.equal(await urls("0,9,20,12"), "");
  },
);

Deno.test({ name: "a bow-tie is as large as its box", ignore }, async () => {
  const [{ bbox, cells }] = await build("bug_bowtie.json", "bowtie.parquet");
  assert.deepEqual(bbox, { xmin: 10, ymin: 50, xmax: 20, ymax: 60 });
  assert.ok(cells > 0);
});

Deno.test({ name: "microseconds of times are kept", ignore }, async () => {
  await build("truth_microseconds.stac.json", "micro.parquet");
  const sql =
    "select strftime(start_datetime at time zone 'UTC', '%f') as s, strftime(datetime at time zone 'UTC', '%f') as d, " +
    "strftime(end_datetime at time zone 'UTC', '%f') as e from granules";
  const [row] = JSON.parse(
    await ok(["catalog", "sql", "micro.parquet", sql, "--format", "json"], { cwd: folder }),
  );
  assert.deepEqual(row, { s: "256207", d: "200811", e: "145999" });
});

Deno.test({ name: "the primary column of GeoParquet is read, whatever its name", ignore }, async () => {
  const file = path.join(FAULTS, "bug_geometry_named_footprint.parquet");
  await ok(["catalog", "import", file, "-o", "named.parquet"], { cwd: folder });
  assert.deepEqual((await rowsOf("named.parquet")).map(({ bbox }) => bbox), [
    { xmin: -45, ymin: 70, xmax: -44, ymax: 71 },
    { xmin: -44, ymin: 70, xmax: -43, ymax: 71 },
  ]);
});

Deno.test({ name: "another coordinate system is placed, by its code or by its method", ignore }, async () => {
  const places = { bug_epsg3413: [-45, 70, -43, 71], bug_polar_km: [-180, 89.2, 180, 90] };
  for (const [name, [west, south, east, north]] of Object.entries(places)) {
    const file = path.join(FAULTS, `${name}.parquet`);
    await ok(["catalog", "import", file, "-o", `${name}.parquet`], { cwd: folder });
    for (const { bbox } of await rowsOf(`${name}.parquet`)) {
      const inside = bbox.xmin >= west - 1e-6 && bbox.ymin >= south - 1e-6 && bbox.xmax <= east + 1e-6 &&
        bbox.ymax <= north + 1e-6;
      assert.ok(inside, `${name}: ${JSON.stringify(bbox)}`);
    }
  }
});

Deno.test("a frame round the pole with an exclusive zone is placed, and stops no other granule", async () => {
  const ring = (latitude: number, step: number) =>
    Array.from({ length: 360 / step + 1 }, (_, at) => ({
      Longitude: ((at * step + 180) % 360) - 180,
      Latitude: latitude,
    }));
  const granule = (name: string, polygon: object) => ({
    meta: { "concept-id": `G1-${name}`, "provider-id": "P", "revision-id": 1 },
    umm: {
      GranuleUR: name,
      CollectionReference: { ShortName: "S", Version: "1" },
      TemporalExtent: { SingleDateTime: "2024-01-01T00:00:00Z" },
      SpatialExtent: { HorizontalSpatialDomain: { Geometry: { GPolygons: [polygon] } } },
      RelatedUrls: [{ URL: `https://example.org/${name}.h5`, Type: "GET DATA" }],
    },
  });
  const square = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]].map(([Longitude, Latitude]) => ({
    Longitude,
    Latitude,
  }));
  const items = [
    granule("frame", {
      Boundary: { Points: ring(-60, 10) },
      ExclusiveZone: { Boundaries: [{ Points: ring(-80, 10).reverse() }] },
    }),
    granule("plain", { Boundary: { Points: square } }),
  ];
  fs.writeFileSync(path.join(folder, "frame.json"), JSON.stringify({ hits: 2, items }));
  await ok(["catalog", "build", "--from", "cmr-json", "frame.json", "-o", "frame.parquet"], { cwd: folder });
  const found = async (box: string) =>
    (await ok(["catalog", "urls", "frame.parquet", `--bbox=${box}`, "--driver", "https"], { cwd: folder }))
      .trim();
  for (const west of [-180, -90, 0, 90, 179]) {
    assert.equal(await found(`${west},-71,${west + 1},-70`), "https://example.org/frame.h5", `${west}`);
    // Within the zone that is left out, and outside the frame.
    assert.equal(await found(`${west},-89,${west + 1},-85`), "", `${west}`);
    assert.equal(await found(`${west},-50,${west + 1},-49`), "", `${west}`);
  }
  assert.equal(await found("0.2,0.2,0.8,0.8"), "https://example.org/plain.h5");
});
