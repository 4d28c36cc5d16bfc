/** The output variables of a config to statistics: names, functions, expressions, types, fill values. */
import { GranaryError } from "../../core/errors.ts";
import { integerRange } from "../../core/zarr/element.ts";
import { suggestion } from "../../core/suggest.ts";
import { Graph } from "../statistics/graph.ts";
import { lowerStatistic } from "../statistics/lower.ts";
import type { Context } from "./context.ts";
import { columnsOf } from "./columns.ts";
import { misfit } from "./dtype.ts";
import type { Statistic, StatisticFunction } from "../pipeline.ts";
import { histogramBins } from "./histogram.ts";
import { DEFAULT_COUNT_DTYPE, DEFAULT_FUNCTION_DTYPE, MAX_ITEMS } from "./limits.ts";
import type { ConfigInput } from "./schema.ts";

/** numpy's names, as configs write them, and granary's. */
const FUNCTION_NAMES: Readonly<Record<string, StatisticFunction>> = {
  len: "count",
  count: "count",
  nunique: "nunique",
  first: "first",
  last: "last",
  size: "count",
  min: "min",
  amin: "min",
  nanmin: "min",
  max: "max",
  amax: "max",
  nanmax: "max",
  sum: "sum",
  nansum: "sum",
  mean: "mean",
  nanmean: "mean",
  average: "average",
  var: "var",
  nanvar: "var",
  std: "std",
  nanstd: "std",
  median: "median",
  nanmedian: "median",
  quantile: "quantile",
  nanquantile: "quantile",
  percentile: "percentile",
  nanpercentile: "percentile",
  ptp: "ptp",
  skew: "skew",
  kurtosis: "kurtosis",
  nmad: "nmad",
  mode: "mode",
  trimmed_mean: "trimmed_mean",
  trim_mean: "trimmed_mean",
  slope: "slope",
  intercept: "intercept",
};

/** The function that is one array a bin. */
const HISTOGRAM = "histogram";

/** Names that the store gives to its own coordinate arrays. */
const RESERVED = ["cell_ids", "morton", "cells"];

/** The statistics in the config's order. Faults and warnings go to the context. */
export function statistics(input: ConfigInput, context: Context): Statistic[] {
  const variables = Object.entries(input.aggregation.variables);
  const path = ["aggregation", "variables"];
  if (variables.length === 0) context.faults.value(path, "names no variable");
  if (variables.length > MAX_ITEMS) {
    context.faults.value(path, `has ${variables.length} variables (at most ${MAX_ITEMS})`);
    return [];
  }
  const columnNames = columnsOf(input).map(({ name }) => name);
  const graph = new Graph();
  const result: Statistic[] = [];
  for (const [name, variable] of variables) {
    const at = [...path, name];
    if (RESERVED.includes(name)) {
      context.faults.key(at, `"${name}" is the store's own array (choose another name)`);
    }
    for (const statistic of toStatistics(name, variable, at, context) ?? []) {
      if (result.some((other) => other.name === statistic.name)) {
        context.faults.key(at, `the array "${statistic.name}" would be there twice (choose another name)`);
      }
      result.push(statistic);
      try {
        lowerStatistic(statistic, columnNames, graph);
      } catch (error) {
        if (!(error instanceof GranaryError)) throw error;
        const key = String(error.details.key ?? "");
        const place = statistic.name === name ? key : "source";
        context.faults.value(
          place === "" ? at : [...at, ...place.split(".")],
          afterPrefix(error.message, statistic.name, key),
        );
        break;
      }
    }
  }
  if (result.length > MAX_ITEMS) {
    context.faults.value(
      path,
      `makes ${result.length} arrays, with the bins of histograms (at most ${MAX_ITEMS})`,
    );
  }
  return result;
}

/** The message without the variable and key, which the place says already. */
function afterPrefix(message: string, name: string, key: string): string {
  const prefix = `variable "${name}": ${key}: `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}

type VariableInput = ConfigInput["aggregation"]["variables"][string];

/** Most variables are one statistic, a histogram one a bin. */
function toStatistics(
  name: string,
  variable: VariableInput,
  at: string[],
  context: Context,
): Statistic[] | undefined {
  const { faults } = context;
  const params = variable.params ?? {};
  const hasFunction = variable.function !== undefined;
  if (hasFunction === (variable.expression !== undefined)) {
    faults.value(
      at,
      hasFunction ? "has both function and expression (keep one)" : "has neither function nor expression",
    );
    return undefined;
  }
  let named: StatisticFunction | undefined;
  const plain = variable.function?.replace(/^(?:np|numpy)\./, "") ?? "";
  const isHistogram = plain === HISTOGRAM;
  if (hasFunction) {
    named = Object.hasOwn(FUNCTION_NAMES, plain) ? FUNCTION_NAMES[plain] : undefined;
    if (named === undefined && !isHistogram) {
      const known = [...new Set([...Object.values(FUNCTION_NAMES), HISTOGRAM])];
      const hint = suggestion(plain, known);
      faults.value(
        [...at, "function"],
        `unknown function "${variable.function}"${hint}; or write an expression`,
      );
      return undefined;
    }
    if (variable.source === undefined) {
      faults.value(
        at,
        `the key "source" is missing: the column or expression that ${variable.function} reduces`,
      );
      return undefined;
    }
    if (plain.startsWith("nan") && !/^\s*\w+\s*$/.test(variable.source)) {
      faults.value(
        [...at, "function"],
        `${variable.function} takes a column only; missing values are left out anyway (write ${
          plain.slice(3)
        })`,
      );
    }
  } else {
    for (const key of ["source", "params"] as const) {
      if (variable[key] !== undefined) {
        faults.key(
          [...at, key],
          `${key} has no meaning beside expression (write the columns into the expression)`,
        );
      }
    }
  }
  const counts = named === "count" || named === "nunique" || isHistogram;
  const dtype = variable.dtype ?? (counts ? DEFAULT_COUNT_DTYPE : DEFAULT_FUNCTION_DTYPE);
  const shared = {
    name,
    dtype,
    fillValue: fillValue(variable, dtype, counts, at, context),
    attributes: variable.attrs ?? {},
  };
  if (isHistogram) return histogramBins(shared, variable.source!, params, at, context);
  const lists = Object.entries(params).filter(([, value]) => Array.isArray(value));
  for (const [key] of lists) {
    faults.value([...at, "params", key], `${variable.function} takes no list of numbers`);
  }
  if (lists.length > 0) return undefined;
  return [{
    ...shared,
    ...(named === undefined
      ? { expression: variable.expression! }
      : { function: named, source: variable.source! }),
    params: params as Record<string, number | string>,
  }];
}

function fillValue(
  variable: VariableInput,
  dtype: Statistic["dtype"],
  isCount: boolean,
  at: string[],
  { faults, warnings, yaml }: Context,
): number | null {
  const given = variable.fill_value;
  const path = [...at, "fill_value"];
  if (given === undefined || given === null) {
    if (integerRange(dtype) === undefined) return null;
    if (!isCount) {
      warnings.push(
        `${
          yaml.place(at)
        }: no fill_value: cells without observations read as 0 (write one to tell them apart)`,
      );
    }
    return 0;
  }
  const value = typeof given === "number" ? given : /^\s*[+-]?\.?nan\s*$/i.test(given) ? NaN : Number(given);
  if (typeof given === "string" && (given.trim() === "" || (Number.isNaN(value) && !/nan/i.test(given)))) {
    faults.value(path, `found "${given}", wanted a number or NaN`);
    return null;
  }
  const plain = Number.isNaN(value) ? null : value;
  const problem = misfit(plain, dtype);
  if (problem !== undefined) faults.value(path, `${yaml.source(path) ?? String(given)}: ${problem}`);
  return plain;
}
