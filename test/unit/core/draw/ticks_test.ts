import assert from "node:assert/strict";
import fc from "fast-check";
import { degreeStep, degreesText, niceStep, niceTicks, tickText } from "../../../../core/draw/ticks.ts";

Deno.test("ticks lie within the range, evenly, at 1, 2 or 5 times a power of ten", () => {
  fc.assert(fc.property(
    fc.double({ min: -1e5, max: 1e5, noNaN: true }),
    fc.double({ min: 1e-3, max: 1e5, noNaN: true }),
    (low, span) => {
      const { ticks, step } = niceTicks(low, low + span, 6);
      assert.ok(ticks.length >= 2 && ticks.length <= 8, `${ticks.length} ticks`);
      for (const tick of ticks) assert.ok(tick >= low - span * 1e-6 && tick <= low + span * (1 + 1e-6));
      const mantissa = Number(step.toExponential().split("e")[0]);
      assert.ok([1, 2, 5].some((one) => Math.abs(mantissa - one) < 1e-6));
    },
  ));
});

Deno.test("steps are rounded up", () => {
  assert.deepEqual([1, 1.1, 2.4, 6, 0.03, 900].map(niceStep), [1, 2, 5, 10, 0.05, 1000]);
});

Deno.test("ticks have the decimals of their step, a real minus and commas in long numbers", () => {
  assert.equal(tickText(1500, 500), "1500");
  assert.equal(tickText(-0.5, 0.05), "−0.50");
  assert.equal(tickText(0, 0.1), "0.0");
  assert.equal(tickText(120000, 20000), "120,000");
  assert.equal(tickText(2500000, 500000), "2.5e6");
  assert.equal(tickText(-0.00002, 0.00001), "−2e−5");
});

Deno.test("degrees name their half of the world", () => {
  assert.equal(degreesText(-45, "longitude", 0), "45°W");
  assert.equal(degreesText(70.5, "latitude", 1), "70.5°N");
  assert.equal(degreesText(-70, "latitude", 0), "70°S");
  assert.equal(degreesText(0, "latitude", 0), "0°");
  assert.equal(degreesText(-180, "longitude", 0), "180°");
});

Deno.test("a graticule has no more lines than asked, at usual steps", () => {
  assert.deepEqual(degreeStep(360, 7), { step: 60, decimals: 0 });
  assert.deepEqual(degreeStep(10, 7), { step: 2, decimals: 0 });
  assert.deepEqual(degreeStep(1, 7), { step: 0.2, decimals: 1 });
  assert.deepEqual(degreeStep(0.3, 7), { step: 0.05, decimals: 2 });
});
