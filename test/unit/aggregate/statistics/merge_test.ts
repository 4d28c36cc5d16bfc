import assert from "node:assert/strict";
import fc from "fast-check";
import type { Statistic } from "../../../../aggregate/pipeline.ts";
import { compileStatistics } from "../../../../aggregate/statistics/compile.ts";
import type { Values } from "../../../../core/values.ts";
import { compileMerge } from "../../../../aggregate/statistics/merge.ts";
import { requireMergeable } from "../../../../aggregate/statistics/merge_plan.ts";
import { expression, named, NAMES, relative, STARTS, W, X } from "./cells.ts";
import { SIZES, TABLE } from "./numpy_table.ts";

const MERGED: readonly Statistic[] = [
  named("count", "x"),
  named("sum", "x"),
  named("min", "x"),
  named("max", "x"),
  named("mean", "x"),
  named("average", "x", { weights: "1.0 / w**2" }),
  named("var", "x"),
  named("std", "x", { ddof: 1 }),
  expression("1.0 / np.sqrt(np.sum(1.0 / w**2))"),
  expression("(np.max(x) - np.min(x)) / len(x)"),
  expression("np.where(np.mean(x) > 20, np.sum(w), -np.sum(w))"),
];

/** The statistics of all rows at once. */
function whole(statistics: readonly Statistic[], columns: readonly Values[]): number[] {
  const starts = Uint32Array.of(0, columns[0].length);
  return compileStatistics(statistics, NAMES).reduce(columns, starts).map((values) => values[0]);
}

Deno.test("states of cells merge to the statistics of all their rows", () => {
  const merger = compileMerge(MERGED, NAMES);
  assert.deepEqual(merger.refused, []);
  const states = SIZES.map((_, k) =>
    merger.summarize([X.subarray(STARTS[k], STARTS[k + 1]), W.subarray(STARTS[k], STARTS[k + 1])])
  );
  const merged = merger.finish(merger.combine(states));
  const wanted = whole(MERGED, [X, W]);
  MERGED.forEach((statistic, s) => {
    const exact = ["count", "min", "max"].includes(statistic.function ?? "");
    assert.ok(
      relative(merged[s], wanted[s]) <= (exact ? 0 : 1e-12),
      `${statistic.name}: ${merged[s]} ${wanted[s]}`,
    );
  });
});

Deno.test("one state alone gives numpy's statistics of its cell", () => {
  const texts = TABLE.map(([text]) => text).filter((text) =>
    !text.includes("np.median(np.abs") && !text.includes("- np.mean(x)")
  );
  const merger = compileMerge(texts.map(expression), NAMES);
  assert.deepEqual(merger.refused, []);
  // Cells of up to 26 values: their digests keep single values, so quantiles are numpy's too.
  for (let k = 0; k < 7; k++) {
    const columns = [X.subarray(STARTS[k], STARTS[k + 1]), W.subarray(STARTS[k], STARTS[k + 1])];
    const values = merger.finish(merger.summarize(columns));
    texts.forEach((text, s) => {
      const wanted = TABLE.find(([known]) => known === text)![1][k];
      assert.ok(
        relative(values[s], wanted) <= 1e-12,
        `${text} of cell ${k} is ${values[s]}, wanted ${wanted}`,
      );
    });
  }
});

Deno.test("properties: any cut of the rows, missing values among them, merges to the whole", () => {
  const merger = compileMerge(MERGED, NAMES);
  const value = fc.oneof({ weight: 9, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) }, {
    weight: 1,
    arbitrary: fc.constant(NaN),
  });
  const weight = fc.oneof({ weight: 9, arbitrary: fc.double({ min: 0.01, max: 10, noNaN: true }) }, {
    weight: 1,
    arbitrary: fc.constant(NaN),
  });
  const rows = fc.array(fc.tuple(value, weight), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(rows, fc.array(fc.nat({ max: 60 }), { maxLength: 5 }), (list, picks) => {
      const cuts = [0, ...picks.map((pick) => pick % (list.length + 1)).sort((a, b) => a - b), list.length];
      const x = Float64Array.from(list, ([a]) => a);
      const w = Float64Array.from(list, ([, b]) => b);
      const states = cuts.slice(1).map((end, i) =>
        merger.summarize([x.subarray(cuts[i], end), w.subarray(cuts[i], end)])
      );
      const merged = merger.finish(merger.combine(states));
      const wanted = whole(MERGED, [x, w]);
      const scale = Math.max(1, ...[...x].filter(Number.isFinite).map(Math.abs));
      MERGED.forEach((statistic, s) => {
        const [found, expected] = [merged[s], wanted[s]];
        if (statistic.function === "count") assert.equal(found, expected);
        else if (Number.isNaN(expected)) assert.ok(Number.isNaN(found), statistic.name);
        else {
          // Sums cancel: the error is against the size of what is summed.
          const room = 1e-12 *
            Math.max(
              Math.abs(expected),
              list.length * scale,
              statistic.function === "var" ? scale * scale : 0,
            );
          // A standard deviation near 0 is the root of a cancelled variance.
          const slack = statistic.function === "std" ? Math.max(room, 1e-6 * scale) : room;
          assert.ok(Math.abs(found - expected) <= slack, `${statistic.name}: ${found}, wanted ${expected}`);
        }
      });
    }),
    { seed: 3, numRuns: 300 },
  );
});

Deno.test("medians and quantiles of merged parents stay within the stated rank error", () => {
  const qs = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];
  const statistics = [named("median", "x"), ...qs.map((q) => named("quantile", "x", { q }))];
  const merger = compileMerge(statistics, NAMES);
  // Parents of different sizes, places and widths, that overlap.
  const parents = Array.from(
    { length: 40 },
    (_, p) =>
      Float64Array.from(
        { length: 500 + 700 * (p % 7) },
        (_, i) => p * 13 + (((i * 7919 + p) % 10_007) / 10_007) ** 2 * 300,
      ),
  );
  const states = parents.map((x) => merger.summarize([x, new Float64Array(x.length).fill(1)]));
  const merged = merger.finish(merger.combine(states));
  const sorted = Float64Array.from(parents.flatMap((x) => [...x])).sort();
  [0.5, ...qs].forEach((q, s) => {
    const below = sorted.findIndex((value) => value > merged[s]);
    const error = Math.abs(below / sorted.length - q);
    assert.ok(error <= Math.PI / 256 * Math.sqrt(q * (1 - q)), `q ${q}: rank off by ${error}`);
  });
});

Deno.test("what cannot be merged is refused by name, and the rest still merges", () => {
  const mad = { ...expression("np.median(np.abs(x - np.median(x)))"), name: "mad" };
  const rms = { ...expression("np.sqrt(np.mean((x - np.mean(x))**2))"), name: "rms" };
  const statistics = [mad, named("sum", "x"), rms];
  const merger = compileMerge(statistics, NAMES);
  assert.deepEqual(merger.refused.map(({ name }) => name), ["mad", "rms"]);
  assert.throws(() => requireMergeable(statistics, NAMES), (error: Error) => {
    assert.match(error.message, /variable "mad": .*own statistics/);
    assert.match(error.message, /variable "rms"/);
    return true;
  });
  const values = merger.finish(merger.summarize([Float64Array.of(1, 2), Float64Array.of(1, 1)]));
  assert.deepEqual([...values], [NaN, 3, NaN]);
  requireMergeable(MERGED, NAMES);
});

Deno.test("no parents, empty parents and parents without valid values give 0 counts and NaN", () => {
  const merger = compileMerge([
    named("count", "x"),
    named("min", "x"),
    named("median", "x"),
    named("var", "x"),
  ], NAMES);
  const nothing = [0, NaN, NaN, NaN];
  assert.deepEqual([...merger.finish(merger.combine([]))], nothing);
  const empty = merger.summarize([new Float32Array(0), new Float32Array(0)]);
  const missing = merger.summarize([Float32Array.of(NaN, NaN), Float32Array.of(1, 1)]);
  assert.deepEqual([...merger.finish(merger.combine([empty, missing]))], nothing);
  const one = merger.summarize([Float32Array.of(7), Float32Array.of(NaN)]);
  assert.deepEqual([...merger.finish(merger.combine([empty, one, missing]))], [1, 7, 7, 0]);
});

Deno.test("a state survives as bytes, a parent's without values included, and is refused by another config", () => {
  const merger = compileMerge([named("median", "x"), named("var", "x"), named("min", "x")], NAMES);
  const state = merger.summarize([X, W]);
  const empty = merger.summarize([Float64Array.of(NaN), Float64Array.of(1)]);
  const stored = [state, empty].map((each) =>
    new Float64Array(Uint8Array.from(new Uint8Array(each.buffer)).buffer)
  );
  assert.deepEqual(merger.finish(merger.combine(stored)), merger.finish(state));
  const other = compileMerge([named("median", "x"), named("median", "w")], NAMES);
  assert.throws(() => other.finish(state), /does not fit this config/);
});
