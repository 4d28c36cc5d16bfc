/**
 * The pipeline that a config describes, after parsing and validation: plain data, so that plan.json
 * holds it and workers receive it. `parse.ts` makes it from YAML.
 */

/** The element types of Zarr arrays that granary writes. */
export type ArrayDtype =
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float32"
  | "float64";

export type LatitudeConvention = "authalic" | "geodetic";

export type FilterOperator = "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "in" | "not_in";

/** Rows that fail it are left out. `path` may hold `{group}`. */
export interface RowFilter {
  path: string;
  op: FilterOperator;
  value: number | number[];
}

/** A dataset read for every row, under the name that statistics use. `path` may hold `{group}`. */
export interface Column {
  name: string;
  path: string;
}

export type StatisticFunction =
  | "count"
  | "min"
  | "max"
  | "sum"
  | "mean"
  | "average"
  | "var"
  | "std"
  | "median"
  | "quantile";

/** One output array. Parameters are numbers, column names or expressions (kept as text). */
export interface Statistic {
  name: string;
  dtype: ArrayDtype;
  /** NaN is written as null in JSON: `null` means NaN for floats. */
  fillValue: number | null;
  /** Exactly one of the two. */
  function?: StatisticFunction;
  expression?: string;
  /** A column name or an expression; absent for expressions. */
  source?: string;
  params: Record<string, number | string>;
  /** Attributes for the Zarr array (units, long_name), as far as they are known. */
  attributes: Record<string, string | number>;
}

export interface Pipeline {
  /** Preset or file name, for messages. */
  name: string;
  dataSource: {
    /** Globs over `collection`; empty fits all. */
    collections: string[];
    /** Key or glob of the asset to read, for granules of several files. */
    asset: string | null;
    /** As the config asked, if it did; a flag overrules it. */
    driver: string | null;
    /** Names or globs of top-level HDF5 groups. */
    groups: string[];
    latitude: string;
    longitude: string;
    columns: Column[];
    filters: RowFilter[];
  };
  aggregation: {
    statistics: Statistic[];
    morton: { dtype: "int64" | "uint64"; fillValue: string } | null;
  };
  output: {
    store: string | null;
    layout: "compact" | "sphere";
    /** Parent cells a Zarr shard; null lets the planner choose. */
    shard: number | null;
    parentOrder: number;
    childOrder: number;
    latitude: LatitudeConvention;
  };
  catalog: string | null;
  bounds: {
    startDate: string | null;
    endDate: string | null;
    /** west, south, east, north in degrees; west > east crosses the antimeridian. */
    bbox: [number, number, number, number] | null;
  };
}
