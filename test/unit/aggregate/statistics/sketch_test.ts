import assert from "node:assert/strict";
import fc from "fast-check";
import {
  CLUSTER_SCALE,
  type Clusters,
  digest,
  digestQuantile,
  MAX_CLUSTERS,
  mergeDigests,
} from "../../../../aggregate/statistics/sketch.ts";

/** Values 0 to n - 1 scrambled: a value is its own rank. */
function scrambled(n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => (i * 7919) % n);
}

function weights(clusters: Clusters): number[] {
  return [...clusters].filter((_, i) => i % 2 === 1);
}

Deno.test("a digest holds every value once, in some 330 clusters whose means ascend", () => {
  for (const n of [1, 2, 99, 1_000, 10_007, 500_009]) {
    const clusters = digest(scrambled(n), n);
    assert.equal(weights(clusters).reduce((sum, weight) => sum + weight, 0), n);
    assert.ok(clusters.length / 2 <= 350, `${clusters.length / 2} clusters of ${n}`);
    for (let k = 2; k < clusters.length; k += 2) assert.ok(clusters[k] > clusters[k - 2]);
  }
});

Deno.test("no cluster is larger than the stated share at its ends", () => {
  const n = 1_000_003;
  let before = 0;
  for (const weight of weights(digest(scrambled(n), n))) {
    for (const q of [before / n, (before + weight) / n]) {
      assert.ok(
        weight === 1 || weight / n <= CLUSTER_SCALE * Math.sqrt(q * (1 - q)) + 1 / n,
        `${weight} at ${q}`,
      );
    }
    before += weight;
  }
});

Deno.test("few values are kept singly and give numpy's quantiles to the bit", () => {
  // np.quantile(np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3.5]), q) of numpy 2.4.6
  const values = Float64Array.of(3, 1, 4, 1, 5, 9, 2, 6, 5, 3.5);
  const clusters = digest(values, 10);
  const wanted: [number, number][] = [
    [0, 1],
    [0.1, 1],
    [0.25, 2.25],
    [0.5, 3.75],
    [0.9, 6.299999999999999],
    [1, 9],
  ];
  for (const [q, value] of wanted) assert.equal(digestQuantile(clusters, q, 1, 9), value);
  assert.ok(weights(digest(scrambled(325), 325)).every((weight) => weight === 1));
});

Deno.test("properties: the rank of any quantile of merged digests is within the bound", () => {
  const part = fc.record({
    size: fc.integer({ min: 1, max: 5_000 }),
    shift: fc.double({ min: -5, max: 5, noNaN: true }),
    shape: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 12 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (parts, q) => {
        const all = parts.map(({ size, shift, shape }) =>
          Float64Array.from({ length: size }, (_, i) => shift + (((i * 7919) % size) / size) ** shape * 3)
        );
        const sorted = Float64Array.from(all.flatMap((x) => [...x])).sort();
        const n = sorted.length;
        const merged = all.map((x) => digest(x.slice(), x.length)).reduce(mergeDigests);
        const value = digestQuantile(merged, q, sorted[0], sorted[n - 1]);
        const least = sorted.filter((x) => x < value).length / n;
        const most = sorted.filter((x) => x <= value).length / n;
        // One value of a part is a rank of its own: parts of single values add 1 / n each.
        const room = CLUSTER_SCALE * Math.sqrt(q * (1 - q)) + (parts.length + 1) / n;
        assert.ok(
          least - room <= q && q <= most + room,
          `${q} lies outside of ${least} to ${most} by more than ${room}`,
        );
      },
    ),
    { seed: 9, numRuns: 200 },
  );
});

Deno.test("digests of more clusters than are kept are thinned and stay right", () => {
  const parts = 2_000;
  const size = 1_000;
  let merged: Clusters = new Float64Array(0);
  for (let p = 0; p < parts; p++) {
    const part = Float64Array.from(
      { length: size },
      (_, i) => ((i * 7919) % size) * parts + ((p * 617) % parts),
    );
    merged = mergeDigests(merged, digest(part, size));
  }
  assert.ok(merged.length / 2 <= MAX_CLUSTERS);
  const n = parts * size;
  assert.equal(weights(merged).reduce((sum, weight) => sum + weight, 0), n);
  for (const q of [0.001, 0.1, 0.5, 0.9, 0.999]) {
    const value = digestQuantile(merged, q, 0, n - 1);
    // The values are 0 to n - 1, so a value is its rank.
    const bound = (CLUSTER_SCALE + 20 * Math.PI / 8_192) * Math.sqrt(q * (1 - q));
    assert.ok(Math.abs(value / n - q) <= bound, `${q}: ${value / n}`);
  }
});

Deno.test("a smooth distribution is ten times nearer than the bound", () => {
  const n = 200_003;
  const clusters = digest(scrambled(n), n);
  for (const q of [0.05, 0.25, 0.5, 0.75, 0.95]) {
    const error = Math.abs(digestQuantile(clusters, q, 0, n - 1) / (n - 1) - q);
    assert.ok(error <= CLUSTER_SCALE * Math.sqrt(q * (1 - q)) / 10, `${q}: ${error}`);
  }
});

Deno.test("no values give NaN", () => {
  assert.ok(Number.isNaN(digestQuantile(new Float64Array(0), 0.5, Infinity, -Infinity)));
});
