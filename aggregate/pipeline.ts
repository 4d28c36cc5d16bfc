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
import type { Column, RowFilter } from "../core/observations/contract.ts";
import type { LatitudeConvention } from "../core/cells/convention.ts";
import type { ArrayDtype } from "../core/zarr/element.ts";
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
