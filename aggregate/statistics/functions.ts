/**
 * The functions of expressions: numpy's names and meanings. Each takes the call as parsed and returns
 * its node.
 */
import type { AggregateOp, Graph, GraphNode } from "./graph.ts";
import type { Syntax } from "../../core/expressions/syntax.ts";

type Call = Syntax & { kind: "call" };

/** What a function may ask of the expression that calls it. */
export interface FunctionContext {
  readonly graph: Graph;
  lower(tree: Syntax): GraphNode;
  number(tree: Syntax): GraphNode;
  elementwise(op: string, args: GraphNode[], boolean?: boolean): GraphNode;
  fail(at: number, problem: string): never;
}

type Lower = (context: FunctionContext, call: Call) => GraphNode;

export const CONSTANTS: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E };

/** Functions of each value. */
export const ELEMENTWISE_FUNCTIONS: Readonly<Record<string, Lower>> = {
  ...named(["sqrt", "square", "sign", "floor", "ceil", "trunc", "rint", "exp", "log", "log10", "log2"], 1),
  ...named(["negative", "reciprocal", "radians", "degrees"], 1),
  ...named(["sin", "cos", "tan", "arcsin", "arccos", "arctan"], 1),
  arctan2: elementwise("arctan2", 2),
  abs: elementwise("abs", 1),
  absolute: elementwise("abs", 1),
  fabs: elementwise("abs", 1),
  deg2rad: elementwise("radians", 1),
  rad2deg: elementwise("degrees", 1),
  isfinite: elementwise("isfinite", 1, true),
  isnan: elementwise("isnan", 1, true),
  ...named(["minimum", "maximum", "power", "hypot", "add", "subtract", "multiply", "divide", "remainder"], 2),
  mod: elementwise("remainder", 2),
  true_divide: elementwise("divide", 2),
  where,
  clip,
};

/** Functions of a cell's rows. */
export const AGGREGATE_FUNCTIONS: Readonly<Record<string, Lower>> = {
  len: count,
  size: count,
  count,
  sum: (context, call) => plain(context, call, sumOf, true),
  count_nonzero: countNonzero,
  mean: (context, call) => plain(context, call, meanOf, true),
  min: (context, call) => plain(context, call, reduceBy("min")),
  max: (context, call) => plain(context, call, reduceBy("max")),
  amin: (context, call) => plain(context, call, reduceBy("min")),
  amax: (context, call) => plain(context, call, reduceBy("max")),
  ptp: (context, call) => plain(context, call, rangeOf),
  skew: (context, call) => plain(context, call, skewOf),
  kurtosis: (context, call) => plain(context, call, kurtosisOf),
  nmad: (context, call) => plain(context, call, nmadOf),
  median: (context, call) => plain(context, call, reduceBy("median")),
  var: (context, call) => spread(context, call, varianceOf),
  std: (context, call) => spread(context, call, deviationOf),
  quantile: (context, call) => quantile(context, call, 1),
  percentile: (context, call) => quantile(context, call, 100),
  mode: (context, call) => plain(context, call, reduceBy("mode")),
  trim_mean: trimmedMean,
  trimmed_mean: trimmedMean,
  average,
  nansum: (context, call) => finiteOnly(context, call, sumOf),
  nanmean: (context, call) => finiteOnly(context, call, meanOf),
  nanmin: (context, call) => finiteOnly(context, call, reduceBy("min")),
  nanmax: (context, call) => finiteOnly(context, call, reduceBy("max")),
  nanmedian: (context, call) => finiteOnly(context, call, reduceBy("median")),
};

/** n. */
export function countOf(graph: Graph, x: GraphNode): GraphNode {
  return graph.aggregate("count", [x]);
}

export function sumOf(graph: Graph, x: GraphNode): GraphNode {
  return graph.aggregate("sum", [x]);
}

/** The sum over n. */
export function meanOf(graph: Graph, x: GraphNode): GraphNode {
  return graph.elementwise("divide", [sumOf(graph, x), countOf(graph, x)]);
}

/** sum(w x) / sum(w). */
export function averageOf(graph: Graph, x: GraphNode, weights: GraphNode): GraphNode {
  return graph.elementwise("divide", [
    sumOf(graph, graph.elementwise("multiply", [x, weights])),
    sumOf(graph, weights),
  ]);
}

/** Two passes: the mean, then the squared deviations over n - ddof, which is not let below 0. */
export function varianceOf(graph: Graph, x: GraphNode, ddof: number): GraphNode {
  const squares = graph.aggregate("squares", [x, meanOf(graph, x)]);
  const n = countOf(graph, x);
  const freedom = ddof === 0 ? n : graph.elementwise("maximum", [
    graph.elementwise("subtract", [n, graph.constant(ddof)]),
    graph.constant(0),
  ]);
  return graph.elementwise("divide", [squares, freedom]);
}

export function deviationOf(graph: Graph, x: GraphNode, ddof: number): GraphNode {
  return graph.elementwise("sqrt", [varianceOf(graph, x, ddof)]);
}

/** The greatest less the least, numpy's `ptp`. */
export function rangeOf(graph: Graph, x: GraphNode): GraphNode {
  return graph.elementwise("subtract", [reduceBy("max")(graph, x), reduceBy("min")(graph, x)]);
}

/** The mean of deviations from the mean, to a power of 3 or 4. */
function centralMoment(graph: Graph, x: GraphNode, power: 3 | 4): GraphNode {
  const deviation = graph.elementwise("subtract", [x, meanOf(graph, x)]);
  const square = graph.elementwise("multiply", [deviation, deviation]);
  return meanOf(graph, graph.elementwise("multiply", [square, power === 3 ? deviation : square]));
}

/** m3 / m2^(3/2) of the values as they are (scipy.stats.skew, bias=True); NaN where all are equal. */
export function skewOf(graph: Graph, x: GraphNode): GraphNode {
  const spread = varianceOf(graph, x, 0);
  const scale = graph.elementwise("multiply", [spread, graph.elementwise("sqrt", [spread])]);
  return graph.elementwise("divide", [centralMoment(graph, x, 3), scale]);
}

/** m4 / m2^2 - 3 (Fisher's, scipy.stats.kurtosis); NaN where all values are equal. */
export function kurtosisOf(graph: Graph, x: GraphNode): GraphNode {
  const spread = varianceOf(graph, x, 0);
  const ratio = graph.elementwise("divide", [
    centralMoment(graph, x, 4),
    graph.elementwise("multiply", [spread, spread]),
  ]);
  return graph.elementwise("subtract", [ratio, graph.constant(3)]);
}

/** The normalized median absolute deviation (Hoehle and Hoehle 2009): 1.4826 median(|x - median(x)|). */
export function nmadOf(graph: Graph, x: GraphNode): GraphNode {
  const deviation = graph.elementwise("subtract", [x, reduceBy("median")(graph, x)]);
  const median = reduceBy("median")(graph, graph.elementwise("abs", [deviation]));
  return graph.elementwise("multiply", [median, graph.constant(1.4826)]);
}

/** The slope of least squares of y against x; NaN where x is one value (scipy.stats.linregress). */
export function slopeOf(graph: Graph, y: GraphNode, x: GraphNode): GraphNode {
  const across = graph.elementwise("subtract", [x, meanOf(graph, x)]);
  const up = graph.elementwise("subtract", [y, meanOf(graph, y)]);
  return graph.elementwise("divide", [
    sumOf(graph, graph.elementwise("multiply", [across, up])),
    sumOf(graph, graph.elementwise("multiply", [across, across])),
  ]);
}

/** Where the line of {@linkcode slopeOf} is at x = 0. */
export function interceptOf(graph: Graph, y: GraphNode, x: GraphNode): GraphNode {
  const rise = graph.elementwise("multiply", [slopeOf(graph, y, x), meanOf(graph, x)]);
  return graph.elementwise("subtract", [meanOf(graph, y), rise]);
}

export function quantileOf(graph: Graph, x: GraphNode, q: number): GraphNode {
  return graph.aggregate("quantile", [x], q);
}

/** The quantile of weighted values by numpy's "inverted_cdf", the only method of its that takes weights. */
export function weightedQuantileOf(graph: Graph, x: GraphNode, weights: GraphNode, q: number): GraphNode {
  return graph.aggregate("weighted_quantile", [x, weights], q);
}

/** The mean without a share of the least and of the greatest values (scipy.stats.trim_mean). */
export function trimmedMeanOf(graph: Graph, x: GraphNode, proportion: number): GraphNode {
  return graph.aggregate("trimmed_mean", [x], proportion);
}

export function reduceBy(op: AggregateOp): (graph: Graph, x: GraphNode) => GraphNode {
  return (graph, x) => graph.aggregate(op, [x]);
}

function elementwise(op: string, arity: number, boolean = false): Lower {
  return (context, call) => {
    const args = positional(context, call, arity).map((argument) => context.number(argument));
    if (boolean && args.every((argument) => argument.op === "constant")) {
      context.fail(call.at, `${call.name} of a number (wanted a column)`);
    }
    return context.elementwise(op, args, boolean);
  };
}

function named(names: string[], arity: number): Record<string, Lower> {
  return Object.fromEntries(names.map((name) => [name, elementwise(name, arity)]));
}

function where(context: FunctionContext, call: Call): GraphNode {
  const [condition, a, b] = positional(context, call, 3);
  const test = context.lower(condition);
  if (!test.boolean) context.fail(condition.at, "np.where wants a comparison first, such as x > 0");
  return context.elementwise("where", [test, context.number(a), context.number(b)]);
}

function clip(context: FunctionContext, call: Call): GraphNode {
  const [x, low, high] = positional(context, call, 3).map((argument) => context.number(argument));
  return context.elementwise("minimum", [context.elementwise("maximum", [x, low]), high]);
}

/** Exactly `arity` positional arguments and no named ones. */
function positional(context: FunctionContext, call: Call, arity: number): Syntax[] {
  const extra = call.named[0];
  if (extra !== undefined) context.fail(extra.at, `${call.name} takes no argument "${extra.name}" here`);
  if (call.args.length !== arity) {
    const wanted = arity === 1 ? "one argument" : `${arity} arguments`;
    context.fail(call.at, `${call.name} takes ${wanted}, found ${call.args.length}`);
  }
  return call.args;
}

/** The rows that an aggregate reduces. */
function rows(context: FunctionContext, call: Call, tree: Syntax, boolean = false): GraphNode {
  const x = boolean ? context.lower(tree) : context.number(tree);
  if (x.shape !== "rows") {
    const found = x.shape === "cell" ? "one value a cell already" : "a number";
    context.fail(tree.at, `${call.name} wants values a row, and this is ${found}`);
  }
  return x;
}

function plain(
  context: FunctionContext,
  call: Call,
  reduce: (graph: Graph, x: GraphNode) => GraphNode,
  boolean = false,
): GraphNode {
  return reduce(context.graph, rows(context, call, positional(context, call, 1)[0], boolean));
}

/** The nan-functions equal the plain ones where no NaN can be: on columns, whose missing values are left out. */
function finiteOnly(
  context: FunctionContext,
  call: Call,
  reduce: (graph: Graph, x: GraphNode) => GraphNode,
): GraphNode {
  const tree = positional(context, call, 1)[0];
  const x = rows(context, call, tree);
  if (x.op !== "column") {
    context.fail(
      call.at,
      `${call.name} takes a column only; missing values are left out anyway (write np.${
        call.name.replace(/^.*nan/, "")
      })`,
    );
  }
  return reduce(context.graph, x);
}

function count(context: FunctionContext, call: Call): GraphNode {
  return countOf(context.graph, rows(context, call, positional(context, call, 1)[0], true));
}

function countNonzero(context: FunctionContext, call: Call): GraphNode {
  const x = rows(context, call, positional(context, call, 1)[0], true);
  const nonzero = x.boolean ? x : context.elementwise("not_equal", [x, context.graph.constant(0)], true);
  return sumOf(context.graph, nonzero);
}

/** Arguments in order or by name; those left out are undefined. */
function bind(
  context: FunctionContext,
  call: Call,
  names: string[],
  required: number,
): (Syntax | undefined)[] {
  const bound: (Syntax | undefined)[] = names.map((_, i) => call.args[i]);
  if (call.args.length > names.length) {
    context.fail(call.at, `${call.name} takes at most ${names.length} arguments, found ${call.args.length}`);
  }
  for (const { name, value, at } of call.named) {
    const index = names.indexOf(name);
    if (index < 0) context.fail(at, `${call.name} takes no argument "${name}" (wanted ${names.join(", ")})`);
    if (bound[index] !== undefined) context.fail(at, `${call.name} has the argument "${name}" twice`);
    bound[index] = value;
  }
  const missing = names.slice(0, required).find((_, i) => bound[i] === undefined);
  if (missing !== undefined) context.fail(call.at, `${call.name} is missing its argument "${missing}"`);
  return bound;
}

function constant(context: FunctionContext, tree: Syntax, name: string, least: number, most: number): number {
  const node = context.number(tree);
  if (node.op !== "constant" || !(node.value >= least && node.value <= most)) {
    context.fail(tree.at, `${name} must be a number from ${least} to ${most}`);
  }
  return node.value;
}

function quantile(context: FunctionContext, call: Call, scale: number): GraphNode {
  const [a, q, weights] = bind(context, call, ["a", "q", "weights"], 2);
  const x = rows(context, call, a!);
  const share = constant(context, q!, "q", 0, scale) / scale;
  return weights === undefined
    ? quantileOf(context.graph, x, share)
    : weightedQuantileOf(context.graph, x, rows(context, call, weights), share);
}

/** The greatest share that is cut at each end: of what is more nothing would be left. */
export const TRIM_MAX = 0.499999;

function trimmedMean(context: FunctionContext, call: Call): GraphNode {
  const [a, cut] = bind(context, call, ["a", "proportiontocut"], 2);
  const proportion = constant(context, cut!, "proportiontocut", 0, TRIM_MAX);
  return trimmedMeanOf(context.graph, rows(context, call, a!), proportion);
}

/** The greatest `ddof` that is taken: more is a slip. */
export const DDOF_MAX = 1_000;

function spread(
  context: FunctionContext,
  call: Call,
  reduce: (graph: Graph, x: GraphNode, ddof: number) => GraphNode,
): GraphNode {
  const named = call.named.filter((argument) => argument.name !== "ddof");
  if (named.length > 0) {
    context.fail(named[0].at, `${call.name} takes no argument "${named[0].name}" (wanted a, ddof)`);
  }
  if (call.args.length !== 1) {
    context.fail(call.at, `${call.name} takes one argument and ddof=…, found ${call.args.length}`);
  }
  const ddof = call.named[0] === undefined ? 0 : constant(context, call.named[0].value, "ddof", 0, DDOF_MAX);
  return reduce(context.graph, rows(context, call, call.args[0]), ddof);
}

function average(context: FunctionContext, call: Call): GraphNode {
  const [a, weights] = bind(context, { ...call, args: call.args }, ["a", "weights"], 1);
  const x = rows(context, call, a!);
  return weights === undefined
    ? meanOf(context.graph, x)
    : averageOf(context.graph, x, rows(context, call, weights));
}
