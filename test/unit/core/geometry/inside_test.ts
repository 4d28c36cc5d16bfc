import assert from "node:assert/strict";
import fc from "fast-check";
import type { AreaSpec } from "../../../../core/geometry/area.ts";
import { areaFrom } from "../../../../core/geometry/area.ts";
import { insideTest } from "../../../../core/geometry/inside.ts";
import { shapeFromGeometry } from "../../../../core/cells/geojson_shape.ts";
import { pointInShape } from "../cells/point_in_shape.ts";

const box = (...bbox: [number, number, number, number]): AreaSpec => ({ bbox });
const polygon = (...rings: number[][][]): AreaSpec => ({
  name: "test",
  geometry: { type: "Polygon", coordinates: rings },
});

Deno.test("a box holds its edges, is crossed by the antimeridian, and takes longitudes of any turn", () => {
  const inside = insideTest(box(10, -5, 20, 5));
  for (const [lon, lat] of [[10, -5], [20, 5], [15, 0], [370, 0], [-345, 0]]) assert.ok(inside(lon, lat));
  for (const [lon, lat] of [[9.999999999, 0], [20.000000001, 0], [15, 5.0000001], [195, 0], [NaN, 0]]) {
    assert.ok(!inside(lon, lat), `${lon}, ${lat}`);
  }
  const crossing = insideTest(box(170, 0, -170, 1));
  for (const lon of [170, 180, -180, -170, 190]) assert.ok(crossing(lon, 0.5));
  for (const lon of [169.9, -169.9, 0]) assert.ok(!crossing(lon, 0.5));
  assert.ok(insideTest(box(-180, -90, 180, 90))(-77, 90));
  assert.ok(insideTest(box(0, -90, 360, 90))(-77, 12));
});

Deno.test("an edge is straight in longitude and latitude, not along a great circle", () => {
  // The great circle from 0 to 90 degrees east at 60 degrees north passes 67.8 degrees; the parallel does not.
  const inside = insideTest(polygon([[0, 0], [90, 0], [90, 60], [0, 60]]));
  assert.ok(inside(45, 59.9999));
  assert.ok(!inside(45, 60.0001));
  const slanted = insideTest(polygon([[0, 0], [40, 0], [40, 20]]));
  assert.ok(slanted(20, 9.9999) && !slanted(20, 10.0001));
});

Deno.test("holes, parts and rings round a pole", () => {
  const ring = insideTest(polygon([[0, 0], [9, 0], [9, 9], [0, 9]], [[3, 3], [6, 3], [6, 6], [3, 6]]));
  assert.ok(ring(1, 1) && !ring(4, 4) && !ring(10, 1));
  const parts = insideTest({
    name: "two",
    geometry: {
      type: "GeometryCollection",
      geometries: [
        { type: "MultiPolygon", coordinates: [[[[0, 0], [1, 0], [1, 1]]], [[[5, 5], [6, 5], [6, 6]]]] },
        { type: "LineString", coordinates: [[20, 20], [30, 30]] },
      ],
    },
  });
  assert.ok(parts(0.9, 0.5) && parts(5.9, 5.5) && !parts(3, 3) && !parts(25, 25));
  const cap = Array.from({ length: 12 }, (_, i) => [-180 + 30 * i, -70]);
  for (const ring of [cap, [...cap].reverse()]) {
    const south = insideTest(polygon(ring));
    assert.ok(south(12, -71) && south(-100, -90) && !south(12, -69) && !south(0, 90));
    const north = insideTest(polygon(ring.map(([lon, lat]) => [lon, -lat])));
    assert.ok(north(12, 71) && north(-100, 90) && !north(12, 69) && !north(0, -90));
  }
  const seam = insideTest(polygon([[170, 0], [-170, 0], [-169, 5], [-170, 10], [170, 10]]));
  assert.ok(seam(180, 5) && seam(-175, 5) && seam(175, 5) && !seam(0, 5));
  // Antarctica of many atlases: to the pole along both sides of the antimeridian.
  const sewn = insideTest(polygon([[-180, -90], [180, -90], [180, -70], [0, -60], [-180, -70]]));
  assert.ok(sewn(0, -61) && sewn(179, -80) && sewn(-179, -89.9) && !sewn(0, -59) && !sewn(179, -69));
});

Deno.test("far from the edges it agrees with the shape on the sphere", () => {
  const vertex = fc.tuple(fc.double({ min: 0.3, max: 1, noNaN: true }), fc.nat(359));
  const centre = fc.tuple(fc.integer({ min: -180, max: 180 }), fc.integer({ min: -70, max: 70 }));
  fc.assert(
    fc.property(centre, fc.array(vertex, { minLength: 3, maxLength: 80 }), ([lon, lat], star) => {
      const ring = star.sort((a, b) => a[1] - b[1]).map(([radius, angle]) => [
        lon + 9 * radius * Math.cos(angle * Math.PI / 180),
        lat + 9 * radius * Math.sin(angle * Math.PI / 180),
      ]);
      const spec = polygon(ring);
      const inside = insideTest(spec);
      const shape = shapeFromGeometry({ type: "Polygon", coordinates: [ring] }, { edges: "planar" });
      let differ = 0;
      for (let i = 0; i < 40; i++) {
        const [x, y] = [lon - 10 + 20 * ((i * 7) % 40) / 40, lat - 10 + 20 * i / 40];
        if (inside(x, y) === pointInShape(shape, x, y)) continue;
        // They may differ within the hundred metres by which arcs follow straight edges.
        const near = [[-0.01, 0], [0.01, 0], [0, -0.01], [0, 0.01]].map(([dx, dy]) => inside(x + dx, y + dy));
        if (new Set(near).size === 1) differ += 1;
      }
      assert.equal(differ, 0);
    }),
    { seed: 3, numRuns: 150 },
  );
});

Deno.test("an area and its plain data say each other", () => {
  for (const spec of [box(1, 2, 3, 4), polygon([[0, 0], [9, 0], [9, 9]])]) {
    assert.deepEqual(areaFrom(JSON.parse(JSON.stringify(spec))).spec, spec);
  }
});
