import assert from "node:assert/strict";
import { parseConfig } from "../../../../aggregate/config/parse.ts";
import { compileStatistics } from "../../../../aggregate/statistics/compile.ts";
import { compileMerge } from "../../../../aggregate/statistics/merge.ts";
import { expression, named, NAMES, relative, startsOf } from "./cells.ts";

const X = [[1.5, 2.25, -3, 7.125, 0.5, 2.25, -3, 9, 11.25, 0.1], [10, 12, 11.5], [4], [2, 2, 2], [
  3,
  1,
  2,
  1,
  3,
]];
const W = [[0, 1, 2, 3.5, 5, 6, 0, 0.25, 1, 2], [100, 101, 103], [7], [1, 2, 3], [0, 0, 1, 0.5, 2]];

/** What scipy 1.17 and numpy 2.4 say of these cells. */
const PEERS: readonly [ReturnType<typeof named>, readonly number[]][] = [
  [named("mode", "x"), [-3, 10, 4, 2, 1]],
  [named("trimmed_mean", "x", { proportiontocut: 0 }), [2.7975, 11.166666666666666, 4, 2, 2]],
  [named("trimmed_mean", "x", { proportiontocut: 0.1 }), [2.465625, 11.166666666666666, 4, 2, 2]],
  [named("trimmed_mean", "x", { proportiontocut: 0.25 }), [2.2875, 11.166666666666666, 4, 2, 2]],
  [named("trimmed_mean", "x", { proportiontocut: "0.4" }), [1.875, 11.5, 4, 2, 2]],
  [expression("np.trim_mean(x, 0.4)"), [1.875, 11.5, 4, 2, 2]],
  [named("quantile", "x", { q: 0, weights: "w" }), [-3, 10, 4, 2, 1]],
  [named("quantile", "x", { q: 0.1, weights: "w" }), [0.1, 10, 4, 2, 1]],
  [named("quantile", "x", { q: 0.25, weights: "2 * w" }), [0.5, 10, 4, 2, 2]],
  [named("percentile", "x", { q: 50, weights: "w" }), [2.25, 11.5, 4, 2, 3]],
  [expression("np.quantile(x, 0.9, weights=w)"), [7.125, 12, 4, 2, 3]],
  [named("quantile", "x", { q: 1, weights: "w" }), [11.25, 12, 4, 2, 3]],
];

function reduced(largeCellRows?: number): readonly Float64Array[] {
  const columns = [Float64Array.from(X.flat()), Float64Array.from(W.flat())];
  const statistics = PEERS.map(([statistic]) => statistic);
  const starts = startsOf(X.map((cell) => cell.length));
  return compileStatistics(statistics, NAMES, largeCellRows === undefined ? {} : { largeCellRows })
    .reduce(columns, starts).map((values) => values.slice());
}

Deno.test("mode, trimmed means and weighted quantiles are scipy's and numpy's", () => {
  const results = reduced();
  for (const [s, [{ name, params }, wanted]] of PEERS.entries()) {
    wanted.forEach((value, k) => {
      const found = results[s][k];
      assert.ok(
        relative(found, value) <= 1e-12,
        `${name} ${JSON.stringify(params)} of cell ${k} is ${found}`,
      );
    });
  }
  assert.deepEqual(reduced(2), results, "cells that are reduced in passes");
});

Deno.test("a cell with a negative weight, or without any, has no weighted quantile; an empty one no mode", () => {
  const statistics = [named("quantile", "x", { q: 0.5, weights: "w" }), named("mode", "x")];
  const results = compileStatistics(statistics, NAMES).reduce(
    [Float64Array.of(1, 2, 1, 2, NaN, NaN), Float64Array.of(1, -1, 0, 0, 1, 1)],
    Uint32Array.of(0, 2, 4, 6),
  );
  assert.deepEqual(results.map((values) => [...values]), [[NaN, NaN, NaN], [1, 1, NaN]]);
});

Deno.test("what needs all values of a cell at once is refused by name above the parents", () => {
  const statistics = [
    named("mode", "x"),
    named("trimmed_mean", "x", { proportiontocut: 0.1 }),
    named("quantile", "x", { q: 0.5, weights: "w" }),
    named("quantile", "x", { q: 0.5 }),
  ];
  const { refused } = compileMerge(statistics, NAMES);
  assert.deepEqual(refused.map(({ name }) => name), ["mode", "trimmed_mean", "quantile"]);
  assert.match(refused[0].why, /all values of a cell at once/);
});

function config(variable: string): string {
  return `data_source:
  groups: ["gt*"]
  coordinates: {latitude: "/{group}/lat", longitude: "/{group}/lon"}
  variables: {x: "/{group}/x", w: "/{group}/w"}
aggregation:
  variables:
    h: ${variable}
output:
  grid: {child_order: 10}
`;
}

Deno.test("a histogram is an array of counts a bin, numpy's, that levels above the parents have, too", () => {
  const { pipeline } = parseConfig(
    config("{function: np.histogram, source: x, params: {bins: [-3, 0, 2, 2.25, 12]}}"),
    "my.yaml",
  );
  const { statistics } = pipeline.aggregation;
  assert.deepEqual(
    statistics.map(({ name, dtype, fillValue, attributes }) => ({ name, dtype, fillValue, ...attributes })),
    [[-3, 0], [0, 2], [2, 2.25], [2.25, 12]].map(([lower_edge, upper_edge], i) => (
      { name: `h_${i}`, dtype: "int32", fillValue: 0, lower_edge, upper_edge }
    )),
  );
  const columns = [Float64Array.from(X.flat()), Float64Array.from(W.flat())];
  const starts = startsOf(X.map((cell) => cell.length));
  const results = compileStatistics(statistics, NAMES).reduce(columns, starts);
  // np.histogram(cell, [-3, 0, 2, 2.25, 12]); 12 itself belongs to the last bin.
  const wanted = [[2, 3, 0, 5], [0, 0, 0, 3], [0, 0, 0, 1], [0, 0, 3, 0], [0, 2, 1, 2]];
  wanted.forEach((counts, k) => assert.deepEqual(results.map((values) => values[k]), counts));
  const merge = compileMerge(statistics, NAMES);
  assert.deepEqual(merge.refused, []);
  assert.deepEqual([...merge.finish(merge.summarize(columns))], [2, 5, 4, 11]);
});

Deno.test("histograms without ascending edges, and lists for other functions, are refused with their place", () => {
  const refused: [string, RegExp][] = [
    ["{function: histogram, source: x}", /my.yaml:7:5.*params: \{bins:/],
    ["{function: histogram, source: x, params: {bins: [1]}}", /params\.bins/],
    ["{function: histogram, source: x, params: {bins: [0, 2, 1]}}", /ascending/],
    ["{function: histogram, source: x, params: {bins: [0, 1], range: [0, 1]}}", /no parameter "range"/],
    ["{function: histogram, source: y, params: {bins: [0, 1]}}", /h\.source: .*unknown column "y"/],
    ["{function: mean, source: x, params: {q: [0, 1]}}", /params\.q: mean takes no list/],
    [
      "{function: histogram, source: x, params: {bins: [0, 1]}}\n    h_0: {function: count, source: x}",
      /"h_0" would be there twice/,
    ],
  ];
  for (const [variable, message] of refused) {
    assert.throws(() => parseConfig(config(variable), "my.yaml"), message);
  }
});
