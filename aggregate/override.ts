/** A config with what a request says over it. */
import { type LatitudeConvention, MAX_ORDER } from "../core/cells/convention.ts";
import { inputError } from "../core/errors.ts";
import type { BeamStrength } from "../products/beams.ts";
import { MAX_SHARD, MAX_ZONES } from "./config/limits.ts";
import { projectedCells } from "./config/grid.ts";
import { timeRule } from "./config/time.ts";
import type { ClipRule, Pipeline, TimeRule, Zone } from "./pipeline.ts";

/** What a request may say over a config; absent values are the config's. */
export interface ConfigOverrides {
  /** What of the areas' cells is left out. */
  clip?: ClipRule;
  /** Quantiles of levels above the parents from all values. */
  exactQuantiles?: boolean;
  /** Areas of which statistics are given beside the cells. */
  zones?: readonly Zone[];
  parentOrder?: number;
  childOrder?: number;
  latitude?: LatitudeConvention;
  layout?: "compact" | "sphere";
  /** A projected grid instead of HEALPix cells, or over the config's: its reference system, */
  crs?: string;
  /** the side of a cell, */
  resolution?: number;
  /** a corner of cells, */
  origin?: readonly [x: number, y: number];
  /** and the cells of a tile on one side. */
  tile?: number;
  shard?: number;
  /** Only strong or only weak beams. */
  beams?: BeamStrength;
  /** `month`, `10d`, …, or `none`, in place of the config's windows of time. */
  every?: string;
  /** Where windows of days are counted from. */
  epoch?: string;
}

/** The config's pipeline with what the request says over it. */
export function overridden(given: Pipeline, request: ConfigOverrides): Pipeline {
  const pipeline = withProjectedGrid(given, request);
  const { time, zoneFile, ...output } = pipeline.output;
  checkOverride("--shard", request.shard, 1, MAX_SHARD);
  const cells = output.projected === undefined ? requestedCells(request, output) : {};
  const zones = requestedZones(request, zoneFile);
  return {
    ...pipeline,
    ...request.beams === undefined ? {} : { dataSource: { ...pipeline.dataSource, beams: request.beams } },
    output: {
      ...output,
      ...requestedTime(request, time),
      ...cells,
      shard: request.shard ?? output.shard,
      ...zones,
      ...request.exactQuantiles ? { exactQuantiles: true as const } : {},
    },
    bounds: { ...pipeline.bounds, ...request.clip === undefined ? {} : { clip: request.clip } },
  };
}

/** What a request says of HEALPix cells. */
function requestedCells(
  { parentOrder, childOrder, latitude, layout }: ConfigOverrides,
  output: Pipeline["output"],
): Pick<Pipeline["output"], "parentOrder" | "childOrder" | "latitude" | "layout"> {
  checkOverride("--parent-order", parentOrder, 0, MAX_ORDER);
  checkOverride("--child-order", childOrder, 0, MAX_ORDER);
  return {
    parentOrder: parentOrder ?? output.parentOrder,
    childOrder: childOrder ?? output.childOrder,
    latitude: latitude ?? output.latitude,
    layout: layout ?? output.layout,
  };
}

/** The pipeline on a projected grid where the request or the config asks one; without what HEALPix cells alone have. */
function withProjectedGrid(pipeline: Pipeline, request: ConfigOverrides): Pipeline {
  const { crs, resolution, origin, tile } = request;
  const { projected: own, parentOrder, childOrder } = pipeline.output;
  const isAsked = (crs ?? resolution ?? origin ?? tile) !== undefined;
  if (own === undefined && !isAsked) return pipeline;
  const flags = {
    "--parent-order": request.parentOrder,
    "--child-order": request.childOrder,
    "--latitude": request.latitude,
    "--layout": request.layout,
  };
  const [foreign] = Object.entries(flags).find(([, value]) => value !== undefined) ?? [];
  if (foreign !== undefined) {
    throw inputError(`${foreign} is for HEALPix cells, and the grid is projected (leave it out)`);
  }
  if (!isAsked) return pipeline;
  const wanted = { crs: crs ?? own?.crs, resolution: resolution ?? own?.resolution };
  if (wanted.crs === undefined || wanted.resolution === undefined) {
    throw inputError(
      "a projected grid needs --crs and --resolution, such as --crs EPSG:3413 --resolution 1000 (or, in degrees," +
        " --crs EPSG:4326 --resolution 0.01)",
    );
  }
  if (own === undefined && pipeline.output.levels !== undefined) {
    throw inputError(
      `${pipeline.name}: output.levels are orders of HEALPix cells, and --crs asks a projected grid (leave them out)`,
    );
  }
  const cells = projectedCells({
    crs: wanted.crs,
    resolution: wanted.resolution,
    origin: origin ?? own?.origin,
    tile: tile ?? (own === undefined ? undefined : 2 ** (childOrder - parentOrder)),
  });
  return {
    ...pipeline,
    aggregation: { ...pipeline.aggregation, morton: null },
    output: { ...pipeline.output, layout: "compact", ...cells },
  };
}

/** The request's zones, or the config's file of them where it says none. */
function requestedZones(
  { zones }: ConfigOverrides,
  zoneFile: Pipeline["output"]["zoneFile"],
): Pick<Pipeline["output"], "zones" | "zoneFile"> {
  if (zones === undefined) return zoneFile === undefined ? {} : { zoneFile };
  if (zones.length > 0 && zones.length <= MAX_ZONES) return { zones: [...zones] };
  throw inputError(`${zones.length} zones (wanted 1 to ${MAX_ZONES})`);
}

/** The request's windows of time, or the config's where it says none. */
function requestedTime(
  { every, epoch }: ConfigOverrides,
  time: TimeRule | undefined,
): Pick<Pipeline["output"], "time"> {
  if (every === undefined && epoch !== undefined) {
    throw inputError("--epoch goes with --every (what is counted from it?)");
  }
  const rule = every === undefined ? time : timeRule({ every, epoch }, `--every ${every}`);
  return rule === undefined ? {} : { time: rule };
}

/** What a config may not say, a request may not say over it. */
function checkOverride(flag: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw inputError(`${flag} ${value} is out of range (wanted a whole number from ${least} to ${most})`);
}
