/** The YAML of a config to a Pipeline: plain data, every name checked, nothing opened. */
import { GranaryError } from "../../base/errors.ts";
import { suggestion } from "../../base/suggest.ts";
import { Graph } from "../statistics/graph.ts";
import { lowerStatistic } from "../statistics/lower.ts";
import { integerRange, misfit } from "./dtype.ts";
import { addShapeFaults, Faults } from "./issues.ts";
import type { Column, Pipeline, RowFilter, Statistic, StatisticFunction } from "./pipeline.ts";
import {
  type ConfigInput,
  configSchema,
  DEFAULT_COUNT_DTYPE,
  DEFAULT_FUNCTION_DTYPE,
  DEFAULT_PARENT_ORDER,
  MAX_ITEMS,
} from "./schema.ts";
import { takeTolerated } from "./tolerated.ts";
import { YamlText } from "./yaml_text.ts";

export interface ParsedConfig {
  pipeline: Pipeline;
  /** One line each, with its place. */
  warnings: string[];
}

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
};

/** Names that the store gives to its own coordinate arrays. */
const RESERVED = ["cell_ids", "morton", "cells"];

/**
 * Parses the config `text`; `fileName` is for messages and becomes the pipeline's name. Throws one input
 * error with a line for each fault, each with `file:line:column`, what was found and what was wanted.
 */
export function parseConfig(text: string, fileName: string): ParsedConfig {
  const yaml = new YamlText(text, fileName);
  const faults = new Faults(yaml);
  const warnings: string[] = [];
  const data = yaml.value;
  for (const { path, because } of takeTolerated(data)) {
    warnings.push(`${yaml.keyPlace(path)}: ${path.join(".")} is not needed and ignored: ${because}`);
  }
  if (data === null || data === undefined) {
    faults.value([], "is empty (wanted data_source, aggregation and output; see granary config show atl06)");
    faults.throwIfAny();
  }
  const checked = configSchema.safeParse(data);
  if (!checked.success) {
    addShapeFaults(faults, checked.error.issues, data);
    faults.throwIfAny();
  }
  const input = checked.data!;
  const context: Context = { yaml, faults, warnings };
  const pipeline: Pipeline = {
    name: fileName,
    dataSource: dataSource(input, context),
    aggregation: {
      statistics: statistics(input, context),
      morton: morton(input, context),
    },
    output: output(input, context),
    catalog: input.catalog ?? null,
    bounds: bounds(input, context),
  };
  faults.throwIfAny();
  return { pipeline, warnings };
}

interface Context {
  yaml: YamlText;
  faults: Faults;
  warnings: string[];
}

function dataSource(input: ConfigInput, context: Context): Pipeline["dataSource"] {
  const source = input.data_source;
  const columns: Column[] = Object.entries(source.variables).map(([name, path]) => ({ name, path }));
  if (columns.length === 0) context.faults.value(["data_source", "variables"], "names no column");
  if (columns.length > MAX_ITEMS) {
    context.faults.value(
      ["data_source", "variables"],
      `has ${columns.length} columns (at most ${MAX_ITEMS})`,
    );
  }
  return {
    collections: source.collections ?? [],
    asset: source.asset ?? null,
    driver: source.driver ?? null,
    groups: [...new Set(source.groups)],
    latitude: source.coordinates.latitude,
    longitude: source.coordinates.longitude,
    columns,
    filters: filters(input, context),
  };
}

const NEGATED = {
  eq: "ne",
  ne: "eq",
  lt: "ge",
  ge: "lt",
  le: "gt",
  gt: "le",
  in: "not_in",
  not_in: "in",
} as const;

function filters(input: ConfigInput, context: Context): RowFilter[] {
  const { quality_filter: quality, filters: listed } = input.data_source;
  if (quality !== undefined && listed !== undefined) {
    context.faults.key(
      ["data_source", "quality_filter"],
      "quality_filter and filters exclude each other (move it into filters)",
    );
  }
  const result: RowFilter[] = quality === undefined
    ? []
    : [{ path: quality.dataset, op: "eq", value: quality.value }];
  listed?.forEach((filter, index) => {
    const path = ["data_source", "filters", index];
    const wantsList = filter.op === "in" || filter.op === "not_in";
    const value = wantsList ? filter.values ?? filter.value : filter.value;
    if (filter.value !== undefined && filter.values !== undefined) {
      context.faults.value(path, "has both value and values (keep one)");
    } else if (value === undefined || Array.isArray(value) !== wantsList) {
      const wanted = wantsList ? `value: a list, such as [0, 1]` : "value: a number";
      context.faults.value(path, `op ${filter.op} wants ${wanted}`);
    } else {
      if ([value].flat().some((one) => !Number.isFinite(one))) {
        context.faults.value([...path, "value"], "must be finite (NaN and fill values never pass a filter)");
      }
      const dataset = filter.column === undefined || filter.column === null
        ? filter.dataset
        : `${filter.dataset}[:,${filter.column}]`;
      result.push({ path: dataset, op: filter.keep === false ? NEGATED[filter.op] : filter.op, value });
    }
  });
  return result;
}

function statistics(input: ConfigInput, context: Context): Statistic[] {
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
      hasFunction ? "has both function and expression (keep one)" : "lacks function or expression",
    );
    return undefined;
  }
  let named: StatisticFunction | undefined;
  if (hasFunction) {
    const plain = variable.function!.replace(/^(?:np|numpy)\./, "");
    named = Object.hasOwn(FUNCTION_NAMES, plain) ? FUNCTION_NAMES[plain] : undefined;
    if (named === undefined) {
      const known = ["count", "min", "max", "sum", "mean", "average", "var", "std", "median", "quantile"];
      const hint = suggestion(plain, known);
      faults.value(
        [...at, "function"],
        `unknown function "${variable.function}"${hint}; or write an expression`,
      );
      return undefined;
    }
    if (variable.source === undefined) {
      faults.value(at, `lacks the key "source": the column or expression that ${variable.function} reduces`);
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

function morton(input: ConfigInput, { faults, warnings, yaml }: Context): Pipeline["aggregation"]["morton"] {
  const coordinates = input.aggregation.coordinates;
  const cellIds = coordinates?.cell_ids;
  if (cellIds?.fill_value !== undefined) {
    const path = ["aggregation", "coordinates", "cell_ids", "fill_value"];
    warnings.push(
      `${yaml.keyPlace(path)}: ${
        path.join(".")
      } is ignored: granary fills cell_ids with 12*4^order, because 0 is a cell`,
    );
  }
  const wanted = coordinates?.morton;
  if (wanted === undefined) return null;
  const dtype = wanted.dtype ?? "int64";
  const path = ["aggregation", "coordinates", "morton", "fill_value"];
  const text = wanted.fill_value === undefined
    ? "0"
    : (yaml.source(path) ?? String(wanted.fill_value)).trim();
  if (!/^[+-]?\d{1,20}$/.test(text)) {
    faults.value(path, `found ${text}, wanted a whole number`);
    return null;
  }
  const value = BigInt(text);
  const [least, greatest] = integerRange(dtype)!;
  if (value < least || value > greatest) {
    faults.value(path, `${text} is outside of ${dtype} (${least} to ${greatest})`);
  }
  return { dtype, fillValue: value.toString() };
}

function output(input: ConfigInput, { faults }: Context): Pipeline["output"] {
  const { grid, ...rest } = input.output;
  const parentOrder = grid.parent_order ?? Math.min(DEFAULT_PARENT_ORDER, grid.child_order);
  if (parentOrder > grid.child_order) {
    faults.value(
      ["output", "grid", "child_order"],
      `${grid.child_order} is coarser than parent_order ${parentOrder} (wanted parent_order <= child_order)`,
    );
  }
  const morton = input.aggregation.coordinates?.morton;
  if (morton !== undefined && (morton.dtype ?? "int64") === "int64" && grid.child_order > 18) {
    faults.value(
      ["aggregation", "coordinates", "morton"],
      `int64 ids end at order 18, and child_order is ${grid.child_order} (wanted dtype: uint64)`,
    );
  }
  return {
    store: rest.store ?? null,
    layout: rest.layout ?? "compact",
    shard: rest.shard ?? null,
    parentOrder,
    childOrder: grid.child_order,
    latitude: grid.latitude ?? "authalic",
  };
}

const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

function bounds(input: ConfigInput, { faults }: Context): Pipeline["bounds"] {
  const { temporal, spatial } = input.bounds ?? {};
  const times = { start_date: NaN, end_date: NaN };
  for (const key of ["start_date", "end_date"] as const) {
    const value = temporal?.[key];
    if (value === undefined) continue;
    times[key] = instant(value);
    if (Number.isNaN(times[key])) {
      faults.value(
        ["bounds", "temporal", key],
        `found "${value}", wanted a date such as 2019-04-01 or 2019-04-01T12:00:00Z`,
      );
    }
  }
  if (times.end_date < times.start_date) {
    faults.value(["bounds", "temporal", "end_date"], "lies before start_date");
  }
  return {
    startDate: temporal?.start_date ?? null,
    endDate: temporal?.end_date ?? null,
    bbox: spatial === undefined || spatial === null ? null : box(spatial, faults),
  };
}

/** Milliseconds since 1970 of a date or time of ISO 8601, UTC unless it says otherwise; NaN if it is none. */
function instant(value: string): number {
  if (!DATE.test(value)) return NaN;
  // Engines differ on 30 February: the calendar decides.
  const day = Date.parse(value.slice(0, 10));
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== value.slice(0, 10)) return NaN;
  if (value.length === 10) return day;
  const iso = value.replace(" ", "T");
  return Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/.test(iso) ? iso : `${iso}Z`);
}

type SpatialInput = NonNullable<NonNullable<ConfigInput["bounds"]>["spatial"]>;

function box(spatial: SpatialInput, faults: Faults): [number, number, number, number] {
  const list = Array.isArray(spatial)
    ? spatial
    : "bbox" in spatial
    ? spatial.bbox
    : [spatial.west, spatial.south, spatial.east, spatial.north];
  const [west, south, east, north] = list as [number, number, number, number];
  const inRange = [west, east].every((lon) => lon >= -180 && lon <= 180) &&
    [south, north].every((lat) => lat >= -90 && lat <= 90);
  if (!inRange) {
    faults.value(
      ["bounds", "spatial"],
      `[${list.join(", ")}] leaves the globe (wanted west, south, east, north in degrees)`,
    );
  } else if (south > north) {
    faults.value(
      ["bounds", "spatial"],
      `south ${south} lies north of ${north} (wanted west, south, east, north)`,
    );
  }
  return [west, south, east, north];
}
