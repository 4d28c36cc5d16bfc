/** A pipeline config as values: what is read of granules, what becomes of cells, where and when. */
import type { Column, RowFilter, RowLink } from "../core/observations/contract.ts";
import type { BeamStrength } from "../products/beams.ts";
import type { LatitudeConvention } from "../core/cells/convention.ts";
import type { ArrayDtype } from "../core/zarr/element.ts";
import type { ProjectedGrid } from "../core/projected/grid.ts";
import type { DuplicateRule } from "../catalog/duplicates.ts";
import type { Geometry } from "../core/geometry/geometry.ts";
import type { AreaSpec } from "../core/geometry/area.ts";

export type StatisticFunction =
  | "count"
  | "nunique"
  | "first"
  | "last"
  | "min"
  | "max"
  | "sum"
  | "mean"
  | "average"
  | "var"
  | "std"
  | "median"
  | "quantile"
  | "percentile"
  | "ptp"
  | "skew"
  | "kurtosis"
  | "nmad"
  | "mode"
  | "trimmed_mean"
  | "slope"
  | "intercept";

/** An area, the name of a region whose shape granary has, or a file of polygons. */
export type AreaSource = AreaSpec | { region: string } | { file: string };

/**
 * What a run under an area leaves out: observations outside it, cells whose centre is outside, or nothing of
 * the parent cells that touch it.
 */
export const CLIP_RULES = ["observations", "cells", "none"] as const;
export type ClipRule = (typeof CLIP_RULES)[number];
export const DEFAULT_CLIP: ClipRule = "observations";

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

/** Which granules and parent cells of a catalog a run takes, besides their time and place. */
export interface PipelineSelection {
  /** SQL over the catalog's columns. */
  where?: string;
  /** Globs; one must match. */
  collections?: string[];
  providers?: string[];
  /** Names of parent cells. */
  cells?: string[];
  maxCells?: number;
  unknownExtent?: boolean;
  duplicates?: DuplicateRule;
}

/** Windows of time, of which a store has a dimension: regular ones, or those that are listed. */
export interface TimeRule {
  /** `month`, `year`, `day`, `cycle` (91 days) or a number of days such as `10d`; null where `windows` are. */
  every: string | null;
  /** Where windows of days are counted from: a date or time of ISO 8601; null is 1970-01-01. */
  epoch: string | null;
  /** Beginnings and ends (which belong to the next), ascending and apart. */
  windows: [start: string, end: string][] | null;
}

/** An area of which statistics are given beside the cells. */
export interface Zone {
  name: string;
  geometry: Geometry;
}

/** What is read of granules. */
export interface DataSource {
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
  /** Where coordinates are of another rate than the rows, which are those of the dataset `base`. */
  coordinateLink?: { link: RowLink; base: string };
  /** The time of each row; absent where it is looked for beside the latitudes. */
  time?: { path: string; units: string | null };
  columns: Column[];
  filters: RowFilter[];
  /** Takes the groups of strong or of weak beams only. */
  beams?: BeamStrength;
  /** Of a run of several configs: each by its own rules; `columns` are those of all, one after the other. */
  sources?: { name: string; dataSource: DataSource; statistics: Statistic[] }[];
}

export interface Pipeline {
  /** Preset or file name, for messages. */
  name: string;
  dataSource: DataSource;
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
    /** Cells of a projected grid instead of HEALPix's; the orders are then those of its pyramid. */
    projected?: ProjectedGrid;
    /** Orders to write, where not the child order alone. */
    levels?: number[];
    /** Absent where observations of all times fall together. */
    time?: TimeRule;
    /** Quantiles of levels above the parents from all values, not from sketches. Absent where not asked for. */
    exactQuantiles?: true;
    /** Areas of which a store has statistics beside its cells; they may overlap. */
    zones?: Zone[];
    /** Where a config says that they are; a plan has the zones themselves. */
    zoneFile?: { file: string; name?: string };
  };
  selection?: PipelineSelection;
  catalog: string | null;
  bounds: {
    startDate: string | null;
    endDate: string | null;
    /** west, south, east, north in degrees; west > east crosses the antimeridian. */
    bbox: [number, number, number, number] | null;
    /** More areas: a place must lie in all of them, and in the box. */
    areas?: AreaSource[];
    /** What of the areas' cells is left out; default {@linkcode DEFAULT_CLIP}. */
    clip?: ClipRule;
  };
}
