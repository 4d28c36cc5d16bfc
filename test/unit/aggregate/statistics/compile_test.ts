import assert from "node:assert/strict";
import fc from "fast-check";
import { compileStatistics } from "../../../../aggregate/statistics/compile.ts";
import { compileMerge } from "../../../../aggregate/statistics/merge.ts";
import type { Values } from "../../../../core/values.ts";
import { expression, named, NAMES, relative, STARTS, startsOf, W, X } from "./cells.ts";
import { SIZES, TABLE } from "./numpy_table.ts";

/** Expressions whose bits are numpy's own: no sum of rounded terms, no transcendental function. */
const EXACT = /^np\.(size|min|max|ptp|median|quantile|percentile)\(|^\(np\.max/;

function reduceAll(texts: readonly string[], columns: readonly Values[], starts: Uint32Array): number[][] {
  return compileStatistics(texts.map(expression), NAMES).reduce(columns, starts).map((values) => [...values]);
}

Deno.test("every function and operator gives numpy's values: order statistics to the bit, sums to 1e-12", () => {
  const results = reduceAll(TABLE.map(([text]) => text), [X, W], STARTS);
  for (const [s, [text, wanted]] of TABLE.entries()) {
    for (const [k, value] of wanted.entries()) {
      const off = relative(results[s][k], value);
      assert.ok(
        off <= (EXACT.test(text) ? 0 : 1e-12),
        `${text} of cell ${k} is ${results[s][k]}, wanted ${value}`,
      );
    }
  }
});

Deno.test("named functions give the values of the same numpy calls", () => {
  const pairs: [ReturnType<typeof named>, string][] = [
    [named("count", "x"), "np.size(x)"],
    [named("min", "x"), "np.min(x)"],
    [named("max", "x"), "np.max(x)"],
    [named("sum", "x"), "np.sum(x)"],
    [named("mean", "x"), "np.mean(x)"],
    [named("average", "x", { weights: "1.0 / w**2" }), "np.average(x, weights=1.0 / w**2)"],
    [named("average", "x"), "np.mean(x)"],
    [named("var", "x"), "np.var(x)"],
    [named("var", "x", { ddof: 1 }), "np.var(x, ddof=1)"],
    [named("std", "x", { ddof: "1" }), "np.std(x, ddof=1)"],
    [named("median", "x"), "np.median(x)"],
    [named("quantile", "x", { q: 0.25 }), "np.quantile(x, 0.25)"],
    [named("median", "np.abs(x - np.median(x))"), "np.median(np.abs(x - np.median(x)))"],
  ];
  const results = compileStatistics(pairs.map(([statistic]) => statistic), NAMES).reduce([X, W], STARTS);
  for (const [s, [, text]] of pairs.entries()) {
    const wanted = TABLE.find(([known]) => known === text)![1];
    wanted.forEach((value, k) => assert.ok(relative(results[s][k], value) <= 1e-12, `${text} of cell ${k}`));
  }
});

Deno.test("rows with missing values are left out for the statistics that use them, and for no others", () => {
  // Three rows for each: one as it is, one without x, one without w.
  const x: number[] = [];
  const w: number[] = [];
  for (let i = 0; i < X.length; i++) {
    x.push(X[i], NaN, X[i]);
    w.push(W[i], W[i], Infinity);
  }
  const starts = startsOf(SIZES.map((size) => 3 * size));
  const reducer = compileStatistics(
    [
      named("count", "x"),
      named("count", "w"),
      named("count", "x * w"),
      expression("np.average(x, weights=1.0 / w**2)"),
    ],
    NAMES,
  );
  const [ofX, ofW, ofBoth, average] = reducer.reduce([Float32Array.from(x), Float64Array.from(w)], starts);
  assert.deepEqual([...ofX], SIZES.map((size) => 2 * size));
  assert.deepEqual([...ofW], SIZES.map((size) => 2 * size));
  assert.deepEqual([...ofBoth], SIZES);
  const wanted = TABLE.find(([text]) => text.startsWith("np.average"))![1];
  wanted.forEach((value, k) => assert.ok(relative(average[k], value) <= 1e-12));
  assert.deepEqual(reducer.needs, [[0], [1], [0, 1], [0, 1]]);
});

Deno.test("a cell without a valid value counts 0 and gives NaN for everything else", () => {
  const functions = ["count", "sum", "min", "max", "mean", "var", "std", "median"] as const;
  const reducer = compileStatistics(
    [...functions.map((fn) => named(fn, "x")), named("quantile", "x", { q: 0 }), expression("len(x) * 2")],
    NAMES,
  );
  const values = reducer.reduce(
    [Float32Array.of(NaN, NaN, 5), Float64Array.of(1, 2, 3)],
    Uint32Array.of(0, 2, 3),
  );
  assert.deepEqual(values.map((each) => each[0]), [0, ...Array(9).fill(NaN)]);
  assert.deepEqual(values.map((each) => each[1]), [1, 5, 5, 5, 5, 0, 0, 5, 5, 2]);
});

Deno.test("NaN that arithmetic makes is kept, as numpy keeps it", () => {
  const texts = ["np.min(np.sqrt(x))", "np.max(np.sqrt(x))", "np.median(np.sqrt(x))", "np.sum(np.sqrt(x))"];
  const columns = [Float64Array.of(4, -1, 9, 4, 9), Float64Array.of(1, 1, 1, 1, 1)];
  const results = reduceAll(texts, columns, Uint32Array.of(0, 3, 5));
  assert.deepEqual(results.map((each) => each[0]), [NaN, NaN, NaN, NaN]);
  assert.deepEqual(results.map((each) => each[1]), [2, 3, 2.5, 5]);
});

Deno.test("rows in any order, in the reducer's memory or elsewhere, reduce as sorted ones", () => {
  const sizes = [1, 5_000, 1, 4_096, 3, 20_000, ...Array(3_000).fill(3)];
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  const order = Uint32Array.from({ length: rows }, (_, i) => (i * 7919) % rows);
  const x = Float32Array.from({ length: rows }, (_, i) => i % 997 === 0 && i > rows / 2 ? NaN : i % 10_007);
  const w = Float64Array.from({ length: rows }, (_, i) => 0.1 + (i % 13));
  const starts = startsOf(sizes);
  const texts = ["np.size(x)", "np.sum(w)", "np.var(x)", "np.median(x)", "np.average(x, weights=w)"];
  const wanted = reduceAll(
    texts,
    [Float32Array.from(order, (row) => x[row]), Float64Array.from(order, (row) => w[row])],
    starts,
  );
  for (const largeCellRows of [65_536, 4_500]) {
    const reducer = compileStatistics(texts.map(expression), NAMES, { largeCellRows });
    assert.deepEqual(reducer.reduce([x, w], starts, order).map((each) => [...each]), wanted);
    const memory = reducer.makeRoom(rows, 16 * rows + 64)!;
    const held = [
      new Float32Array(memory.buffer, memory.place(4 * rows), rows),
      new Float64Array(memory.buffer, memory.place(8 * rows), rows),
    ];
    const heldOrder = new Uint32Array(memory.buffer, memory.place(4 * rows), rows);
    held[0].set(x);
    held[1].set(w);
    heldOrder.set(order);
    assert.deepEqual(reducer.reduce(held, starts, heldOrder).map((each) => [...each]), wanted);
    assert.deepEqual([...held[0]], [...x]);
    assert.deepEqual([...held[1]], [...w]);
    // What does not fit is reduced from elsewhere, and what is reduced there from then on.
    assert.equal(reducer.makeRoom(rows, 2 ** 40), undefined);
    assert.deepEqual(reducer.reduce([x, w], starts, order).map((each) => [...each]), wanted);
  }
});

Deno.test("cells of any size, over many blocks and larger than one, reduce as each alone", () => {
  const sizes = [1, 5_000, 1, 1, 4_096, 3, 20_000, 4_095, 1, ...Array(3_000).fill(3)];
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  const x = Float64Array.from({ length: rows }, (_, i) => i % 977 === 0 ? NaN : (i * 7919) % 10_007);
  const w = Float64Array.from({ length: rows }, (_, i) => 1 + (i % 13));
  const starts = startsOf(sizes);
  const texts = [
    "np.size(x)",
    "np.sum(x)",
    "np.var(x)",
    "np.median(x)",
    "np.sum(w)",
    "np.average(x, weights=w)",
  ];
  const together = reduceAll(texts, [x, w], starts);
  for (let k = 0; k < sizes.length; k++) {
    const columns = [x.subarray(starts[k], starts[k + 1]), w.subarray(starts[k], starts[k + 1])];
    const alone = reduceAll(texts, columns, Uint32Array.of(0, sizes[k]));
    texts.forEach((text, s) => assert.equal(together[s][k], alone[s][0], `${text} of cell ${k}`));
  }
});

Deno.test("a large cell, reduced in passes, gives the bits that it gives at once", () => {
  const rows = 30_011;
  const starts = Uint32Array.of(0, 3, rows, rows + 5_000, rows + 5_001);
  const total = starts[4];
  const texts = TABLE.map(([text]) => text);
  for (const gap of [0, 7]) {
    const missing = (i: number, offset: number) => gap > 0 && (i + offset) % gap === 0;
    const x = Float32Array.from(
      { length: total },
      (_, i) => missing(i, 0) || i >= rows ? NaN : ((i * 7919) % 10_007) / 8,
    );
    const w = Float64Array.from(
      { length: total },
      (_, i) => missing(i, 3) ? -Infinity : 1 + ((i * 31) % 17) / 4,
    );
    const run = (largeCellRows: number) =>
      compileStatistics(texts.map(expression), NAMES, { largeCellRows }).reduce([x, w], starts).map((
        each,
      ) => [...each]);
    const atOnce = run(Infinity);
    assert.ok(Number.isFinite(atOnce[4][1]));
    assert.deepEqual(run(2), atOnce);
    assert.deepEqual(run(5_000), atOnce);
  }
});

Deno.test("starts that begin past 0 take no rows from before", () => {
  const [values] = reduceAll(["np.sum(x)"], [X, W], Uint32Array.of(6, 11, 12));
  assert.deepEqual(values, [16.25, X[11]]);
});

Deno.test("properties: order does not change min, max, count; quantiles lie between; var is not negative", () => {
  const texts = [
    "np.min(x)",
    "np.max(x)",
    "np.size(x)",
    "np.median(x)",
    "np.quantile(x, 0.3)",
    "np.var(x)",
    "np.mean(x)",
  ];
  const reducer = compileStatistics(texts.map(expression), NAMES);
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e100, max: 1e100 });
  fc.assert(
    fc.property(fc.array(finite, { minLength: 1, maxLength: 200 }), (list) => {
      const starts = Uint32Array.of(0, list.length);
      const weights = new Float64Array(list.length).fill(1);
      const run = (values: number[]) =>
        reducer.reduce([Float64Array.from(values), weights], starts).map((each) => each[0] + 0);
      const [least, greatest, count, median, quantile, variance, mean] = run(list);
      const reversed = run([...list].reverse());
      assert.deepEqual(reversed.slice(0, 5), [least, greatest, count, median, quantile]);
      assert.equal(least, Math.min(...list) + 0);
      assert.equal(greatest, Math.max(...list) + 0);
      for (const value of [median, quantile]) assert.ok(value >= least && value <= greatest);
      assert.ok(variance >= 0);
      const slack = 1e-9 * Math.max(Math.abs(least), Math.abs(greatest));
      assert.ok(mean >= least - slack && mean <= greatest + slack);
    }),
    { seed: 5, numRuns: 300 },
  );
});

Deno.test("shared parts do not leak between statistics or calls", () => {
  const reducer = compileStatistics([expression("np.sum(1 / w)"), expression("np.mean(1 / w)")], NAMES);
  const first = reducer.reduce([X, W], STARTS).map((values) => [...values]);
  reducer.reduce([W, X], STARTS);
  assert.deepEqual(reducer.reduce([X, W], STARTS).map((values) => [...values]), first);
});

Deno.test("sums give back what rounding takes: 70,000 times 3.3 has the mean 3.3, in small, large and merged cells", () => {
  const rows = 70_000;
  const x = new Float64Array(rows).fill(3.3), starts = Uint32Array.of(0, rows);
  const statistics = ["np.mean(x)", "np.sum(x)", "np.var(x)"].map(expression);
  for (const largeCellRows of [100, 1e9]) {
    const [mean, sum, variance] = compileStatistics(statistics, NAMES, { largeCellRows })
      .reduce([x, x], starts).map(([value]) => value);
    assert.ok(relative(mean, 3.3) <= 1e-15, String(mean));
    // 70,000 times the float64 next to 3.3, rounded once.
    assert.equal(sum, Number(BigInt(rows) * BigInt(3.3 * 2 ** 51)) / 2 ** 51);
    assert.ok(variance <= 1e-30, String(variance));
  }
  const merger = compileMerge(statistics, NAMES);
  const half = x.subarray(rows / 2);
  const state = merger.combine([merger.summarize([half, half]), merger.summarize([half, half])]);
  assert.ok(relative(merger.finish(state)[0], 3.3) <= 1e-15);
});

Deno.test("a sum does not depend on a large term that comes and goes, and one that overflows is infinite", () => {
  const [sum] = compileStatistics([expression("np.sum(x)")], NAMES)
    .reduce(
      [Float64Array.of(1, 1e100, 1, -1e100, 1e308, 1e308), new Float64Array(6)],
      Uint32Array.of(0, 4, 6),
    );
  assert.deepEqual([...sum], [2, Infinity]);
});

/** Heights and places of four cells; what scipy 1.17 and numpy say of them, one value a cell. */
const Y = [[1.5, 2.25, -3, 7.125, 0.5, 2.25], [10, 12, 11.5], [4], [2, 2, 2]];
const PLACES = [[0, 1, 2, 3.5, 5, 6], [100, 101, 103], [7], [1, 2, 3]];
const SCIPY: readonly [ReturnType<typeof named>, readonly number[]][] = [
  [named("percentile", "x", { q: 30 }), [1, 10.9, 4, 2]],
  [named("ptp", "x"), [10.125, 2, 0, 0]],
  [named("skew", "x"), [0.26889244417646174, -0.5280049792181856, NaN, NaN]],
  [named("kurtosis", "x"), [-0.1935455390776042, -1.5000000000000018, NaN, NaN]],
  // median_abs_deviation(x, scale=1/1.4826)
  [named("nmad", "x"), [1.297275, 0.7413, 0, 0]],
  // linregress(w, x)
  [named("slope", "x", { x: "w" }), [0.22779479326186836, 0.39285714285714274, NaN, 0]],
  [named("intercept", "x", { x: "w" }), [1.1064318529862174, -28.64285714285713, NaN, 2]],
  [expression("np.skew(x) + np.kurtosis(x) + np.nmad(x)"), [
    0.26889244417646174 - 0.1935455390776042 + 1.297275,
    -0.5280049792181856 - 1.5000000000000018 + 0.7413,
    NaN,
    NaN,
  ]],
];

Deno.test("moments, spreads and lines are scipy's, of cells of one value and of equal values, too", () => {
  const starts = startsOf(Y.map((cell) => cell.length));
  const columns = [Float64Array.from(Y.flat()), Float64Array.from(PLACES.flat())];
  const results = compileStatistics(SCIPY.map(([statistic]) => statistic), NAMES).reduce(columns, starts);
  for (const [s, [statistic, wanted]] of SCIPY.entries()) {
    wanted.forEach((value, k) =>
      assert.ok(relative(results[s][k], value) <= 1e-12, `${statistic.name} of cell ${k} is ${results[s][k]}`)
    );
  }
});

Deno.test("a line needs what it is against, and levels above the parents refuse moments by name", () => {
  const compiled = (statistic: ReturnType<typeof named>) => compileStatistics([statistic], NAMES);
  assert.throws(() => compiled(named("slope", "x")), /slope needs x/);
  assert.throws(() => compiled(named("slope", "x", { x: "2" })), /does not give one value a row/);
  assert.throws(() => compiled(named("percentile", "x", { q: 101 })), /number from 0 to 100/);
  const refused = compileMerge([named("skew", "x"), named("ptp", "x")], NAMES).refused;
  assert.deepEqual(refused.map(({ name }) => name), ["skew"]);
});
