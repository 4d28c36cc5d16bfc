import assert from "node:assert/strict";
import { extremes, robustRange } from "../../../../core/draw/range.ts";

Deno.test("a few outliers do not set the range, a broad distribution does", () => {
  const walk = Float64Array.from({ length: 1000 }, (_, i) => i);
  assert.deepEqual(robustRange(walk, false), { low: 0, high: 999 });
  const wild = walk.slice();
  wild[500] = 1e9;
  wild[501] = -1e9;
  const { low, high } = robustRange(wild, false);
  assert.ok(low > -20 && low < 20 && high > 980 && high < 1000, `${low} to ${high}`);
});

Deno.test("a diverging map is centred on zero where values lie on both sides", () => {
  assert.deepEqual(robustRange(Float64Array.of(-2, 0, 5), true), { low: -5, high: 5 });
  assert.deepEqual(robustRange(Float64Array.of(2, 3, 5), true), { low: 2, high: 5 });
});

Deno.test("one value alone still spans a range that holds it", () => {
  for (const value of [0, 7, -12.5, 1e-9]) {
    const { low, high } = robustRange(Float64Array.of(value, value), false);
    assert.ok(low < value && value < high);
  }
});

Deno.test("extremes pass over NaN", () => {
  assert.deepEqual(extremes(Float64Array.of(NaN, 3, -1)), [-1, 3]);
});
