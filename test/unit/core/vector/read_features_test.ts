import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { GranaryError } from "../../../../core/errors.ts";
import { encodeWkb } from "../../../../core/geometry/wkb.ts";
import { readFeatures } from "../../../../core/vector/read_features.ts";
import { parseWktGeometries } from "../../../../core/vector/wkt_geometry.ts";
import { temporaryFolder } from "../../../support/binary.ts";

const SQUARE = [[0, 0], [0, 10], [10, 10], [10, 0], [0, 0]];
const WGS84 = 'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],' +
  'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]';

/** A shapefile of one polygon per list of rings, by the letter of ESRI's description. */
function shapefile(polygons: readonly number[][][][]): Buffer {
  const records = polygons.map((rings, i) => {
    const points = rings.flat();
    const body = Buffer.alloc(44 + 4 * rings.length + 16 * points.length);
    body.writeInt32LE(5, 0);
    body.writeInt32LE(rings.length, 36);
    body.writeInt32LE(points.length, 40);
    let first = 0;
    rings.forEach((ring, part) => {
      body.writeInt32LE(first, 44 + 4 * part);
      first += ring.length;
    });
    points.forEach(([x, y], at) => {
      body.writeDoubleLE(x, 44 + 4 * rings.length + 16 * at);
      body.writeDoubleLE(y, 52 + 4 * rings.length + 16 * at);
    });
    const head = Buffer.alloc(8);
    head.writeInt32BE(i + 1, 0);
    head.writeInt32BE(body.length / 2, 4);
    return Buffer.concat([head, body]);
  });
  const header = Buffer.alloc(100);
  header.writeInt32BE(9994, 0);
  header.writeInt32BE((100 + Buffer.concat(records).length) / 2, 24);
  header.writeInt32LE(1000, 28);
  header.writeInt32LE(5, 32);
  return Buffer.concat([header, ...records]);
}

function written(name: string, content: string | Uint8Array, beside: Record<string, string> = {}): string {
  const folder = temporaryFolder("granary-features-");
  fs.writeFileSync(path.join(folder, name), content);
  for (const [other, text] of Object.entries(beside)) fs.writeFileSync(path.join(folder, other), text);
  return path.join(folder, name);
}

Deno.test("WKT is read in all its spellings, one geometry after the other", () => {
  const { geometries, code } = parseWktGeometries(
    `SRID=4326; POLYGON Z((0 0 5, 0 1 5, 1 1 5, 0 0 5),(.2 .3 1,.3 .3 1,.3 .4 1,.2 .3 1))
     MultiPoint(1 2, (3 4)); POINT EMPTY GEOMETRYCOLLECTION(LINESTRINGZM(1e1 -2 3 4,+5 6 7 8),POINT M(1 2 3))`,
    "a.wkt",
  );
  assert.equal(code, "EPSG:4326");
  assert.deepEqual(geometries, [
    {
      type: "Polygon",
      coordinates: [[[0, 0], [0, 1], [1, 1], [0, 0]], [[0.2, 0.3], [0.3, 0.3], [0.3, 0.4], [0.2, 0.3]]],
    },
    { type: "MultiPoint", coordinates: [[1, 2], [3, 4]] },
    { type: "Point", coordinates: [NaN, NaN] },
    {
      type: "GeometryCollection",
      geometries: [
        { type: "LineString", coordinates: [[10, -2], [5, 6]] },
        { type: "Point", coordinates: [1, 2] },
      ],
    },
  ]);
  for (
    const [text, message] of [
      ["POLYGON((0 0, 1 1", /ends in the middle/],
      ["POLYGON((0 0, x 1))", /character 14: wanted two numbers/],
      ["SQUARE(1 2)", /"SQUARE" is no geometry/],
      ["SRID=1;POINT(1 2) SRID=2;POINT(1 2)", /states EPSG:1 and EPSG:2/],
      ["GEOMETRYCOLLECTION(".repeat(20) + "POINT(1 2)", /nest deeper/],
    ] as const
  ) assert.throws(() => parseWktGeometries(text, "a.wkt"), message);
});

Deno.test("a shapefile's rings are put together by their direction, and without a .prj it is refused", async () => {
  const hole = [[2, 2], [4, 2], [4, 4], [2, 4], [2, 2]],
    island = [[20, 0], [20, 1], [21, 1], [21, 0], [20, 0]];
  const bytes = shapefile([[SQUARE, hole, island], [hole]]);
  const features = await readFeatures(written("a.shp", bytes, { "a.prj": WGS84 }));
  assert.deepEqual(features.map(({ geometry }) => geometry), [
    { type: "MultiPolygon", coordinates: [[island], [SQUARE, hole]] },
    { type: "MultiPolygon", coordinates: [[hole]] },
  ]);
  await assert.rejects(readFeatures(written("a.shp", bytes)), /no \.prj beside it/);
});

Deno.test("older GeoJSON that states another system is carried out of it", async () => {
  const text = JSON.stringify({
    type: "FeatureCollection",
    crs: { type: "name", properties: { name: "urn:ogc:def:crs:EPSG::32633" } },
    features: [{
      type: "Feature",
      properties: { id: 3, parts: [1], gone: null },
      geometry: { type: "Point", coordinates: [500000, 5538630.7] },
    }, { type: "Feature", properties: null, geometry: null }],
  });
  const [{ geometry, properties }, ...others] = await readFeatures(written("a.json", text));
  assert.deepEqual(others, []);
  const [longitude, latitude] = (geometry as { coordinates: number[] }).coordinates;
  // pyproj: 15 E 50 N.
  assert.ok(Math.abs(longitude - 15) < 1e-6 && Math.abs(latitude - 50) < 1e-6);
  assert.deepEqual(properties, { id: 3, parts: null, gone: null });
});

function geoPackage(tables: readonly string[]): string {
  const file = written("a.gpkg", "");
  fs.rmSync(file);
  const database = new DatabaseSync(file);
  database.exec(
    "CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT);" +
      "CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);" +
      "CREATE TABLE gpkg_spatial_ref_sys (srs_id INTEGER, organization TEXT, organization_coordsys_id INTEGER," +
      " definition TEXT)",
  );
  const blob = Buffer.concat([
    Buffer.from([0x47, 0x50, 0, 1, 0xe6, 0x10, 0, 0]),
    encodeWkb({ type: "Polygon", coordinates: [SQUARE] }),
  ]);
  for (const table of tables) {
    database.exec(`CREATE TABLE "${table.replaceAll('"', '""')}" (fid INTEGER, geom BLOB, name TEXT)`);
    database.prepare("INSERT INTO gpkg_contents VALUES (?, 'features')").run(table);
    database.prepare("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 4326)").run(table);
    database.prepare(`INSERT INTO "${table.replaceAll('"', '""')}" VALUES (1, ?, 'one'), (2, NULL, 'two')`)
      .run(blob);
  }
  database.prepare("INSERT INTO gpkg_spatial_ref_sys VALUES (4326, 'EPSG', 4326, '')").run();
  database.close();
  return file;
}

Deno.test("a GeoPackage of several tables is asked for one by its name", async () => {
  const file = geoPackage(["a", 'b"; DROP TABLE a; --']);
  assert.deepEqual((await readFeatures(`${file}:a`)).map(({ properties }) => properties), [
    { fid: 1, name: "one" },
  ]);
  await assert.rejects(readFeatures(file), /2 tables of features.*a\.gpkg:a/);
  await assert.rejects(readFeatures(`${file}:c`), /no table of features is called "c" \(it has a, b"/);
});

Deno.test("what is no file of areas, or is damaged anywhere, is an input error", async () => {
  await assert.rejects(readFeatures(written("a.zip", "PK\x03\x04…")), /zip archive/);
  await assert.rejects(readFeatures(written("a.txt", "no areas")), /no file of areas/);
  await assert.rejects(readFeatures("/nowhere/a.shp"), /cannot read \(ENOENT\)/);
  await assert.rejects(
    readFeatures(written("a.wkt", "POLYGON((0 0, 0 1000, 5 5, 0 0))")),
    /feature 1: position \[0, 1000\] is not/,
  );
  const sound = shapefile([[SQUARE], [SQUARE, SQUARE]]);
  const file = written("a.shp", sound, { "a.prj": WGS84 });
  await fc.assert(
    fc.asyncProperty(
      fc.nat(sound.length - 1),
      fc.integer({ min: 0, max: 255 }),
      fc.boolean(),
      async (at, byte, cut) => {
        const bytes = Buffer.from(sound);
        bytes[at] = byte;
        fs.writeFileSync(file, cut ? bytes.subarray(0, at) : bytes);
        try {
          await readFeatures(file);
        } catch (error) {
          if (!(error instanceof GranaryError)) throw error;
        }
      },
    ),
    { numRuns: 200 },
  );
});
