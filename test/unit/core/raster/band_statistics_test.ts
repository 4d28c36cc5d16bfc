import assert from "node:assert/strict";
import fc from "fast-check";
import { HistogramSum, StatisticsSum } from "../../../../core/raster/band_statistics.ts";

/** The same by the textbook, over all values at once. */
function plain(values: number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { minimum: Math.min(...values), maximum: Math.max(...values), mean, stddev: Math.sqrt(variance) };
}

Deno.test("statistics of parts are those of the whole, whatever the cut", () => {
  fc.assert(fc.property(
    fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 }),
    fc.integer({ min: 1, max: 60 }),
    (values, cut) => {
      const sum = new StatisticsSum(null);
      for (let at = 0; at < values.length; at += cut) sum.add(Float64Array.from(values.slice(at, at + cut)));
      const found = sum.result();
      const wanted = plain(values);
      assert.equal(found.count, values.length);
      assert.equal(found.minimum, wanted.minimum);
      assert.equal(found.maximum, wanted.maximum);
      assert.ok(Math.abs(found.mean! - wanted.mean) <= 1e-9 * Math.max(1, Math.abs(wanted.mean)) + 1e-6);
      assert.ok(Math.abs(found.stddev! - wanted.stddev) <= 1e-9 * 1e6);
    },
  ));
});

Deno.test("nodata, NaN and masked cells are counted as cells and in nothing else", () => {
  const sum = new StatisticsSum(-9999);
  sum.add(Float32Array.of(-9999, NaN, 1, 3, 100), Uint8Array.of(1, 1, 1, 1, 0));
  assert.deepEqual(sum.result(), { count: 2, validPercent: 40, minimum: 1, maximum: 3, mean: 2, stddev: 1 });
});

Deno.test("a band without a valid cell has no numbers but its count", () => {
  const sum = new StatisticsSum(0);
  sum.add(new Uint8Array(4));
  assert.deepEqual(sum.result(), {
    count: 0,
    validPercent: 0,
    minimum: null,
    maximum: null,
    mean: null,
    stddev: null,
  });
});

Deno.test("a large offset costs no digits of the deviation", () => {
  const sum = new StatisticsSum(null);
  for (let i = 0; i < 100; i++) sum.add(Float64Array.of(1e9 + 1, 1e9 + 2, 1e9 + 3));
  assert.ok(Math.abs(sum.result().stddev! - Math.sqrt(2 / 3)) < 1e-9);
});

Deno.test("a histogram holds every valid cell once, the maximum in its last bucket", () => {
  const sum = new HistogramSum(255, 0, 10, 5);
  sum.add(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255));
  assert.deepEqual(sum.result().buckets, [2, 2, 2, 2, 3]);
  const constant = new HistogramSum(null, 4, 4);
  constant.add(Uint8Array.of(4, 4));
  assert.deepEqual(constant.result().buckets, [2, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("buckets of floats are those that each value's own place in the range gives", () => {
  const cell = fc.float({
    noNaN: true,
    noDefaultInfinity: true,
    min: Math.fround(-1e30),
    max: Math.fround(1e30),
  });
  const small = fc.integer({ min: -40, max: 40 }).map((tenths) => Math.fround(tenths / 10));
  fc.assert(fc.property(
    fc.array(fc.oneof(cell, small), { minLength: 1, maxLength: 60 }),
    fc.constantFrom(null, NaN, -9999, 0.5, 1e30),
    (cells, nodata) => {
      const all = Float32Array.from([...cells, NaN, ...(nodata === null ? [] : [nodata])]);
      const none = nodata === null ? null : Math.fround(nodata);
      const valid = [...all].filter((value) => value === value && value !== none);
      if (valid.length === 0) return;
      const minimum = Math.min(...valid), maximum = Math.max(...valid);
      const sum = new HistogramSum(none, minimum, maximum);
      sum.add(all);
      const wanted = new Array(10).fill(0);
      const width = maximum - minimum;
      for (const value of valid) {
        wanted[width === 0 ? 0 : Math.min(9, Math.floor((value - minimum) / width * 10))]++;
      }
      assert.deepEqual(sum.result().buckets, wanted);
    },
  ));
});
