/** What statistics of a polygon are asked for. */
import { z } from "zod";
import { COVER_SCALE, MAX_COVER_SCALE } from "../../core/raster/zonal/cover.ts";
import { MAX_BINS } from "../../core/raster/zonal/histogram.ts";
import type { ZonalOptions } from "../../core/raster/zonal/statistics.ts";
import { badParameter } from "../http/problem.ts";

export const STATISTICS = z.object({
  categorical: z.boolean().default(false).meta({
    description: "Whether the histogram counts values instead of bins",
  }),
  c: z.array(z.number()).max(1000).optional().meta({
    description: "The values that are counted; all that there are",
  }),
  p: z.array(z.number().min(0).max(100)).max(100).default([2, 98]).meta({ description: "Percentiles" }),
  histogram_bins: z.string().max(2000).optional().meta({
    description: "A number of bins, or their edges with commas",
  }),
  histogram_range: z.string().max(200).optional().meta({ description: "From and to of the bins" }),
  cover_scale: z.int().min(1).max(MAX_COVER_SCALE).default(COVER_SCALE)
    .meta({ description: "Parts of a pixel's side in which the covered part is measured" }),
});

export type StatisticsParameters = z.output<typeof STATISTICS>;

export function zonalOptions(parameters: StatisticsParameters): ZonalOptions {
  const bins = parameters.histogram_bins === undefined
    ? [10]
    : numbers("histogram_bins", parameters.histogram_bins);
  const range = parameters.histogram_range === undefined
    ? null
    : numbers("histogram_range", parameters.histogram_range);
  if (range !== null && range.length !== 2) throw wrong("histogram_range", parameters.histogram_range);
  if (bins.length === 1 && !(Number.isInteger(bins[0]) && bins[0] >= 1 && bins[0] <= MAX_BINS)) {
    throw wrong("histogram_bins", parameters.histogram_bins);
  }
  return {
    percentiles: parameters.p,
    categorical: parameters.categorical,
    ...(parameters.c === undefined ? {} : { categories: parameters.c }),
    bins: bins.length > 1
      ? { edges: bins }
      : { count: bins[0], ...(range === null ? {} : { range: [range[0], range[1]] as const }) },
  };
}

function numbers(name: string, text: string): number[] {
  const found = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  if (!found.every(Number.isFinite)) throw wrong(name, text);
  return found;
}

function wrong(name: string, text: unknown) {
  return badParameter(name, "Value error, wanted numbers with commas between", text);
}
