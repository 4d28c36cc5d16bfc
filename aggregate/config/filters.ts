/** quality_filter and filters of a config to row filters. */
import type { Context } from "./context.ts";
import type { RowFilter } from "../../core/observations/contract.ts";
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

/** The filters in the config's order. Faults go to the context. */
export function filters(input: ConfigInput, context: Context): RowFilter[] {
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
    const wantsPair = filter.op === "between" || filter.op === "not_between";
    const wantsList = filter.op === "in" || filter.op === "not_in" || wantsPair;
    const wantsMask = filter.op.startsWith("bits_");
    const value = wantsList ? filter.values ?? filter.value : filter.value;
    if (filter.value !== undefined && filter.values !== undefined) {
      context.faults.value(path, "has both value and values (keep one)");
    } else if (value === undefined || Array.isArray(value) !== wantsList) {
      const wanted = wantsPair
        ? "value: two numbers, such as [0, 1]"
        : wantsList
        ? "value: a list, such as [0, 1]"
        : "value: a number";
      context.faults.value(path, `op ${filter.op} wants ${wanted}`);
    } else {
      if ([value].flat().some((one) => !Number.isFinite(one))) {
        context.faults.value([...path, "value"], "must be finite (NaN and fill values never pass a filter)");
      }
      if (Array.isArray(value) && wantsPair && !(value.length === 2 && value[0] <= value[1])) {
        context.faults.value(path, `op ${filter.op} wants two numbers, the lower first`);
      }
      if (
        typeof value === "number" && wantsMask &&
        !(Number.isInteger(value) && value >= 1 && value <= MOST_MASK)
      ) {
        context.faults.value(path, `op ${filter.op} wants a mask, a whole number from 1 to ${MOST_MASK}`);
      }
      const dataset = filter.column === undefined || filter.column === null
        ? filter.dataset
        : `${filter.dataset}[:,${filter.column}]`;
      const op = filter.keep === false ? NEGATED[filter.op] : filter.op;
      result.push({ path: dataset, op, value, ...(filter.raw === true ? { raw: true } : {}) });
    }
  });
  return result;
}
