import assert from "node:assert/strict";
import fc from "fast-check";
import { authalicFromGeodetic, geodeticFromAuthalic } from "../../../../core/cells/authalic.ts";
import { hasSharedData } from "../../../shared_data.ts";
import { readExactJson } from "./healpix_tables.ts";

const RADIAN = 180 / Math.PI;

Deno.test("latitudes agree with the 60-digit reference to the last bits of a double", {
  ignore: !hasSharedData,
}, () => {
  const reference = readExactJson("healpix/authalic_reference.json");
  for (
    const [table, convert] of [
      [reference.forward_deg, authalicFromGeodetic],
      [reference.inverse_deg, geodeticFromAuthalic],
    ] as const
  ) {
    assert.equal(table.length, 51);
    for (const [from, to] of table) {
      const wanted = Number(to);
      const error = Math.abs(convert(Number(from)) - wanted);
      assert.ok(error <= 2 * Number.EPSILON * Math.abs(wanted), `${from}: ${error}`);
      assert.ok(error / RADIAN < 1e-13);
    }
  }
});

Deno.test("there and back is the same latitude, rising with it, odd about the equator", () => {
  const latitude = fc.double({ min: -90, max: 90, noNaN: true });
  fc.assert(fc.property(latitude, latitude, (a, b) => {
    assert.ok(Math.abs(geodeticFromAuthalic(authalicFromGeodetic(a)) - a) < 3e-14);
    assert.equal(authalicFromGeodetic(-a) + 0, -authalicFromGeodetic(a) + 0);
    if (a < b) assert.ok(authalicFromGeodetic(a) <= authalicFromGeodetic(b));
    assert.ok(Math.abs(authalicFromGeodetic(a) - a) < 0.1284);
  }));
  assert.equal(authalicFromGeodetic(90), 90);
  assert.equal(geodeticFromAuthalic(-90), -90);
});
