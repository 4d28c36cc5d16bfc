/** A config's statistics to one graph: each named function and expression to the node of its value. */
import { GranaryError, inputError } from "../../core/errors.ts";
import { nearest } from "../../core/suggest.ts";
import type { Statistic, StatisticFunction } from "../pipeline.ts";
import { lowerExpression } from "./expression.ts";
import {
  averageOf,
  countOf,
  DDOF_MAX,
  deviationOf,
  interceptOf,
  kurtosisOf,
  meanOf,
  nmadOf,
  quantileOf,
  rangeOf,
  reduceBy,
  skewOf,
  slopeOf,
  sumOf,
  varianceOf,
} from "./functions.ts";
import { Graph, type GraphNode } from "./graph.ts";

/** The parameters that each function takes. */
const FUNCTION_PARAMETERS: Readonly<Record<StatisticFunction, readonly string[]>> = {
  count: [],
  min: [],
  max: [],
  sum: [],
  mean: [],
  average: ["weights"],
  var: ["ddof"],
  std: ["ddof"],
  median: [],
  quantile: ["q"],
  percentile: ["q"],
  ptp: [],
  skew: [],
  kurtosis: [],
  nmad: [],
  slope: ["x"],
  intercept: ["x"],
};

/** What the statistics compute: one root a statistic, each of shape `cell`. */
interface LoweredStatistics {
  graph: Graph;
  roots: GraphNode[];
}

/**
 * Lowers all statistics over the columns. Throws an input error that names the statistic, and the place
 * in its expression, for the first that cannot be computed.
 */
export function lowerStatistics(
  statistics: readonly Statistic[],
  columnNames: readonly string[],
): LoweredStatistics {
  const graph = new Graph();
  const roots = statistics.map((statistic) => lowerStatistic(statistic, columnNames, graph));
  return { graph, roots };
}

/** The node of one statistic. Throws an input error whose details name the key at fault. */
export function lowerStatistic(
  statistic: Statistic,
  columnNames: readonly string[],
  graph: Graph,
): GraphNode {
  const lowerText = (text: string, key: string): GraphNode => {
    try {
      const node = lowerExpression(text, columnNames, graph);
      if (node.boolean) {
        throw inputError(`a comparison is not a number (np.sum(${text}) counts where it holds)`);
      }
      return node;
    } catch (error) {
      if (error instanceof GranaryError) throw fault(statistic, key, error.message);
      throw error;
    }
  };
  if (statistic.function === undefined) {
    const node = lowerText(statistic.expression!, "expression");
    if (node.shape === "constant") throw fault(statistic, "expression", "it uses no column");
    if (node.shape === "rows") {
      throw fault(
        statistic,
        "expression",
        "it gives one value a row, not one a cell (wrap it in np.mean or the like)",
      );
    }
    return node;
  }
  if (statistic.source === undefined) {
    throw fault(statistic, "source", `${statistic.function} needs a source`);
  }
  const source = lowerText(statistic.source, "source");
  if (source.shape !== "rows") {
    throw fault(statistic, "source", `"${statistic.source}" does not give one value a row`);
  }
  const known = FUNCTION_PARAMETERS[statistic.function];
  for (const name of Object.keys(statistic.params)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const hint = near !== undefined
      ? ` (did you mean "${near}"?)`
      : known.length > 0
      ? ` (it takes ${known.join(", ")})`
      : " (it takes none)";
    throw fault(statistic, `params.${name}`, `${statistic.function} has no parameter "${name}"${hint}`);
  }
  const number = (name: string, least: number, most: number, fallback?: number): number => {
    const given = statistic.params[name] ?? fallback;
    const value = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
    if (typeof value !== "number" || !(value >= least && value <= most)) {
      const found = given === undefined ? "found none" : `found ${JSON.stringify(given)}`;
      throw fault(statistic, `params.${name}`, `${name} must be a number from ${least} to ${most}, ${found}`);
    }
    return value;
  };
  switch (statistic.function) {
    case "count":
      return countOf(graph, source);
    case "sum":
      return sumOf(graph, source);
    case "mean":
      return meanOf(graph, source);
    case "min":
    case "max":
    case "median":
      return reduceBy(statistic.function)(graph, source);
    case "quantile":
      return quantileOf(graph, source, number("q", 0, 1));
    case "percentile":
      return quantileOf(graph, source, number("q", 0, 100) / 100);
    case "ptp":
      return rangeOf(graph, source);
    case "skew":
      return skewOf(graph, source);
    case "kurtosis":
      return kurtosisOf(graph, source);
    case "nmad":
      return nmadOf(graph, source);
    case "slope":
    case "intercept": {
      const { x } = statistic.params;
      if (x === undefined) {
        throw fault(statistic, "params.x", `${statistic.function} needs x, the column that it is against`);
      }
      const against = lowerText(String(x), "params.x");
      if (against.shape !== "rows") {
        throw fault(statistic, "params.x", `"${x}" does not give one value a row`);
      }
      return statistic.function === "slope"
        ? slopeOf(graph, source, against)
        : interceptOf(graph, source, against);
    }
    case "var":
      return varianceOf(graph, source, number("ddof", 0, DDOF_MAX, 0));
    case "std":
      return deviationOf(graph, source, number("ddof", 0, DDOF_MAX, 0));
    case "average": {
      const weights = statistic.params.weights;
      if (weights === undefined) return meanOf(graph, source);
      const node = lowerText(String(weights), "params.weights");
      if (node.shape === "rows") return averageOf(graph, source, node);
      throw fault(statistic, "params.weights", `"${weights}" does not give one value a row`);
    }
  }
}

function fault(statistic: Statistic, key: string, problem: string): GranaryError {
  return inputError(`variable "${statistic.name}": ${key}: ${problem}`, { variable: statistic.name, key });
}
