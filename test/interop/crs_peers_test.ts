/** Coordinate reference systems in our words, as PROJ reads them. */
import assert from "node:assert/strict";
import { crsOfCode } from "../../core/raster/crs/codes.ts";
import { crsOfProj4 } from "../../core/raster/crs/definition.ts";
import { transformer } from "../../core/raster/crs/transform.ts";
import { wkt2OfCrs } from "../../core/raster/crs/wkt2_text.ts";
import { askPython, hasPeer } from "../support/python.ts";

const DEFINITIONS = [
  "+proj=sinu +lon_0=0 +R=6371007.181 +units=m",
  "+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +R=6371228",
  "+proj=stere +lat_0=-90 +lon_0=10 +k=0.97 +x_0=5 +datum=WGS84",
  "+proj=aea +lat_0=10 +lon_0=20 +lat_1=5 +lat_2=30 +x_0=1000 +datum=WGS84",
  "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321 +y_0=321 +datum=WGS84",
  "+proj=cea +lat_ts=30 +lon_0=10 +datum=WGS84",
  "+proj=lcc +lat_0=40 +lon_0=-96 +lat_1=20 +lat_2=60 +datum=NAD83",
  "+proj=lcc +lat_1=25 +lat_0=25 +lon_0=-95 +k_0=1 +R=6371200",
  "+proj=tmerc +lat_0=10 +lon_0=12.5 +k=0.9999 +x_0=100000 +datum=WGS84 +units=us-ft",
  "+proj=merc +lon_0=10 +lat_ts=30 +datum=WGS84",
  "+proj=eqc +lat_ts=30 +lon_0=10 +R=6371229",
  "+proj=moll +lon_0=10 +R=6371229",
  "+proj=eqearth +lon_0=10 +datum=WGS84",
  "+proj=longlat +R=6371229",
];

const ASK = `
import json, sys, warnings
from pyproj import CRS, Transformer
warnings.simplefilter("ignore")
out = []
for wkt in json.loads(sys.argv[1]):
    crs = CRS.from_wkt(wkt)
    to = Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)
    out.append([to.transform(x, y) for x, y in ((12, 40), (20, 55.5), (-5, 30))])
print(json.dumps(out))
`;

Deno.test({
  name: "systems without a code, in WKT 2 made of their parameters, are the same systems to PROJ",
  ignore: !hasPeer("pyproj"),
  fn() {
    const systems = DEFINITIONS.map((definition) => crsOfProj4(definition));
    const texts = systems.map((crs) => wkt2OfCrs(crs)!);
    const known = askPython(ASK, JSON.stringify(texts)) as [number, number][][];
    systems.forEach((crs, i) => {
      const own = crs.proj4.match(/\+(datum|ellps|R|a|b|rf)=\S+/g) ?? [];
      const lonlat = own.length === 0 ? crsOfCode("EPSG:4326") : crsOfProj4(`+proj=longlat ${own.join(" ")}`);
      [[12, 40], [20, 55.5], [-5, 30]].forEach(([longitude, latitude], at) => {
        const [x, y] = transformer(lonlat, crs).forward(longitude, latitude);
        const away = Math.hypot(x - known[i][at][0], y - known[i][at][1]);
        assert.ok(away < 1e-3, `${DEFINITIONS[i]}: ${x} ${y}, by PROJ ${known[i][at]}: ${texts[i]}`);
      });
    });
  },
});
