import assert from "node:assert/strict";
import fc from "fast-check";
import { orderStatistics } from "../../../../aggregate/statistics/selection.ts";
import { takeMemory } from "../../../../core/kernels/memory.ts";

/** The value at rank `(n - 1) q`, of the values in full order, between ranks by numpy's _lerp. */
function quantileOfSorted(sorted: Float64Array, q: number): number {
  const at = (sorted.length - 1) * q, lower = Math.floor(at), t = at - lower;
  const a = sorted[lower], b = sorted[Math.min(lower + 1, sorted.length - 1)];
  return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
}

function assertSelected(x: Float64Array, shares: readonly number[]): void {
  const before = x.slice();
  const found = orderStatistics(shares.map((q) => ({ kind: "quantile", q })), x);
  assert.deepEqual(x, before);
  const sorted = x.slice().sort();
  shares.forEach((q, r) => assert.equal(found[r] + 0, quantileOfSorted(sorted, q) + 0));
}

Deno.test("every asked quantile is that of a full sort, whatever the values", () => {
  const values = fc.oneof(
    fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }), {
      minLength: 1,
      maxLength: 400,
    }),
    fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 400 }),
  );
  const shares = fc.array(fc.double({ noNaN: true, min: 0, max: 1 }), { minLength: 1, maxLength: 70 });
  fc.assert(
    fc.property(values, shares, (list, picks) => assertSelected(Float64Array.from(list), picks)),
    { seed: 11, numRuns: 300 },
  );
});

Deno.test("input that selection has the hardest time with is selected all the same", () => {
  const n = 100_000;
  const shapes: ((i: number) => number)[] = [
    (i) => i,
    (i) => n - i,
    () => 7,
    (i) => Math.min(i, n - i),
    (i) => i % 2,
    // Musser's killer of the median of three, which takes one value off each time.
    (i) => i < n / 2 ? i % 2 === 0 ? i + 1 : i + n / 2 : 2 * (i - n / 2 + 1),
  ];
  for (const shape of shapes) {
    assertSelected(Float64Array.from({ length: n }, (_, i) => shape(i)), [0, 1e-5, 0.25, 0.5, 0.77, 1]);
  }
});

Deno.test("the order of requests does not matter", () => {
  const x = Float64Array.from({ length: 90 }, (_, i) => (i * 37) % 90);
  const found = orderStatistics(
    [{ kind: "quantile", q: 0.9 }, { kind: "median", q: 0 }, { kind: "quantile", q: 0.1 }],
    x,
  );
  // np.quantile(np.arange(90), 0.9), np.median, np.quantile(…, 0.1)
  assert.deepEqual([...found], [80.10000000000001, 44.5, 8.9]);
});

Deno.test("the values of one cell take no more memory than themselves and their copy that is sorted", () => {
  const values = 1 << 20;
  orderStatistics([{ kind: "median", q: 0 }], new Float64Array(values).fill(7));
  // Memories only grow, and the next user is given the last one.
  const { byteLength } = takeMemory(0).buffer;
  assert.ok(byteLength >= 16 * values && byteLength < 17 * values, `${byteLength} bytes`);
});
