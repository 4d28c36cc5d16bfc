/** Filters of rows, of one dataset, of columns together, or of other filters: which datasets they read, and who passes. */
import type { Hdf5Values } from "../hdf5/contract.ts";
import type { Packing } from "../hdf5/packing.ts";
import { toCoordinate } from "../hdf5/values.ts";
import type { Values } from "../values.ts";
import { type Column, type DatasetFilter, type ExpressionTest, isOwn, type RowFilter } from "./contract.ts";
import { type Linked, PLAIN } from "./linked_rows.ts";
import { applyFilter } from "./row_filter.ts";

/** The datasets of one group, by the paths that filters name. */
interface FilteredDatasets {
  /** The stored elements, which stay as they are. */
  read(path: string): Hdf5Values;
  packing(path: string): Packing;
  /** Throws where a column's numbers would be rounded. */
  checkExact(path: string, raw: Hdf5Values, values: Float64Array): void;
  /** What no dataset has, row by row. */
  given(path: string): Float64Array;
  /** A column of another rate, row by row. */
  linked(column: Linked<Column>): Values;
  /** Clears `passes[i]` where a filter of another rate fails. */
  linkedFilter(passes: Uint8Array, filter: Linked<DatasetFilter>): void;
}

/** Everything that a filter reads, in its order: datasets of any rate, and what is given. */
export function filterReads(filter: RowFilter): Pick<Column, "path" | "link">[] {
  if ("join" in filter) return filter.filters.flatMap(filterReads);
  return "expression" in filter ? filter.columns : [filter];
}

/** Every path of a dataset of the group's own rows that a filter reads, in its order. */
export function filterPaths(filter: RowFilter): string[] {
  return filterReads(filter).filter(isOwn).map(({ path }) => path);
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
  } else if (filter.link !== undefined) datasets.linkedFilter(passes, { ...filter, link: filter.link });
  else if (isOwn(filter)) {
    applyFilter(passes, datasets.read(filter.path), datasets.packing(filter.path), filter);
  } else applyFilter(passes, datasets.given(filter.path), PLAIN, filter);
}

function columnValues(column: Column, datasets: FilteredDatasets): Float64Array {
  const { path, link } = column;
  if (link !== undefined) return Float64Array.from(datasets.linked({ ...column, link }));
  if (!isOwn(column)) return datasets.given(path);
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
