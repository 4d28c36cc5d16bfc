import assert from "node:assert/strict";
import fc from "fast-check";
import {
  makeProjection,
  PROJECTION_NAMES,
  type ProjectionName,
  wrapLongitude,
} from "../../../../core/draw/projection.ts";

const near = (found: number, wanted: number, within: number) =>
  assert.ok(Math.abs(found - wanted) <= within, `${found} is not within ${within} of ${wanted}`);

/** Made with pyproj 3 for EPSG:3413 (central meridian -45) and EPSG:3031 (0). */
const REFERENCE: readonly (readonly [ProjectionName, number, number, number, number, number])[] = [
  ["polar-north", -45, -45, 70, 0, -2187927.6493],
  ["polar-north", -45, -49.5, 71.2, -161177.4198, -2047953.2954],
  ["polar-north", -45, 120.5, 85.25, 128905.0826, 498438.9707],
  ["polar-north", -45, 10, 60, 2722173.5292, -1906086.4255],
  ["polar-south", 0, 0, -71, 0, 2082760.1085],
  ["polar-south", 0, -60.5, -75.5, -1378280.6376, 779793.6654],
  ["polar-south", 0, 166.7, -77.85, 304792.0965, -1289361.3032],
  ["polar-south", 0, 135, -60, 2356881.6735, -2356881.6735],
];

Deno.test("polar maps place points as EPSG:3413 and EPSG:3031 do, to a centimetre", () => {
  const out = new Float64Array(2);
  for (const [name, central, longitude, latitude, x, y] of REFERENCE) {
    makeProjection(name, central).forward(longitude, latitude, out);
    near(out[0], x, 0.01);
    near(out[1], y, 0.01);
  }
});

Deno.test("every projection's inverse undoes it wherever it shows something", () => {
  fc.assert(fc.property(
    fc.constantFrom(...PROJECTION_NAMES),
    fc.integer({ min: -180, max: 180 }),
    fc.double({ min: -179.99, max: 179.99, noNaN: true }),
    fc.double({ min: -55, max: 89.9, noNaN: true }),
    (name, central, longitude, poleward) => {
      const latitude = name === "polar-south" ? -poleward : poleward;
      const projection = makeProjection(name, central, 40);
      const out = new Float64Array(2);
      projection.forward(longitude, latitude, out);
      assert.ok(projection.inverse(out[0], out[1], out));
      near(out[1], latitude, 1e-9);
      const apart = Math.abs(wrapLongitude(out[0] - longitude)) * Math.cos((latitude * Math.PI) / 180);
      near(apart, 0, 1e-7);
    },
  ));
});

Deno.test("beyond the world there is nothing", () => {
  const out = new Float64Array(2);
  assert.equal(makeProjection("equirectangular", 0).inverse(0, 1.1e7, out), false);
  assert.equal(makeProjection("equirectangular", 10).inverse(2.1e7, 0, out), false);
  assert.equal(makeProjection("polar-north", 0).inverse(9e7, 0, out), false);
});

Deno.test("longitudes wrap into -180 up to 180", () => {
  assert.deepEqual([0, 180, -180, 190, -190, 540, 359].map(wrapLongitude), [
    0,
    -180,
    -180,
    -170,
    170,
    -180,
    -1,
  ]);
});
