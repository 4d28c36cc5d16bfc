/** quality_filter and filters of a config to row filters. */
import type { KeyPath } from "../../core/config/yaml_text.ts";
import { GranaryError } from "../../core/errors.ts";
import type { Column, RowFilter } from "../../core/observations/contract.ts";
import { Graph } from "../statistics/graph.ts";
import { lowerRowTest } from "../statistics/row_test.ts";
import { linkOf } from "./columns.ts";
import type { Context } from "./context.ts";
import type { ConfigInput } from "./schema.ts";

const NEGATED = {
  eq: "ne",
  ne: "eq",
  lt: "ge",
  ge: "lt",
  le: "gt",
  gt: "le",
  in: "not_in",
  not_in: "in",
  between: "not_between",
  not_between: "between",
  bits_all: "bits_not_all",
  bits_not_all: "bits_all",
  bits_any: "bits_none",
  bits_none: "bits_any",
} as const;

/** Masks hold the bits 0 to 31. */
const MOST_MASK = 2 ** 32 - 1;

type FilterInput = NonNullable<ConfigInput["data_source"]["filters"]>[number];

/** The whole config, whose levels filters name. */
interface FilterContext extends Context {
  input: ConfigInput;
}

/** What a filter is: exactly one of these keys. */
const KINDS = ["dataset", "expression", "all", "any", "not"] as const;

/** Keys that go with a dataset only. */
const OF_DATASET = ["op", "value", "values", "column", "raw", "level"] as const;

/** Filters in filters, deeper than anybody writes. */
const MOST_DEPTH = 32;

/** Where filters name datasets, and which. */
export function filterDatasets(
  listed: readonly FilterInput[],
  at: KeyPath,
): [place: (string | number)[], path: string][] {
  return listed.flatMap((filter, i): [(string | number)[], string][] => {
    const own = [...at, i] as (string | number)[];
    const inner = [
      ...filterDatasets(filter.all ?? [], [...own, "all"]),
      ...filterDatasets(filter.any ?? [], [...own, "any"]),
      ...filterDatasets(filter.not === undefined ? [] : [filter.not], [...own, "not"]),
    ];
    return filter.dataset === undefined ? inner : [[[...own, "dataset"], filter.dataset], ...inner];
  });
}

/** The filters in the config's order, over the columns. Faults go to the context. */
export function filters(input: ConfigInput, columns: readonly Column[], context: Context): RowFilter[] {
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
    const made = toFilter(filter, ["data_source", "filters", index], true, columns, { ...context, input });
    if (made !== undefined) result.push(made);
  });
  return result;
}

/**
 * One filter, or with `holds` false its opposite: that of a group is the other group of opposites, so that a row
 * without a value fails either.
 */
function toFilter(
  filter: FilterInput,
  path: KeyPath,
  holds: boolean,
  columns: readonly Column[],
  context: FilterContext,
): RowFilter | undefined {
  const { faults } = context;
  const kinds = KINDS.filter((kind) => filter[kind] !== undefined);
  if (kinds.length === 0) {
    faults.value(path, 'the key "dataset" is missing (or expression, all, any, not)');
    return undefined;
  }
  if (kinds.length > 1) {
    faults.value(path, `has ${kinds.join(" and ")} (keep one)`);
    return undefined;
  }
  const stray = OF_DATASET.find((key) => filter[key] !== undefined);
  if (kinds[0] !== "dataset" && stray !== undefined) {
    faults.key([...path, stray], `${stray} goes with a dataset, not with ${kinds[0]}`);
  }
  const keeps = holds !== (filter.keep === false);
  switch (kinds[0]) {
    case "dataset":
      return datasetFilter(filter, path, keeps, context);
    case "expression":
      return expressionFilter(filter.expression!, [...path, "expression"], keeps, columns, context);
    case "not":
      return path.length > MOST_DEPTH
        ? tooDeep(path, context)
        : toFilter(filter.not!, [...path, "not"], !keeps, columns, context);
    default: {
      if (path.length > MOST_DEPTH) return tooDeep(path, context);
      const join = kinds[0];
      const filters = filter[join]!.map((one, i) =>
        toFilter(one, [...path, join, i], keeps, columns, context)
      )
        .filter((one) => one !== undefined);
      return { join: keeps ? join : join === "all" ? "any" : "all", filters };
    }
  }
}

function tooDeep(path: KeyPath, { faults }: Context): undefined {
  faults.value(path, "is nested too deep");
  return undefined;
}

function isAscending(low: number | string, high: number | string): boolean {
  const isText = typeof low === "string" && typeof high === "string";
  return isText ? BigInt(low) <= BigInt(high) : Number(low) <= Number(high);
}

function expressionFilter(
  text: string,
  path: KeyPath,
  keeps: boolean,
  columns: readonly Column[],
  { faults }: Context,
): RowFilter | undefined {
  const expression = keeps ? text : `not (${text})`;
  try {
    // The text as it stands, so that messages name its own places; then as it will be computed.
    const names = columns.map(({ name }) => name);
    const node = lowerRowTest(text, names, new Graph());
    if (!keeps) lowerRowTest(expression, names, new Graph());
    return { expression, columns: node.columns.map((index) => columns[index]) };
  } catch (error) {
    if (!(error instanceof GranaryError)) throw error;
    faults.value(path, error.message);
    return undefined;
  }
}

function datasetFilter(
  filter: FilterInput,
  path: KeyPath,
  keeps: boolean,
  context: FilterContext,
): RowFilter | undefined {
  const given = filter.op;
  if (given === undefined) {
    context.faults.value(path, 'the key "op" is missing');
    return undefined;
  }
  const wantsPair = given === "between" || given === "not_between";
  const wantsList = given === "in" || given === "not_in" || wantsPair;
  const wantsMask = given.startsWith("bits_");
  const value = wantsList ? filter.values ?? filter.value : filter.value;
  if (filter.value !== undefined && filter.values !== undefined) {
    context.faults.value(path, "has both value and values (keep one)");
    return undefined;
  }
  if (value === undefined || Array.isArray(value) !== wantsList) {
    const wanted = wantsPair
      ? "value: two numbers, such as [0, 1]"
      : wantsList
      ? "value: a list, such as [0, 1]"
      : "value: a number";
    context.faults.value(path, `op ${given} wants ${wanted}`);
    return undefined;
  }
  if ([value].flat().some((one) => !Number.isFinite(Number(one)))) {
    context.faults.value([...path, "value"], "must be finite (NaN and fill values never pass a filter)");
  }
  if (Array.isArray(value) && wantsPair && !(value.length === 2 && isAscending(value[0], value[1]))) {
    context.faults.value(path, `op ${given} wants two numbers, the lower first`);
  }
  if (
    !Array.isArray(value) && wantsMask &&
    !(typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MOST_MASK)
  ) {
    context.faults.value(path, `op ${given} wants a mask, a whole number from 1 to ${MOST_MASK}`);
  }
  const dataset = filter.column === undefined || filter.column === null
    ? filter.dataset!
    : `${filter.dataset}[:,${filter.column}]`;
  const op = keeps ? given : NEGATED[given];
  const { levels } = context.input.data_source;
  if (filter.level !== undefined && !Object.hasOwn(levels ?? {}, filter.level)) {
    context.faults.value([...path, "level"], `"${filter.level}" is none of data_source.levels`);
  }
  const link = filter.level === undefined ? undefined : linkOf(context.input, filter.level);
  return {
    path: dataset,
    op,
    value,
    ...filter.raw === true ? { raw: true } : {},
    ...link === undefined ? {} : { link },
  };
}
