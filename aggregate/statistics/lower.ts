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
  TRIM_MAX,
  trimmedMeanOf,
  varianceOf,
  weightedQuantileOf,
} from "./functions.ts";
import { Graph, type GraphNode } from "./graph.ts";

/** The parameters that each function takes. */
const FUNCTION_PARAMETERS: Readonly<Record<StatisticFunction, readonly string[]>> = {
  count: [],
  nunique: [],
  first: ["by"],
  last: ["by"],
  min: [],
  max: [],
  sum: [],
  mean: [],
  average: ["weights"],
  var: ["ddof"],
  std: ["ddof"],
  median: [],
  quantile: ["q", "weights"],
  percentile: ["q", "weights"],
  ptp: [],
  skew: [],
  kurtosis: [],
  nmad: [],
  mode: [],
  trimmed_mean: ["proportiontocut"],
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
  /** A parameter that is a column or an expression; undefined where it is not given. */
  const rowsOf = (name: string): GraphNode | undefined => {
    const given = statistic.params[name];
    if (given === undefined) return undefined;
    const node = lowerText(String(given), `params.${name}`);
    if (node.shape === "rows") return node;
    throw fault(statistic, `params.${name}`, `"${given}" does not give one value a row`);
  };
  switch (statistic.function) {
    case "count":
      return countOf(graph, source);
    case "sum":
      return sumOf(graph, source);
    case "mean":
      return meanOf(graph, source);
    case "trimmed_mean":
      return trimmedMeanOf(graph, source, number("proportiontocut", 0, TRIM_MAX));
    case "min":
    case "max":
    case "mode":
    case "nunique":
    case "median":
      return reduceBy(statistic.function)(graph, source);
    case "quantile":
    case "percentile": {
      const q = statistic.function === "quantile" ? number("q", 0, 1) : number("q", 0, 100) / 100;
      const weights = rowsOf("weights");
      return weights === undefined
        ? quantileOf(graph, source, q)
        : weightedQuantileOf(graph, source, weights, q);
    }
    case "first":
    case "last": {
      const by = rowsOf("by") ?? lowerText("time", "params.by");
      return graph.aggregate(statistic.function, [source, by]);
    }
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
      const against = rowsOf("x");
      if (against === undefined) {
        throw fault(statistic, "params.x", `${statistic.function} needs x, the column that it is against`);
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
      const weights = rowsOf("weights");
      return weights === undefined ? meanOf(graph, source) : averageOf(graph, source, weights);
    }
  }
}

function fault(statistic: Statistic, key: string, problem: string): GranaryError {
  return inputError(`variable "${statistic.name}": ${key}: ${problem}`, { variable: statistic.name, key });
}
