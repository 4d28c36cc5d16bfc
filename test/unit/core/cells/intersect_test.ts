import assert from "node:assert/strict";
import fc from "fast-check";
import { s2 } from "s2js";
import { shapeFromGeometry } from "../../../../core/cells/geojson_shape.ts";
import { shapesIntersect } from "../../../../core/cells/intersect.ts";
import { pointInShape } from "./point_in_shape.ts";
import { ShapeBuilder } from "../../../../core/cells/shape.ts";
import { GranaryError } from "../../../../core/errors.ts";
import { destination, type Star, starArbitrary, vectorOf } from "./random_shapes.ts";

const SPHERE = { edges: "geodetic", convention: "geodetic" } as const;

function loopOf(ring: number[]) {
  const points = Array.from(
    { length: ring.length / 2 },
    (_, i) => new s2.Point(...vectorOf(ring[2 * i], ring[2 * i + 1])),
  );
  const loop = new s2.Loop(points);
  loop.normalize();
  return loop;
}

/** A star moved to lie some of its own radii from another. */
const pair = fc.tuple(starArbitrary, starArbitrary, fc.nat(50).map((tenths) => tenths / 10), fc.nat(359))
  .map(
    ([a, b, distance, azimuth]): [Star, Star] => {
      const centre = destination(...a.centre, azimuth, Math.min(distance * a.radius, 150));
      const count = b.ring.length / 2;
      const ring = Array.from(
        { length: count },
        (_, i) => destination(...centre, i * 360 / count, a.radius * (0.2 + 0.8 * ((i * 7919) % 10) / 10)),
      ).flat();
      return [a, { centre, ring, radius: a.radius }];
    },
  );

Deno.test("two polygons meet where S2 says so", () => {
  let meeting = 0;
  let runs = 0;
  fc.assert(
    fc.property(pair, ([a, b]) => {
      const expected = loopOf(a.ring).intersects(loopOf(b.ring));
      const [shapeA, shapeB] = [a, b].map(({ ring }) => new ShapeBuilder(SPHERE).polygon(ring).build());
      assert.equal(shapesIntersect(shapeA, shapeB), expected);
      assert.equal(shapesIntersect(shapeB, shapeA), expected);
      runs++;
      if (expected) meeting++;
    }),
    { numRuns: 400 },
  );
  assert.ok(meeting > 50 && runs - meeting > 50, `${meeting} of ${runs}`);
});

Deno.test("containing, holes, lines, points and buffers", () => {
  const circle = (lon: number, lat: number, radius: number) =>
    Array.from({ length: 90 }, (_, i) => destination(lon, lat, 4 * i, radius)).flat();
  const disc = new ShapeBuilder(SPHERE).polygon(circle(179, 80, 8)).build();
  const inner = new ShapeBuilder(SPHERE).polygon(circle(179, 80, 2)).build();
  const ring = new ShapeBuilder(SPHERE).polygon(circle(179, 80, 8), [circle(179, 80, 4)]).build();
  assert.ok(shapesIntersect(disc, inner) && shapesIntersect(inner, disc));
  assert.ok(!shapesIntersect(ring, inner) && !shapesIntersect(inner, ring));
  const point = (lon: number, lat: number, metres = 0) =>
    new ShapeBuilder({ ...SPHERE, bufferMetres: metres }).point(lon, lat).build();
  assert.ok(shapesIntersect(disc, point(-179, 81)) && !shapesIntersect(ring, point(179, 80)));
  assert.ok(!shapesIntersect(point(10, 10), point(10, 10.01)));
  assert.ok(shapesIntersect(point(10, 10, 700), point(10, 10.01, 500)));
  const line = new ShapeBuilder(SPHERE).line([100, 80, 250, 80]).build();
  assert.ok(shapesIntersect(line, disc) && shapesIntersect(line, ring));
  assert.ok(!shapesIntersect(line, new ShapeBuilder(SPHERE).line([100, 60, 250, 60.5]).build()));
  assert.throws(() => shapesIntersect(disc, new ShapeBuilder({ edges: "geodetic" }).build()), /conventions/);
});

Deno.test("a long ring of 2,000 vertices meets what a short one does", () => {
  const coarse = Array.from(
    { length: 2000 },
    (_, i) => destination(-60, -75, 0.18 * i, 12 + 3 * Math.sin(i / 9)),
  ).flat();
  const shape = new ShapeBuilder(SPHERE).polygon(coarse).build();
  const loop = loopOf(coarse);
  for (let i = 0; i < 300; i++) {
    const place = destination(-60, -75, i * 77, (i * 13 % 200) / 10);
    const small = Array.from({ length: 5 }, (_, k) => destination(...place, 72 * k, 0.3)).flat();
    const expected = loop.intersects(loopOf(small));
    assert.equal(
      shapesIntersect(shape, new ShapeBuilder(SPHERE).polygon(small).build()),
      expected,
      `${place}`,
    );
  }
});

Deno.test("GeoJSON geometries of every type become shapes", () => {
  const square = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]];
  const hole = [[4, 4], [6, 4], [6, 6], [4, 6], [4, 4]];
  const cases: [{ type: string; coordinates: unknown }, [number, number][], [number, number][]][] = [
    [{ type: "Point", coordinates: [5, 5, 100] }, [[5, 5]], [[5, 5.1]]],
    [{ type: "MultiPoint", coordinates: [[5, 5], [6, 6]] }, [[5, 5], [6, 6]], [[5, 6]]],
    [{ type: "LineString", coordinates: [[0, 0], [10, 0]] }, [[5, 0]], [[5, 1]]],
    [{ type: "MultiLineString", coordinates: [[[0, 0], [10, 0]], [[0, 5], [0, 9]]] }, [[0, 7]], [[1, 7]]],
    [{ type: "Polygon", coordinates: [square, hole] }, [[1, 1], [0, 0], [10, 5]], [[5, 5], [11, 5]]],
    [{ type: "MultiPolygon", coordinates: [[square], [[[20, 0], [30, 0], [25, 5]]]] }, [[5, 5], [25, 1]], [[
      15,
      5,
    ]]],
    [{ type: "Point", coordinates: [] }, [], [[0, 0]]],
  ];
  for (const [geometry, inside, outside] of cases) {
    const shape = shapeFromGeometry(geometry, { edges: "planar" });
    for (const place of inside) assert.ok(pointInShape(shape, ...place), `${geometry.type} ${place}`);
    for (const place of outside) assert.ok(!pointInShape(shape, ...place), `${geometry.type} ${place}`);
  }
  const both = shapeFromGeometry(
    { type: "GeometryCollection", geometries: [cases[0][0], cases[4][0]] },
    SPHERE,
  );
  assert.ok(pointInShape(both, 5, 5) && pointInShape(both, 1, 1) && !pointInShape(both, 5.5, 5.5));
});

Deno.test("geometries that cannot be read are refused by name", () => {
  const read = (geometry: { type: string; coordinates: unknown }) => () =>
    shapeFromGeometry(geometry, SPHERE);
  const refused = (message: RegExp) => (error: Error) =>
    error instanceof GranaryError && message.test(error.message);
  assert.throws(read({ type: "Circle", coordinates: [] }), refused(/"Circle" is not a GeoJSON geometry/));
  assert.throws(read({ type: "Polygon", coordinates: "x" }), refused(/Polygon coordinates are not a list/));
  assert.throws(
    read({ type: "Polygon", coordinates: [[["1", 2]]] }),
    refused(/is not \[longitude, latitude\]/),
  );
  assert.throws(read({ type: "Point", coordinates: [0, 95] }), refused(/position 0, 95 is out of range/));
  let nested: { type: string; coordinates: unknown } = { type: "Point", coordinates: [0, 0] };
  for (let i = 0; i < 12; i++) nested = { type: "GeometryCollection", geometries: [nested] } as never;
  assert.throws(read(nested), refused(/deeper than 8/));
});
