import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { brotliDecompressSync } from "node:zlib";
import index from "epsg-index/all.json" with { type: "json" };
import { CODE_TABLE } from "../../../../../core/raster/crs/code_table.ts";
import { COMMON_CODES } from "../../../../../core/raster/crs/common_codes.ts";
import { crsNote, crsOfCode, findCrs } from "../../../../../core/raster/crs/codes.ts";
import { commonText, tableText } from "../../../../../scripts/crs_table.ts";
import { axisUnit } from "./axis_unit.ts";

Deno.test("the table is what its script makes of the index", () => {
  const text = brotliDecompressSync(Buffer.from(CODE_TABLE, "base64")).toString("utf8");
  assert.equal(text, tableText(Object.values(index)));
  assert.equal(COMMON_CODES, `\n${commonText(text)}\n`);
});

Deno.test("a code gives its name, its definition and whether its axes are degrees", () => {
  const utm = crsOfCode("EPSG:32615");
  assert.equal(utm.name, "WGS 84 / UTM zone 15N");
  assert.equal(utm.code, "EPSG:32615");
  assert.equal(utm.geographic, false);
  assert.match(utm.proj4, /^\+proj=utm \+zone=15 \+datum=WGS84/);
  assert.equal(crsOfCode("EPSG:4326").geographic, true);
  assert.equal(crsOfCode("EPSG:4979").geographic, true);
});

Deno.test("the ways to write a code mean one system", () => {
  const ways = [
    "EPSG:32615",
    "epsg:32615",
    " EPSG:32615 ",
    "32615",
    "EPSG::32615",
    "urn:ogc:def:crs:EPSG::32615",
    "urn:ogc:def:crs:EPSG:9.9.1:32615",
    "http://www.opengis.net/def/crs/EPSG/0/32615",
    "https://www.opengis.net/def/crs/EPSG/0/32615",
  ];
  for (const way of ways) assert.equal(findCrs(way)?.code, "EPSG:32615", way);
  for (const way of ["OGC:CRS84", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"]) {
    assert.equal(findCrs(way)?.code, "EPSG:4326", way);
  }
});

Deno.test("withdrawn codes that sea ice and EASE grids still carry are known", () => {
  for (const code of [3408, 3409, 3410, 3411, 3412, 32662, 2163, 3785]) {
    assert.notEqual(findCrs(`EPSG:${code}`), null, String(code));
  }
  assert.equal(crsOfCode("ESRI:102001").name, "NAD 1983 Albers Canada");
  assert.equal(findCrs("EPSG:102001"), null, "ESRI's numbers are not EPSG's");
});

Deno.test("an unknown code is named, and so is what was wanted", () => {
  for (const code of ["EPSG:99999", "EPSG:5703", "", "ESRI:1", "nonsense", "__proto__", "EPSG:4807"]) {
    assert.equal(findCrs(code), null, code);
  }
  assert.throws(() => crsOfCode("EPSG:99999"), /^GranaryError: EPSG:99999: no coordinate reference system/);
  // Definitions, with a code at their end and without.
  const polar = 'PROJCRS["a",BASEGEOGCRS["b"],ID["EPSG",3413]]';
  assert.throws(() => crsOfCode(polar), /is a definition; a code is wanted here \(say EPSG:3413, with which/);
  const older = 'PROJCS["a",GEOGCS["b",AUTHORITY["EPSG","4326"]],AUTHORITY["EPSG","3031"]]\n';
  assert.throws(() => crsOfCode(older), /\(say EPSG:3031, with which it ends\)/);
  for (const text of ['PROJCS["a",GEOGCS["b",AUTHORITY["EPSG","4326"]]]', "+proj=longlat", "{}"]) {
    assert.throws(() => crsOfCode(text), /is a definition.*\(name the reference system by one, such as/);
  }
});

Deno.test("what is lost without a datum's grid file is said, and nothing of others", () => {
  assert.match(crsNote(crsOfCode("EPSG:27700"))!, /EPSG:27700 \(OSGB36/);
  assert.doesNotMatch(crsOfCode("EPSG:27700").proj4, /nadgrids/);
  assert.equal(crsNote(crsOfCode("EPSG:32615")), null);
  assert.equal(crsNote(crsOfCode("EPSG:3857")), null);
});

Deno.test("axes are in metres, in feet of two lengths, or in degrees", () => {
  assert.deepEqual(axisUnit(crsOfCode("EPSG:32615")), { name: "metre", metres: 1 });
  assert.deepEqual(axisUnit(crsOfCode("EPSG:2225")), { name: "US survey foot", metres: 1200 / 3937 });
  assert.deepEqual(axisUnit(crsOfCode("EPSG:2222")), { name: "foot", metres: 0.3048 });
  assert.equal(axisUnit(crsOfCode("EPSG:4326")), null);
});
