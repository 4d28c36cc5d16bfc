import assert from "node:assert/strict";
import { formatCount, formatNumberOf } from "../../../core/units.ts";

Deno.test("one is singular, none and several are plural", () => {
  assert.equal(formatNumberOf(1, "granule"), "1 granule");
  assert.equal(formatNumberOf(1n, "granule"), "1 granule");
  assert.equal(formatNumberOf(0, "granule"), "0 granules");
  assert.equal(formatNumberOf(2089, "granule"), "2,089 granules");
});

Deno.test("counts have their thousands apart, as the language has them", () => {
  const counts = [0, 7, -12, 999, 1000, -1000, 12_345, 1_234_567, 2 ** 53, 1e21, 1234.5, 10n ** 20n, NaN];
  for (const count of counts) assert.equal(formatCount(count), count.toLocaleString("en-US"));
});
