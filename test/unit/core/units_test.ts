import assert from "node:assert/strict";
import { formatNumberOf } from "../../../core/units.ts";

Deno.test("one is singular, none and several are plural", () => {
  assert.equal(formatNumberOf(1, "granule"), "1 granule");
  assert.equal(formatNumberOf(1n, "granule"), "1 granule");
  assert.equal(formatNumberOf(0, "granule"), "0 granules");
  assert.equal(formatNumberOf(2089, "granule"), "2,089 granules");
});
