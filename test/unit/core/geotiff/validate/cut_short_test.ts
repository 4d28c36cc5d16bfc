import assert from "node:assert/strict";
import fs from "node:fs";
import { memorySource } from "../../../../../core/access/memory_source.ts";
import { tiffRoute } from "../../../../../core/geotiff/keep/route.ts";
import { validateCog } from "../../../../../core/geotiff/validate/validate.ts";
import { sharedData } from "../../../../shared_data.ts";

const WHOLE = fs.readFileSync(sharedData("cog/cog_nodata.tif"));

Deno.test("a COG that was cut short behind its directories is neither valid nor kept", async () => {
  const whole = memorySource("whole.tif", WHOLE);
  assert.equal((await validateCog(whole, { externalOverviews: false, blocks: true })).valid, true);
  for (const bytes of [300_000, WHOLE.length - 1]) {
    const cut = memorySource("cut.tif", WHOLE.subarray(0, bytes));
    const verdict = await validateCog(cut, { externalOverviews: false, blocks: true });
    assert.equal(verdict.valid, false);
    assert.match(verdict.errors[0].message, /cut short/);
    for (const blocks of [true, false]) await assert.rejects(tiffRoute(cut, { blocks }), /cut short/);
  }
});
