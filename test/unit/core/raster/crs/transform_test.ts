import assert from "node:assert/strict";
import proj4 from "proj4";
import { crsOfCode } from "../../../../../core/raster/crs/codes.ts";
import { crsOfProj4 } from "../../../../../core/raster/crs/definition.ts";
import { transformer } from "../../../../../core/raster/crs/transform.ts";
import { POINTS } from "./projected_points.ts";
import { axisUnit } from "./axis_unit.ts";

const LONLAT = crsOfCode("EPSG:4326");
const system = (name: string) => name.startsWith("+") ? crsOfProj4(name) : crsOfCode(name);

for (const { crs: name, points } of POINTS) {
  Deno.test(`${name} puts points where PROJ puts them, and brings them back`, () => {
    const crs = system(name);
    const transform = transformer(LONLAT, crs);
    const metres = axisUnit(crs)!.metres;
    const xs = Float64Array.from(points, ([longitude]) => longitude);
    const ys = Float64Array.from(points, ([, latitude]) => latitude);
    transform.forwardAll(xs, ys);
    points.forEach(([longitude, latitude, x, y], i) => {
      const far = Math.hypot(xs[i] - x, ys[i] - y) * metres;
      assert.ok(far < 1e-4, `${longitude} ${latitude}: ${far} m from PROJ's ${x} ${y}`);
      assert.deepEqual(transform.forward(longitude, latitude), [xs[i], ys[i]]);
      const [backX, backY] = transform.inverse(x, y);
      const away = Math.hypot((backX - longitude) * Math.cos(latitude * Math.PI / 180), backY - latitude);
      assert.ok(away < 5e-8, `${x} ${y}: ${backX} ${backY} is ${away} degrees from ${longitude} ${latitude}`);
    });
  });
}

Deno.test("a point without an image becomes NaN, in both coordinates", () => {
  const forward = (code: string, x: number, y: number) => transformer(LONLAT, crsOfCode(code)).forward(x, y);
  const none = [NaN, NaN];
  assert.deepEqual(forward("EPSG:3413", 0, -90), none, "the pole opposite");
  assert.deepEqual(forward("EPSG:3857", 0, 90), none);
  assert.deepEqual(forward("EPSG:32615", -93, 91), none);
  assert.deepEqual(forward("EPSG:32615", NaN, 45), none);
  assert.deepEqual(forward("EPSG:32615", -93, Infinity), none);
  assert.deepEqual(transformer(LONLAT, crsOfCode("EPSG:6931")).inverse(1e9, 1e9), none);
  const xs = Float64Array.of(-93, -93), ys = Float64Array.of(91, 45);
  transformer(LONLAT, crsOfCode("EPSG:32615")).forwardAll(xs, ys);
  assert.ok(Number.isNaN(xs[0]) && Number.isNaN(ys[0]) && Math.abs(xs[1] - 500_000) < 1e-6);
});

Deno.test("a latitude that rounding put past the pole is the pole's", () => {
  const polar = transformer(LONLAT, crsOfCode("EPSG:3413"));
  const [x, y] = polar.forward(10, 90 + 1e-12);
  assert.ok(Math.hypot(x, y) < 1e-6, `${x} ${y}`);
});

Deno.test("longitudes of a projection lie within 180 degrees", () => {
  const mercator = transformer(crsOfCode("EPSG:3857"), LONLAT);
  for (const x of [2.5e7, -2.5e7, 9e7, 1e9]) {
    const [longitude] = mercator.forward(x, 0);
    assert.ok(longitude >= -180 && longitude <= 180, `${x}: ${longitude}`);
    // The Earth's circumference at the equator of the projection's sphere.
    const turns = x / (2 * Math.PI * 6378137) - longitude / 360;
    assert.ok(Math.abs(turns - Math.round(turns)) < 1e-9, `${x}: ${longitude}`);
  }
});

Deno.test("a projection that cannot be computed is refused by name when it is used", () => {
  assert.throws(
    () => transformer(LONLAT, crsOfCode("ESRI:54042")),
    /ESRI:54042: this coordinate reference system cannot be computed here.*\+proj=wintri/,
  );
});

Deno.test("what a definition leaves out is 0, as it is to PROJ", () => {
  const projections = [
    "aea +lat_1=5 +lat_2=30",
    "lcc +lat_1=5 +lat_2=30",
    "laea",
    "cea",
    "sinu",
    "tmerc",
    "merc",
    "eqc",
  ];
  for (const projection of projections) {
    const short = crsOfProj4(`+proj=${projection} +a=6378206 +b=6356584`);
    const long = crsOfProj4(`+proj=${projection} +lat_0=0 +lon_0=0 +x_0=0 +y_0=0 +a=6378206 +b=6356584`);
    const [x, y] = transformer(LONLAT, short).forward(12, 34);
    assert.ok(Number.isFinite(x) && Number.isFinite(y), projection);
    assert.deepEqual([x, y], transformer(LONLAT, long).forward(12, 34), projection);
  }
});

Deno.test("between systems of one datum, points are those of the library to the last bit", () => {
  const codes = ["EPSG:4326", "EPSG:3857", "EPSG:32615", "EPSG:3413", "EPSG:6933", "EPSG:3035", "EPSG:2263"];
  const places = [[-93.2, 47.9], [12.5, 0], [0, 0], [-179.99, -71], [10, 89.9999]] as const;
  for (const from of codes.map(crsOfCode)) {
    for (const to of codes.map(crsOfCode)) {
      if (from.proj4 === to.proj4) continue;
      const { forward } = transformer(from, to);
      const library = proj4(new proj4.Proj(from.proj4), new proj4.Proj(to.proj4));
      for (const [longitude, latitude] of places) {
        const [x, y] = transformer(LONLAT, from).forward(longitude, latitude);
        if (!Number.isFinite(x)) continue;
        const point = library.forward({ x, y });
        if (!Number.isFinite(point.x)) continue;
        assert.deepEqual(forward(x, y), [point.x, point.y], `${from.code} ${to.code}`);
      }
    }
  }
});

Deno.test("datums that differ are still shifted: Amersfoort's lies a hundred metres from WGS 84", () => {
  const { forward } = transformer(
    LONLAT,
    crsOfProj4(
      "+proj=sterea +lat_0=52.15616055555555 +lon_0=5.38763888888889 +k=0.9999079 +x_0=155000 +y_0=463000 " +
        "+ellps=bessel +towgs84=565.4171,50.3319,465.5524,-0.398957,0.343988,-1.87740,4.0725 +units=m +no_defs",
    ),
  );
  // The tower of Amersfoort, of which the Dutch agency gives RD and ETRS89 coordinates.
  const [x, y] = forward(5.38720621, 52.15517440);
  assert.ok(Math.hypot(x - 155_000, y - 463_000) < 1, `${x} ${y}`);
});
