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
} as const;

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
      const op = filter.keep === false ? NEGATED[filter.op] : filter.op;
      result.push({ path: dataset, op, value, ...(filter.raw === true ? { raw: true } : {}) });
    }
  });
  return result;
}
