import assert from "node:assert/strict";
import {
  cmrParameters,
  type CmrQuery,
  isAskedByBoxes,
  queryRings,
} from "../../../../../catalog/discover/cmr/cmr_query.ts";

const base: CmrQuery = { shortNames: ["ATL06"] };
const asText = (query: CmrQuery) => cmrParameters(query).map(([name, value]) => `${name}=${value}`);

Deno.test("every part of a query becomes its parameter", () => {
  assert.deepEqual(
    asText({
      shortNames: ["ATL06"],
      versions: ["006"],
      providers: ["NSIDC_CPRD"],
      conceptIds: ["C2670138092-NSIDC_CPRD", "G1-NSIDC_CPRD"],
      start: "2023-12-18",
      end: "2023-12-19",
      bbox: [170, -80, -170, -70],
      updatedSince: "2024-01-01T06:00:00Z",
    }),
    [
      "short_name[]=ATL06",
      "version[]=006",
      "provider[]=NSIDC_CPRD",
      "collection_concept_id[]=C2670138092-NSIDC_CPRD",
      "concept_id[]=G1-NSIDC_CPRD",
      "temporal[]=2023-12-18T00:00:00.000Z,2023-12-19T23:59:59.999Z",
      "revision_date[]=2024-01-01T06:00:00.000Z,",
      "bounding_box[]=170,-80,-170,-70",
    ],
  );
});

Deno.test("an open time range stays open", () => {
  assert.ok(
    asText({ ...base, start: "2023-01-01T00:00:00Z" }).includes("temporal[]=2023-01-01T00:00:00.000Z,"),
  );
  assert.ok(
    asText({ ...base, end: "2023-01-01T00:00:00Z" }).includes("temporal[]=,2023-01-01T00:00:00.000Z"),
  );
});

Deno.test("cycles are asked for by the pattern of ICESat-2's file names", () => {
  const asked = asText({ ...base, cycles: [2, 22] });
  assert.ok(asked.includes("options[readable_granule_name][pattern]=true"));
  const patterns = asked.filter((one) => one.startsWith("readable")).map((one) => one.split("=")[1]);
  const matches = (name: string) =>
    patterns.some((pattern) =>
      new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(name)
    );
  assert.ok(matches("ATL06_20231218120000_00102210_006_01.h5"));
  assert.ok(matches("ATL06_20190416093911_02770203_002_01.h5"));
  // Track 0022, cycle 21, region 02 holds both numbers elsewhere.
  assert.ok(!matches("ATL06_20231218120000_00222102_006_01.h5"));
  assert.throws(() => cmrParameters({ shortNames: ["MOD02QKM"], cycles: [2] }), /no cycle in its names/);
  assert.throws(() => cmrParameters({ shortNames: ["ATL11"], cycles: [2] }), /no cycle in its names/);
  assert.throws(() => cmrParameters({ ...base, cycles: [100] }), /1 to 99/);
});

const ring = (text: string) => Float64Array.from(text.split(",").map(Number));
const polygonOf = (query: CmrQuery) =>
  ring(asText(query).find((one) => one.startsWith("polygon"))!.slice(10));

/** Twice the planar area, positive counterclockwise. */
function signedArea(pairs: Float64Array): number {
  let area = 0;
  for (let i = 0; i + 3 < pairs.length; i += 2) {
    area += pairs[i] * pairs[i + 3] - pairs[i + 2] * pairs[i + 1];
  }
  return area;
}

Deno.test("polygons are closed, counterclockwise, and cut at every degree", () => {
  for (const text of ["-50,60,-50,62,-48,62,-48,60", "-50,60,-48,60,-48,62,-50,62,-50,60"]) {
    const asked = polygonOf({ ...base, polygons: [ring(text)] });
    assert.ok(signedArea(asked) > 0);
    assert.deepEqual([...asked.slice(0, 2)], [...asked.slice(-2)]);
    for (let i = 2; i < asked.length; i += 2) assert.ok(Math.abs(asked[i] - asked[i - 2]) <= 1 + 1e-9);
  }
});

Deno.test("a polygon across the antimeridian keeps its smaller side inside", () => {
  for (const text of ["179,60,-179,60,-179,62,179,62", "179,62,-179,62,-179,60,179,60"]) {
    const asked = polygonOf({ ...base, polygons: [ring(text)] });
    const shifted = asked.map((value, at) => at % 2 === 0 && value < 0 ? value + 360 : value);
    assert.ok(signedArea(shifted) > 0);
    assert.ok([...asked].every((value) => Math.abs(value) <= 180));
  }
});

Deno.test("a polygon around a pole has the pole on its left", () => {
  for (const text of ["-120,-70,0,-70,120,-70", "120,-70,0,-70,-120,-70"]) {
    const asked = polygonOf({ ...base, polygons: [ring(text)] });
    const step = ((asked[2] - asked[0] + 540) % 360) - 180;
    // With the south pole on the left, one goes west.
    assert.ok(step < 0);
  }
});

Deno.test("long polygons are asked for by their boxes, and say so", () => {
  const circle = Float64Array.from(
    { length: 2400 },
    (_, i) =>
      i % 2 === 0 ? 179 + 3 * Math.cos(i / 1200 * Math.PI) : 10 + 3 * Math.sin((i - 1) / 1200 * Math.PI),
  ).map((value, i) => i % 2 === 0 && value > 180 ? value - 360 : value);
  const query = { ...base, polygons: [circle] };
  assert.ok(isAskedByBoxes(query));
  const [west, south, east, north] = asText(query).at(-1)!.split("=")[1].split(",").map(Number);
  assert.ok(Math.abs(west - 176) < 0.01 && Math.abs(east + 178) < 0.01 && south < 7.01 && north > 12.99);
  assert.ok(!isAskedByBoxes({ ...base, polygons: [ring("0,0,1,0,1,1")] }));
});

Deno.test("queries without sense are refused", () => {
  const refused: [CmrQuery, RegExp][] = [
    [{}, /needs a short name/],
    [{ versions: ["006"] }, /needs a short name/],
    [{ shortNames: [" "] }, /short-name is empty/],
    [{ conceptIds: ["X1"] }, /neither a collection's nor a granule's/],
    [{ ...base, start: "yesterday" }, /not a time/],
    [{ ...base, start: "2024-01-02", end: "2024-01-01" }, /lies after/],
    [{ ...base, bbox: [0, 10, 10, 0] }, /bbox/],
    [{ ...base, bbox: [0, 0, 190, 10] }, /bbox/],
    [{ ...base, bbox: [NaN, 0, 1, 1] }, /bbox/],
    [{ ...base, polygons: [ring("0,0,1,1")] }, /three vertices/],
    [{ ...base, polygons: [ring("0,0,1,91,2,0")] }, /no lon,lat/],
  ];
  for (const [query, wanted] of refused) {
    assert.throws(() => cmrParameters(query), wanted, JSON.stringify(query));
  }
});

Deno.test("a query takes the outer rings of polygons and no other geometry", () => {
  const square = [[0, 0], [2, 0], [2, 2], [0, 0]];
  const rings = queryRings({
    type: "MultiPolygon",
    coordinates: [[square, [[1, 1], [1, 1.1], [1.1, 1]]], [square]],
  }, "x");
  assert.deepEqual(rings.map((one) => [...one]), [square.flat(), square.flat()]);
  assert.throws(
    () => queryRings({ type: "Point", coordinates: [0, 0] }, "p.geojson"),
    /p\.geojson: holds a Point/,
  );
});

Deno.test("many polygons are asked for by one box around them, across the antimeridian where that is shorter", () => {
  const round = (lon: number, lat: number) =>
    Float64Array.from(
      { length: 200 },
      (_, i) => i % 2 === 0 ? lon + Math.cos(i / 100 * Math.PI) : lat + Math.sin((i - 1) / 100 * Math.PI),
    ).map((value, i) => i % 2 === 0 && value > 180 ? value - 360 : value);
  const places = [170, 172, 174, 176, 178, -178, -176, -174, -172, -170, -168, -166];
  const asked = asText({ ...base, polygons: places.map((lon, i) => round(lon, i)) }).filter((one) =>
    one.startsWith("b")
  );
  assert.equal(asked.length, 1);
  const [west, south, east, north] = asked[0].split("=")[1].split(",").map(Number);
  assert.ok(Math.abs(west - 169) < 0.01 && Math.abs(east + 165) < 0.01, asked[0]);
  assert.ok(Math.abs(south + 1) < 0.01 && Math.abs(north - 12) < 0.01);
});
