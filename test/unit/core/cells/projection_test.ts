import assert from "node:assert/strict";
import fc from "fast-check";
import { authalicFromGeodetic } from "../../../../core/cells/authalic.ts";
import { faceXYFromNested, faceXYOf, nestedBigFromFaceXY } from "../../../../core/cells/face_xy.ts";
import { cellCentre, placeOnFace, vectorOnFace } from "../../../../core/cells/place.ts";
import { coefficientsOf, oddPolynomial } from "../../../../core/cells/projection.ts";
import { PRECISE, ulpsFrom } from "./precise_reference.ts";
import { nestedBigOf } from "../../../support/cells.ts";

const CONVENTIONS = ["authalic", "geodetic"] as const;

for (const convention of CONVENTIONS) {
  Deno.test(`${convention}: heights and widths lie within one unit in the last place`, () => {
    const { belt, cap } = PRECISE[convention];
    const own = coefficientsOf(convention);
    for (const [v, height] of belt) assert.ok(ulpsFrom(oddPolynomial(v, own.belt), height) < 1, `belt ${v}`);
    for (const [v, width] of cap) assert.ok(ulpsFrom(oddPolynomial(v, own.cap), width) < 1, `cap ${v}`);
  });

  Deno.test(`${convention}: cells of order 29 are those of exact arithmetic, poles and antimeridian too`, () => {
    const { cells } = PRECISE[convention];
    assert.ok(cells.length > 190);
    for (const [lon, lat, nested] of cells) {
      assert.equal(String(nestedBigOf(lon, lat, 29, convention)), nested, `${lon} ${lat}`);
    }
  });

  Deno.test(`${convention}: belt and cap meet where the sine is two thirds`, () => {
    const { transition, belt, cap } = coefficientsOf(convention);
    assert.ok(Math.abs(oddPolynomial(transition, belt) - 0.5) <= 2 ** -53);
    assert.ok(Math.abs(oddPolynomial(90 - transition, cap) - 1) <= 2 ** -52);
    if (convention === "authalic") {
      const sine = Math.sin(authalicFromGeodetic(transition) * Math.PI / 180);
      assert.ok(Math.abs(sine - 2 / 3) < 1e-15);
    }
  });
}

const point = fc.record({
  lon: fc.oneof(
    fc.double({ min: -180, max: 360, noNaN: true }),
    fc.integer({ min: -12, max: 24 }).map((n) => n * 15),
  ),
  lat: fc.oneof(
    fc.double({ min: -90, max: 90, noNaN: true }),
    fc.constantFrom(
      0,
      -0,
      90,
      -90,
      41.810314895778596,
      -41.810314895778603,
      41.93785391016014,
      -41.93785391016015,
    ),
  ),
  convention: fc.constantFrom(...CONVENTIONS),
});

Deno.test("a point's cells at all orders lie one in the other", () => {
  fc.assert(fc.property(point, ({ lon, lat, convention }) => {
    const deepest = nestedBigOf(lon, lat, 29, convention);
    for (let order = 0; order < 29; order++) {
      assert.equal(nestedBigOf(lon, lat, order, convention), deepest >> BigInt(2 * (29 - order)));
    }
  }));
});

Deno.test("360 degrees apart, or minus zero, is the same place", () => {
  fc.assert(fc.property(fc.integer({ min: -180 * 4, max: 0 }), point, (quarters, { lat, convention }) => {
    const lon = quarters / 4;
    assert.equal(nestedBigOf(lon, lat, 29, convention), nestedBigOf(lon + 360, lat, 29, convention));
  }));
  for (const lat of [-90, -66.5, -0, 0, 12, 90]) {
    assert.equal(nestedBigOf(-180, lat, 29, "authalic"), nestedBigOf(180, lat, 29, "authalic"));
    assert.equal(nestedBigOf(-0, lat, 29, "authalic"), nestedBigOf(360, lat, 29, "authalic"));
  }
});

Deno.test("the centre of a cell lies in the cell, at every order", () => {
  const cell = fc.record({
    order: fc.integer({ min: 0, max: 26 }),
    part: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    convention: fc.constantFrom(...CONVENTIONS),
  });
  fc.assert(fc.property(cell, ({ order, part, convention }) => {
    const nested = part % (12n * 4n ** BigInt(order));
    assert.equal(nestedBigFromFaceXY(faceXYFromNested(nested, order), order), nested);
    const [lon, lat] = cellCentre(nested, order, convention);
    assert.equal(nestedBigOf(lon, lat, order, convention), nested);
  }));
});

Deno.test("vectors of face points are unit vectors at their longitude and latitude", () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  const out = new Float64Array(3);
  fc.assert(fc.property(fc.integer({ min: 0, max: 11 }), unit, unit, (face, x, y) => {
    vectorOnFace(face, x, y, out, 0);
    const [lon, lat] = placeOnFace(face, x, y, "geodetic").map((degrees) => degrees * Math.PI / 180);
    assert.ok(Math.abs(Math.hypot(...out) - 1) < 1e-15);
    assert.ok(Math.abs(out[0] - Math.cos(lat) * Math.cos(lon)) < 1e-15);
    assert.ok(Math.abs(out[1] - Math.cos(lat) * Math.sin(lon)) < 1e-15);
    assert.ok(Math.abs(out[2] - Math.sin(lat)) < 1e-15);
  }));
});

Deno.test("coordinates and orders out of range are refused by name", () => {
  for (
    const [lon, lat] of [[0, 90.1], [0, -91], [-181, 0], [361, 0], [NaN, 0], [0, NaN], [Infinity, 0]] as const
  ) {
    assert.throws(() => faceXYOf(lon, lat, 6, "authalic"), /out of range \(wanted -180 to 360 and -90 to 90/);
  }
  for (const order of [-1, 30, 1.5, NaN]) {
    assert.throws(() => faceXYOf(0, 0, order, "authalic"), /is not a HEALPix order/);
  }
});
