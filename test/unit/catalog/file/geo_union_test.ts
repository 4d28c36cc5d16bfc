import assert from "node:assert/strict";
import { unionGeo } from "../../../../catalog/file/geo_union.ts";

const geo = (types: string[], bbox?: number[]) => ({
  version: "1.1.0",
  primary_column: "geometry",
  columns: { geometry: { encoding: "WKB", geometry_types: types, ...(bbox === undefined ? {} : { bbox }) } },
});

Deno.test("the metadata of several files has every type and the box of all that have one", () => {
  const all = unionGeo([geo(["Polygon"], [0, 0, 10, 10]), geo([]), geo(["MultiPolygon"], [-5, 2, 3, 20])]);
  assert.deepEqual(all, geo(["MultiPolygon", "Polygon"], [-5, 0, 10, 20]));
});

Deno.test("files without a box give none", () => {
  assert.deepEqual(unionGeo([geo([]), geo([])]), geo([]));
});
