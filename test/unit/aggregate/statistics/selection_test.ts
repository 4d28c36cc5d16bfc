import assert from "node:assert/strict";
import fc from "fast-check";
import { RankSelector, selectRanks } from "../../../../aggregate/statistics/selection.ts";

Deno.test("every asked rank holds what a full sort puts there, whatever the values", () => {
  const values = fc.oneof(
    fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 400 }),
    fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 400 }),
  );
  fc.assert(
    fc.property(values, fc.array(fc.nat(), { minLength: 1, maxLength: 8 }), (list, picks) => {
      const ranks = Uint32Array.from(picks, (pick) => pick % list.length).sort();
      const x = Float64Array.from(list);
      selectRanks(x, 0, x.length - 1, ranks, 0, ranks.length);
      const sorted = Float64Array.from(list).sort();
      for (const rank of ranks) assert.equal(x[rank] + 0, sorted[rank] + 0);
      assert.deepEqual(x.map((value) => value + 0).sort(), sorted.map((value) => value + 0).sort());
    }),
    { seed: 11, numRuns: 500 },
  );
});

Deno.test("sorted, reversed, equal and organ-pipe input of a hundred thousand values is selected", () => {
  const n = 100_000;
  const shapes: ((i: number) => number)[] = [
    (i) => i,
    (i) => n - i,
    () => 7,
    (i) => Math.min(i, n - i),
    (i) => i % 2,
  ];
  for (const shape of shapes) {
    const x = Float64Array.from({ length: n }, (_, i) => shape(i));
    const sorted = x.slice().sort();
    const ranks = Uint32Array.of(0, 1, 24_999, 25_000, 50_000, 99_999);
    selectRanks(x, 0, n - 1, ranks, 0, ranks.length);
    for (const rank of ranks) assert.equal(x[rank], sorted[rank]);
  }
});

Deno.test("the order of requests does not matter and the source stays as it is", () => {
  const x = Float64Array.from({ length: 90 }, (_, i) => (i * 37) % 90);
  const before = x.slice();
  const requests = [{ kind: "quantile", q: 0.9 }, { kind: "median", q: 0 }, {
    kind: "quantile",
    q: 0.1,
  }] as const;
  const outs = requests.map(() => new Float64Array(1));
  new RankSelector(requests).run(outs, x, Uint32Array.of(0, 90), 1);
  // np.quantile(np.arange(90), 0.9), np.median, np.quantile(…, 0.1)
  assert.deepEqual(outs.map((out) => out[0]), [80.10000000000001, 44.5, 8.9]);
  assert.deepEqual(x, before);
});
