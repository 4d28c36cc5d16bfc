import assert from "node:assert/strict";
import { crsOfProj4 } from "../../../../../core/raster/crs/definition.ts";

/** Parameter sets as files give them, and the code of each in PROJ's database. */
const RECOGNISED: readonly [string, string][] = [
  ["+proj=laea +lat_0=90 +lon_0=0 +x_0=0 +y_0=0 +ellps=WGS84 +units=m", "EPSG:6931"],
  ["+proj=laea +lat_0=-90 +lon_0=0 +a=6378137 +rf=298.257223563", "EPSG:6932"],
  ["+proj=cea +lat_ts=30 +lon_0=0 +a=6378137 +b=6356752.3142", "EPSG:6933"],
  ["+proj=cea +lat_ts=30 +lon_0=0 +R=6371228", "EPSG:3410"],
  ["+proj=laea +lat_0=90 +lon_0=0 +a=6371228 +b=6371228", "EPSG:3408"],
  ["+proj=laea +lat_0=-90 +lon_0=0 +R=6371228 +units=m +no_defs", "EPSG:3409"],
  ["+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +a=6378273 +rf=298.279411123064", "EPSG:3411"],
  ["+proj=stere +lat_0=-90 +lat_ts=-70 +lon_0=0 +a=6378273 +b=6356889.449", "EPSG:3412"],
  ["+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m", "EPSG:3413"],
  ["+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0 +datum=WGS84", "EPSG:3031"],
  ["+proj=aea +lat_0=23 +lon_0=-96 +lat_1=29.5 +lat_2=45.5 +ellps=GRS80 +units=m", "EPSG:5070"],
  ["+proj=aea +lat_0=23 +lon_0=-96 +lat_1=45.5 +lat_2=29.5 +ellps=GRS80 +units=m", "EPSG:5070"],
  ["+proj=aea +lat_0=40 +lon_0=-96 +lat_1=50 +lat_2=70 +a=6378137 +rf=298.257222101", "ESRI:102001"],
  ["+proj=tmerc +lat_0=0 +lon_0=-93 +k=0.9996 +x_0=500000 +y_0=0 +datum=WGS84", "EPSG:32615"],
  ["+proj=tmerc +lat_0=0 +lon_0=-51 +k_0=0.9996 +x_0=500000 +y_0=10000000 +ellps=WGS84", "EPSG:32722"],
  ["+proj=utm +zone=60 +south +datum=WGS84", "EPSG:32760"],
  ["+proj=utm +zone=15 +datum=NAD83", "EPSG:26915"],
  ["+proj=longlat +a=6378137 +rf=298.257223563", "EPSG:4326"],
  ["+proj=longlat +datum=NAD83 +no_defs", "EPSG:4269"],
  ["+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +k=1 +units=m +nadgrids=@null", "EPSG:3857"],
];

for (const [definition, code] of RECOGNISED) {
  Deno.test(`${definition} is ${code}`, () => {
    const crs = crsOfProj4(definition, { wkt: "as in the file" });
    assert.equal(crs.code, code);
    assert.equal(crs.wkt, "as in the file");
  });
}

/** Near to known ones, and not they. */
const OTHERS = [
  "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m",
  "+proj=laea +lat_0=90 +lon_0=-45 +datum=WGS84",
  "+proj=laea +lat_0=90 +lon_0=0 +R=6371229",
  "+proj=laea +lat_0=90 +lon_0=0 +datum=WGS84 +units=km",
  "+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +R=6378273",
  "+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +x_0=1 +datum=WGS84",
  "+proj=tmerc +lat_0=0 +lon_0=-93 +k=1 +x_0=500000 +y_0=0 +datum=WGS84",
  "+proj=tmerc +lat_0=0 +lon_0=-92.9 +k=0.9996 +x_0=500000 +y_0=0 +datum=WGS84",
  "+proj=utm +zone=15 +ellps=intl",
  "+proj=utm +zone=15 +ellps=GRS80 +towgs84=10,20,30",
  "+proj=longlat +R=6371229",
  "+proj=longlat +datum=WGS84 +pm=paris",
];

for (const definition of OTHERS) {
  Deno.test(`${definition} has no code`, () => {
    const crs = crsOfProj4(definition, { name: "its name" });
    assert.equal(crs.code, null);
    assert.equal(crs.name, "its name");
    assert.equal(crs.geographic, definition.includes("longlat"));
  });
}

Deno.test("an ellipsoid of WGS 84's axes is named WGS 84 in what is kept", () => {
  const crs = crsOfProj4("+proj=laea +lat_0=52 +lon_0=10 +a=6378137 +rf=298.25722 +type=crs");
  assert.equal(crs.proj4, "+proj=laea +lat_0=52 +lon_0=10 +datum=WGS84 +no_defs");
});

Deno.test("what is no map, or of no ellipsoid, is refused", () => {
  for (const definition of ["", "text", "+zone=15", "+proj=geocent +datum=WGS84"]) {
    assert.throws(() => crsOfProj4(definition), /this defines no projection/, definition);
  }
  assert.throws(() => crsOfProj4("+proj=laea +a=1 +b=5"), /its ellipsoid has no sensible axes/);
});
