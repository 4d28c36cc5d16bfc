import assert from "node:assert/strict";
import fc from "fast-check";
import type { Geometry } from "../../../../core/geometry/geometry.ts";
import { decodeWkb, encodeWkb, wkbTypeName } from "../../../../core/geometry/wkb.ts";

const position = fc.tuple(
  fc.double({ min: -180, max: 180, noNaN: true }),
  fc.double({ min: -90, max: 90, noNaN: true }),
);
const line = fc.array(position, { minLength: 2, maxLength: 6 });
const ring = fc.array(position, { minLength: 4, maxLength: 6 });
const polygon = fc.array(ring, { minLength: 1, maxLength: 3 });
const simple: fc.Arbitrary<Geometry> = fc.oneof(
  position.map((coordinates): Geometry => ({ type: "Point", coordinates })),
  line.map((coordinates): Geometry => ({ type: "LineString", coordinates })),
  polygon.map((coordinates): Geometry => ({ type: "Polygon", coordinates })),
  fc.array(position).map((coordinates): Geometry => ({ type: "MultiPoint", coordinates })),
  fc.array(line).map((coordinates): Geometry => ({ type: "MultiLineString", coordinates })),
  fc.array(polygon).map((coordinates): Geometry => ({ type: "MultiPolygon", coordinates })),
);
const anyGeometry = fc.oneof(
  simple,
  fc.array(simple, { maxLength: 3 }).map((geometries): Geometry => ({
    type: "GeometryCollection",
    geometries,
  })),
);

Deno.test("every geometry comes back from its bytes", () => {
  fc.assert(fc.property(anyGeometry, (geometry) => {
    // JSON has one zero, too.
    assert.deepEqual(decodeWkb(encodeWkb(geometry)), JSON.parse(JSON.stringify(geometry)));
  }));
});

Deno.test("cut, lengthened and foreign bytes are refused, never read past", () => {
  fc.assert(fc.property(anyGeometry, fc.nat(), (geometry, at) => {
    const bytes = encodeWkb(geometry);
    const cut = bytes.subarray(0, at % bytes.length);
    assert.throws(() => decodeWkb(cut), { tag: "input" });
    assert.throws(() => decodeWkb(new Uint8Array([...bytes, 0])), { tag: "input" });
  }));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        decodeWkb(bytes);
      } catch (error) {
        assert.equal((error as { tag?: string }).tag, "input");
      }
    }),
    { numRuns: 2000 },
  );
});

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
}

Deno.test("big-endian, ISO Z and EWKB with an SRID are read as PostGIS writes them", () => {
  // POINT(1 2) big-endian; POINT Z (1 2 3) ISO; SRID=4326;POINT(1 2) and POINT Z as EWKB.
  const point = { type: "Point", coordinates: [1, 2] };
  assert.deepEqual(decodeWkb(bytesOf("00000000013ff00000000000004000000000000000")), point);
  const iso = bytesOf("01e9030000000000000000f03f00000000000000400000000000000840");
  assert.deepEqual(decodeWkb(iso), point);
  assert.equal(wkbTypeName(iso), "Point Z");
  assert.deepEqual(decodeWkb(bytesOf("0101000020e6100000000000000000f03f0000000000000040")), point);
  const ewkbZ = bytesOf("0101000080000000000000f03f00000000000000400000000000000840");
  assert.deepEqual(decodeWkb(ewkbZ), point);
  assert.equal(wkbTypeName(ewkbZ), "Point Z");
});

Deno.test("collections nested without end are refused", () => {
  let geometry: Geometry = { type: "GeometryCollection", geometries: [] };
  for (let i = 0; i < 20; i++) geometry = { type: "GeometryCollection", geometries: [geometry] };
  assert.throws(() => decodeWkb(encodeWkb(geometry)), /nest deeper/);
});
