import assert from "node:assert/strict";
import { latitudeOf } from "../../../../core/store/ellipsoid.ts";

Deno.test("an ellipsoid is flattened or a sphere, by name or by axes, however it is spelled", () => {
  const flattened = [
    "WGS84",
    "wgs 84",
    { name: "GRS80" },
    { name: "WGS_84" },
    { name: "other", semimajor_axis: 6378137, inverse_flattening: 298.257223563 },
    { semi_major_axis: 6378137, semi_minor_axis: 6356752.3 },
    { semimajor_axis: 6378137, semiminor_axis: 6356752.3 },
    { semi_major_axis: 6378137, flattening: 0.00335 },
  ];
  for (const ellipsoid of flattened) {
    assert.equal(latitudeOf(ellipsoid, "s"), "authalic", JSON.stringify(ellipsoid));
  }
  const spheres = [undefined, null, "sphere", { name: "Sphere" }, { radius: 6371000 }, {
    semimajor_axis: 1,
    semiminor_axis: 1,
  }];
  for (const ellipsoid of spheres) {
    assert.equal(latitudeOf(ellipsoid, "s"), "geodetic", JSON.stringify(ellipsoid));
  }
});

Deno.test("an ellipsoid that says neither is refused by name", () => {
  assert.throws(
    () => latitudeOf({ name: "Bessel of my own" }, "12/zarr.json"),
    /12\/zarr\.json: the ellipsoid .*Bessel/,
  );
});
