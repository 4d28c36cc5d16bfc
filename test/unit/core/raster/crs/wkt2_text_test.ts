import assert from "node:assert/strict";
import { crsOfCode } from "../../../../../core/raster/crs/codes.ts";
import { crsOfProj4 } from "../../../../../core/raster/crs/definition.ts";
import { transformer } from "../../../../../core/raster/crs/transform.ts";
import { crsOfWkt } from "../../../../../core/raster/crs/wkt.ts";
import { wkt2OfCrs } from "../../../../../core/raster/crs/wkt2_text.ts";
import { POINTS } from "./projected_points.ts";
import { axisUnit } from "./axis_unit.ts";

const LONLAT = crsOfCode("EPSG:4326");
/** Its datum is given by a shift, which WKT has in other words. */
const SHIFTED = "EPSG:2056";

for (const { crs: name, points } of POINTS.filter(({ crs }) => crs !== SHIFTED)) {
  Deno.test(`${name}, put into words by its parameters, puts points where PROJ puts them`, () => {
    const crs = name.startsWith("+") ? crsOfProj4(name) : crsOfCode(name);
    const text = wkt2OfCrs(crs);
    assert.match(text!, /^PROJCRS\[/);
    const back = crsOfWkt(text!);
    const { metres } = axisUnit(back)!;
    for (const [longitude, latitude, x, y] of points) {
      const [foundX, foundY] = transformer(LONLAT, back).forward(longitude, latitude);
      const far = Math.hypot(foundX - x, foundY - y) * metres;
      assert.ok(far < 2e-4, `${longitude} ${latitude}: ${far} m off, by ${text}`);
    }
  });
}

Deno.test("the file's own text of version 2 is kept, older text is written again", () => {
  const crs = crsOfProj4("+proj=sinu +lon_0=0 +R=6371007.181");
  const own = 'PROJCRS["own"]';
  assert.equal(wkt2OfCrs({ ...crs, wkt: own }), own);
  assert.match(wkt2OfCrs({ ...crs, wkt: 'PROJCS["old"]' })!, /^PROJCRS\[.*METHOD\["Sinusoidal"\]/);
  assert.match(wkt2OfCrs({ ...crs, name: 'a "b"' })!, /^PROJCRS\["a ""b""",/);
});

Deno.test("what WKT has no words for is null", () => {
  for (
    const definition of [
      "+proj=igh",
      "+proj=laea +ellps=intl +towgs84=1,2,3",
      "+proj=longlat +R=6371000 +pm=rome",
    ]
  ) {
    assert.equal(wkt2OfCrs(crsOfProj4(definition)), null, definition);
  }
});
