/** Filters of rows, of one dataset, of columns together, or of other filters: which datasets they read, and who passes. */
import type { Hdf5Values } from "../hdf5/contract.ts";
import type { Packing } from "../hdf5/packing.ts";
import { toCoordinate } from "../hdf5/values.ts";
import type { Column, ExpressionTest, RowFilter } from "./contract.ts";
import { applyFilter } from "./row_filter.ts";

/** The datasets of one group, by the paths that filters name. */
interface FilteredDatasets {
  /** The stored elements, which stay as they are. */
  read(path: string): Hdf5Values;
  packing(path: string): Packing;
  /** Throws where a column's numbers would be rounded. */
  checkExact(path: string, raw: Hdf5Values, values: Float64Array): void;
}

/** Every path that a filter reads, in its order. */
export function filterPaths(filter: RowFilter): string[] {
  if ("join" in filter) return filter.filters.flatMap(filterPaths);
  return "expression" in filter ? filter.columns.map(({ path }) => path) : [filter.path];
}

/** Clears `passes[i]` where row i fails `filter`. */
export function applyCondition(
  passes: Uint8Array,
  filter: RowFilter,
  datasets: FilteredDatasets,
  test: ExpressionTest | undefined,
): void {
  if ("join" in filter) {
    if (filter.join === "all") {
      for (const one of filter.filters) applyCondition(passes, one, datasets, test);
      return;
    }
    const any = new Uint8Array(passes.length);
    for (const one of filter.filters) {
      const own = new Uint8Array(passes.length).fill(1);
      applyCondition(own, one, datasets, test);
      for (let i = 0; i < any.length; i += 1) any[i] |= own[i];
    }
    for (let i = 0; i < any.length; i += 1) passes[i] &= any[i];
  } else if ("expression" in filter) {
    if (test === undefined) throw new Error(`nothing computes the filter ${filter.expression}`);
    const columns = filter.columns.map((column) => columnValues(column, datasets));
    const holds = test(filter, columns, passes.length);
    for (let i = 0; i < passes.length; i += 1) if (holds[i] !== 1) passes[i] = 0;
    for (const values of columns) {
      for (let i = 0; i < passes.length; i += 1) if (values[i] - values[i] !== 0) passes[i] = 0;
    }
  } else applyFilter(passes, datasets.read(filter.path), datasets.packing(filter.path), filter);
}

function columnValues({ path }: Column, datasets: FilteredDatasets): Float64Array {
  const raw = datasets.read(path);
  const values = toCoordinate(raw.slice(), datasets.packing(path));
  datasets.checkExact(path, raw, values);
  return values;
}

/**
 * `/gt1l/q eq 0`, with what is compared where that is not the physical value; filters that are joined in
 * parentheses. `named` says a path as people are to read it.
 */
export function filterText(filter: RowFilter, named = (path: string): string => path): string {
  if ("expression" in filter) return filter.expression;
  if ("join" in filter) {
    const word = filter.join === "all" ? " and " : " or ";
    return `(${filter.filters.map((one) => filterText(one, named)).join(word)})`;
  }
  const { path, op, value, raw } = filter;
  return `${named(path)} ${op} ${[value].flat().join(", ")}${raw === true ? " (stored values)" : ""}`;
}
