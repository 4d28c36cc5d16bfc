import assert from "node:assert/strict";
import { crsOfCode } from "../../../../../core/raster/crs/codes.ts";
import { transformer } from "../../../../../core/raster/crs/transform.ts";
import { crsOfWkt } from "../../../../../core/raster/crs/wkt.ts";
import { POINTS, TEXTS } from "./projected_points.ts";
import { axisUnit } from "./axis_unit.ts";

const LONLAT = crsOfCode("EPSG:4326");

/** Their datum lies elsewhere than WGS 84's, which the texts without codes do not tell. */
const SHIFTED = ["EPSG:2056"];

for (const { crs: name, version, wkt } of TEXTS.filter(({ crs }) => !SHIFTED.includes(crs))) {
  Deno.test(`${version} of ${name} puts points where PROJ puts them`, () => {
    const crs = crsOfWkt(wkt);
    assert.equal(crs.wkt, wkt);
    const set = POINTS.find((each) => each.crs === name)!;
    const { metres } = axisUnit(crs)!;
    const transform = transformer(LONLAT, crs);
    for (const [longitude, latitude, x, y] of set.points) {
      const [foundX, foundY] = transform.forward(longitude, latitude);
      const far = Math.hypot(foundX - x, foundY - y) * metres;
      // GRS 1980 counts as WGS 84, which moves points by 0.1 mm.
      assert.ok(far < 2e-4, `${longitude} ${latitude}: ${far} m off, by "${crs.proj4}"`);
    }
  });
}

for (const { crs: name, version, wkt } of TEXTS) {
  const known = ["EPSG:32615", "EPSG:32733", "EPSG:3413", "EPSG:3031", "EPSG:6931", "EPSG:6933", "EPSG:5070"];
  if (!known.includes(name)) continue;
  Deno.test(`${version} of ${name} without codes is known for it`, () => {
    assert.equal(crsOfWkt(wkt).code, name);
  });
}

Deno.test("the code at the end of a text counts, in each dialect", () => {
  const geographic = 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,' +
    'AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0],' +
    'UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]';
  assert.equal(crsOfWkt(geographic).code, "EPSG:4326");
  const projected =
    `PROJCS["x",${geographic},PROJECTION["anything"],UNIT["metre",1],AUTHORITY["EPSG","32615"]]`;
  assert.equal(crsOfWkt(projected).code, "EPSG:32615");
  assert.equal(crsOfWkt(`COMPD_CS["x",${projected},VERT_CS["v",VERT_DATUM["d",2005]]]`).code, "EPSG:32615");
  assert.equal(
    crsOfWkt(`BOUNDCRS[SOURCECRS[${projected}],TARGETCRS[${geographic}]]`).code,
    "EPSG:32615",
  );
  assert.equal(crsOfWkt(geographic.replace(',AUTHORITY["EPSG","4326"]]', "]")).code, "EPSG:4326");
});

Deno.test("a datum of another name keeps its grid from the codes of WGS 84", () => {
  const etrs89 =
    'PROJCS["ETRS89 / UTM zone 32N",GEOGCS["ETRS89",DATUM["European_Terrestrial_Reference_System_1989",' +
    'SPHEROID["GRS 1980",6378137,298.257222101]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],' +
    'PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",9],' +
    'PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],' +
    'UNIT["metre",1]]';
  const crs = crsOfWkt(etrs89);
  assert.equal(crs.code, null);
  assert.equal(crs.name, "ETRS89 / UTM zone 32N");
  const [x, y] = transformer(LONLAT, crs).forward(9, 45);
  assert.deepEqual([x, y].map((value) => value.toFixed(3)), ["500000.000", "4982950.400"]);
});

Deno.test("feet and grads of a text are counted in its parameters", () => {
  const geographic = (unit: string) =>
    `GEOGCS["n",DATUM["d",SPHEROID["s",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT[${unit}]]`;
  const feet = `PROJCS["n",${geographic('"degree",0.0174532925199433')},PROJECTION["Transverse_Mercator"],` +
    `PARAMETER["central_meridian",-93],PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",1640416.6667],` +
    `UNIT["US survey foot",0.3048006096012192]]`;
  const crs = crsOfWkt(feet);
  assert.ok(Math.abs(axisUnit(crs)!.metres - 1200 / 3937) < 1e-12);
  assert.ok(Math.abs(transformer(LONLAT, crs).forward(-93, 45)[0] - 1640416.6667) < 1e-3);
  const grads = `PROJCS["n",${geographic('"grad",0.01570796326794897')},PROJECTION["Transverse_Mercator"],` +
    `PARAMETER["central_meridian",10],PARAMETER["scale_factor",1],UNIT["metre",1]]`;
  assert.ok(Math.abs(transformer(LONLAT, crsOfWkt(grads)).forward(9, 45)[0]) < 1e-6);
});

Deno.test("text that is no WKT, or no map, is refused with what is wrong", () => {
  const refused: [string, RegExp][] = [
    ["", /begins with no keyword/],
    ["EPSG:4326", /has no bracket|belongs to no value/],
    ['PROJCS["x"', /PROJCS does not end/],
    ['PROJCS["x"]]', /text follows/],
    ['PROJCS["x"]', /no base/],
    ['LOCAL_CS["x",UNIT["m",1]]', /LOCAL_CS is no system/],
    ['GEOGCS["x",DATUM["d"]]', /no datum with an ellipsoid/],
    ['GEOGCS["x",DATUM["d",SPHEROID["s",0,0]]]', /ellipsoid has no axes/],
    ["A[".repeat(100), /nests deeper/],
    [`A["${"x".repeat(300_000)}"]`, /more than any WKT has/],
  ];
  for (const [text, message] of refused) assert.throws(() => crsOfWkt(text), message, text.slice(0, 40));
  const unknown =
    'PROJCS["x",GEOGCS["g",DATUM["d",SPHEROID["s",6378137,298]],UNIT["degree",0.0174532925199433]],' +
    'PROJECTION["Peirce_Quincuncial"]]';
  assert.throws(() => crsOfWkt(unknown), /projection method "Peirce_Quincuncial" is not known/);
});
