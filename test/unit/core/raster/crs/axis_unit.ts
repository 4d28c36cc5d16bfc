import type { Crs } from "../../../../../core/raster/grid.ts";
import { type LinearUnit, linearUnit, parseParameters } from "../../../../../core/raster/crs/parameters.ts";

/** The unit of the axes of a projected system; null for degrees. */
export function axisUnit(crs: Crs): LinearUnit | null {
  return crs.geographic ? null : linearUnit(parseParameters(crs.proj4));
}
