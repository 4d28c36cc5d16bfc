/** A config with what a request says over it. */
import { type LatitudeConvention, MAX_ORDER } from "../core/cells/convention.ts";
import { inputError } from "../core/errors.ts";
import type { BeamStrength } from "../products/beams.ts";
import { MAX_SHARD, MAX_ZONES } from "./config/schema.ts";
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
  shard?: number;
  /** Only strong or only weak beams. */
  beams?: BeamStrength;
  /** `month`, `10d`, …, or `none`, in place of the config's windows of time. */
  every?: string;
  /** Where windows of days are counted from. */
  epoch?: string;
}

/** The config's pipeline with what the request says over it. */
export function overridden(pipeline: Pipeline, request: ConfigOverrides): Pipeline {
  const { time, zoneFile, ...output } = pipeline.output;
  checkOverride("--parent-order", request.parentOrder, 0, MAX_ORDER);
  checkOverride("--child-order", request.childOrder, 0, MAX_ORDER);
  checkOverride("--shard", request.shard, 1, MAX_SHARD);
  return {
    ...pipeline,
    ...request.beams === undefined ? {} : { dataSource: { ...pipeline.dataSource, beams: request.beams } },
    output: {
      ...output,
      ...requestedTime(request, time),
      parentOrder: request.parentOrder ?? output.parentOrder,
      childOrder: request.childOrder ?? output.childOrder,
      latitude: request.latitude ?? output.latitude,
      layout: request.layout ?? output.layout,
      shard: request.shard ?? output.shard,
      ...request.zones !== undefined
        ? { zones: checkedZones(request.zones) }
        : zoneFile === undefined
        ? {}
        : { zoneFile },
      ...request.exactQuantiles ? { exactQuantiles: true as const } : {},
    },
    bounds: { ...pipeline.bounds, ...request.clip === undefined ? {} : { clip: request.clip } },
  };
}

function checkedZones(zones: readonly Zone[]): Zone[] {
  if (zones.length > 0 && zones.length <= MAX_ZONES) return [...zones];
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
