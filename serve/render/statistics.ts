/** Statistics of what lies in a polygon, as members of a GeoJSON Feature. */
import type { Crs } from "../../core/raster/grid.ts";
import type { Geometry } from "../../core/geometry/geometry.ts";
import { coveredPixels, coverWeights } from "../../core/raster/zonal/cover.ts";
import { outlineOf } from "../../core/raster/zonal/outline.ts";
import { zonalStatistics } from "../../core/raster/zonal/statistics.ts";
import { areaOfPlaneBox } from "../area/lonlat_area.ts";
import { boxIn, type PartFit, type PartSize } from "../area/part_output.ts";
import type { DataContext } from "../context.ts";
import { badRequest } from "../http/problem.ts";
import { boxOfPolygon } from "../parameters/part.ts";
import { type StatisticsParameters, zonalOptions } from "../parameters/statistics.ts";
import { composeOutput, findGranules, outputOfPart, type Selection } from "./selection.ts";

interface PolygonRequest {
  readonly geometry: Geometry;
  readonly coordinates: Crs;
  readonly crs: Crs;
  readonly size: PartSize;
  readonly fit: PartFit;
  readonly parameters: StatisticsParameters;
}

export interface PolygonStatistics {
  /** By `b1`, `b2`, …; null stands for a number that there is not. */
  readonly statistics: Record<string, Record<string, unknown>>;
  readonly used_assets: readonly string[];
}

/** Null where no granule has anything there. */
export async function polygonStatistics(
  context: DataContext,
  selection: Selection,
  { geometry, coordinates, crs, size, fit, parameters }: PolygonRequest,
): Promise<PolygonStatistics | null> {
  const box = boxOfPolygon(geometry, context.limits.vertices);
  const area = areaOfPlaneBox(coordinates, box);
  const bounds = boxIn(coordinates, crs, box);
  if (area === null || bounds === null) {
    throw badRequest("the polygon has no place in this coordinate system");
  }
  const granules = await findGranules(context, selection, area);
  const output = await outputOfPart(context, selection, granules, crs, bounds, size, fit);
  const composed = output === null ? undefined : await composeOutput(context, selection, granules, output);
  if (output === null || composed === undefined) return null;
  const { width, height } = output;
  const outline = outlineOf(geometry, coordinates, output);
  const inside = coveredPixels(outline, width, height, "touched");
  const weights = coverWeights(outline, width, height, parameters.cover_scale);
  const options = zonalOptions(parameters);
  const statistics: PolygonStatistics["statistics"] = {};
  for (const [i, band] of composed.pixels.bands.entries()) {
    const mask = composed.pixels.masks[i].map((valid, at) => valid & inside[at]);
    const found = zonalStatistics(band, mask, weights, options);
    statistics[`b${i + 1}`] = { ...found, description: composed.descriptions[i] };
  }
  return { statistics, used_assets: composed.used };
}
