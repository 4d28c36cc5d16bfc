/** Observations of a granule file as plain data: what is asked of the file, and what it gives. */
import type { Values } from "../values.ts";

type FilterOperator =
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "in"
  | "not_in"
  | "between"
  | "not_between"
  | "bits_all"
  | "bits_not_all"
  | "bits_any"
  | "bits_none";

export type FilterValue = number | string;

/** A test of one dataset. `path` may hold `{group}`. */
export interface DatasetFilter {
  path: string;
  op: FilterOperator;
  /** Text is a whole number of any size, which is compared as it is: beyond 2^53 numbers round. */
  value: FilterValue | FilterValue[];
  /** Compares stored numbers; without it physical ones, after scale_factor and add_offset. */
  raw?: boolean;
  link?: RowLink;
}

/**
 * How the rows of a dataset of another rate belong to those of the group: each has a stretch of them, by two datasets
 * with its first row (counted from `base`) and the number; each has as many; or one value is every row's.
 */
export type RowLink =
  | { kind: "ranges"; begin: string; count: string; base: number }
  | { kind: "repeat" }
  | { kind: "broadcast" };

/** Filters of which all, or any, must pass. */
interface FilterGroup {
  join: "all" | "any";
  filters: RowFilter[];
}

/** A comparison over columns, those that it names. A row in which one of them has no value fails it. */
interface ExpressionFilter {
  expression: string;
  columns: Column[];
}

/** Rows that fail it are left out. */
export type RowFilter = DatasetFilter | FilterGroup | ExpressionFilter;

/** Computes a filter's expression over the values of its columns: 1 for each row in which it holds, else 0. */
export type ExpressionTest = (
  filter: ExpressionFilter,
  columns: readonly Float64Array[],
  rows: number,
) => Float64Array;

/**
 * A dataset read for every row, under the name that statistics use. `path` may hold `{group}`; `@` and a name mean a value
 * that is given for the group, and `@time` the time of each row.
 */
export interface Column {
  name: string;
  path: string;
  link?: RowLink;
}

/** The name in `@name`; undefined for the path of a dataset. */
export function givenName(path: string): string | undefined {
  return path.startsWith("@") ? path.slice(1) : undefined;
}

/** Whether what is read is a dataset of the group's own rows. */
export function isOwn({ path, link }: Pick<Column, "path" | "link">): boolean {
  return link === undefined && givenName(path) === undefined;
}

/** Where the time of each row is. */
export interface TimeRequest {
  /** May hold `{group}`; null looks for `names` beside the latitudes. */
  path: string | null;
  names: readonly string[];
  /** CF units, over what the dataset says. */
  units: string | null;
  /** Datasets of one value, in GPS seconds, from which columns without units count. */
  gpsEpochs: readonly string[];
  /** A granule whose times are not found is a failure; else its rows have none. */
  required?: boolean;
}

/** Which observations to read from a granule. */
export interface ReadRequest {
  /** Names or globs of top-level groups. */
  groups: readonly string[];
  latitude: string;
  longitude: string;
  /** Where coordinates are of another rate than the rows, which are those of the dataset `base`. */
  coordinateLink?: { link: RowLink; base: string };
  columns: readonly Column[];
  filters: readonly RowFilter[];
  /** Reads the time of each row. */
  times?: TimeRequest;
}

/** Rows `[start, start + count)` of a dataset's first dimension. */
export interface RowRange {
  readonly start: number;
  readonly count: number;
}

/** The observations of one group: everything in row order, nothing dropped yet. */
export interface GroupObservations {
  group: string;
  rows: number;
  /** Degrees, as stored; NaN where fill. */
  latitude: Float64Array;
  longitude: Float64Array;
  /** One a requested column; NaN where fill, after scale_factor and add_offset. */
  columns: Values[];
  /** 1 where every filter passes; null where there are no filters. */
  passes: Uint8Array | null;
  /** Seconds since 1970 UTC, NaN where unknown; absent where not asked for, or where the group has no times. */
  times?: Float64Array;
  /** Rows that the group has in the file. */
  totalRows?: number;
  /** The rows that were read, ascending, where not all were; the arrays hold them one after the other. */
  ranges?: readonly RowRange[];
}
