/** The output variables of a config to statistics: names, functions, expressions, types, fill values. */
import { GranaryError } from "../../core/errors.ts";
import { suggestion } from "../../core/suggest.ts";
import { Graph } from "../statistics/graph.ts";
import { lowerStatistic } from "../statistics/lower.ts";
import type { Context } from "./context.ts";
import { integerRange, misfit } from "./dtype.ts";
import type { Statistic, StatisticFunction } from "../pipeline.ts";
import { type ConfigInput, DEFAULT_COUNT_DTYPE, DEFAULT_FUNCTION_DTYPE, MAX_ITEMS } from "./schema.ts";

/** numpy's names, as configs write them, and granary's. */
const FUNCTION_NAMES: Readonly<Record<string, StatisticFunction>> = {
  len: "count",
  count: "count",
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
  slope: "slope",
  intercept: "intercept",
};

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
  const columnNames = Object.keys(input.data_source.variables);
  const graph = new Graph();
  const result: Statistic[] = [];
  for (const [name, variable] of variables) {
    const at = [...path, name];
    if (RESERVED.includes(name)) {
      context.faults.key(at, `"${name}" is the store's own array (choose another name)`);
    }
    const statistic = toStatistic(name, variable, at, context);
    if (statistic === undefined) continue;
    result.push(statistic);
    try {
      lowerStatistic(statistic, columnNames, graph);
    } catch (error) {
      if (!(error instanceof GranaryError)) throw error;
      const key = String(error.details.key ?? "");
      context.faults.value(
        key === "" ? at : [...at, ...key.split(".")],
        afterPrefix(error.message, name, key),
      );
    }
  }
  return result;
}

/** The message without the variable and key, which the place says already. */
function afterPrefix(message: string, name: string, key: string): string {
  const prefix = `variable "${name}": ${key}: `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}

type VariableInput = ConfigInput["aggregation"]["variables"][string];

function toStatistic(
  name: string,
  variable: VariableInput,
  at: string[],
  context: Context,
): Statistic | undefined {
  const { faults } = context;
  const hasFunction = variable.function !== undefined;
  if (hasFunction === (variable.expression !== undefined)) {
    faults.value(
      at,
      hasFunction ? "has both function and expression (keep one)" : "has neither function nor expression",
    );
    return undefined;
  }
  let named: StatisticFunction | undefined;
  if (hasFunction) {
    const plain = variable.function!.replace(/^(?:np|numpy)\./, "");
    named = Object.hasOwn(FUNCTION_NAMES, plain) ? FUNCTION_NAMES[plain] : undefined;
    if (named === undefined) {
      const known = [...new Set(Object.values(FUNCTION_NAMES))];
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
  const dtype = variable.dtype ?? (named === "count" ? DEFAULT_COUNT_DTYPE : DEFAULT_FUNCTION_DTYPE);
  return {
    name,
    dtype,
    fillValue: fillValue(variable, dtype, named === "count", at, context),
    ...(named === undefined
      ? { expression: variable.expression! }
      : { function: named, source: variable.source! }),
    params: variable.params ?? {},
    attributes: variable.attrs ?? {},
  };
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
