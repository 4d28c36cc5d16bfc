/** Coordinate reference systems of requests, by their codes. */
import { findCrs } from "../../core/raster/crs/codes.ts";
import type { Crs } from "../../core/raster/grid.ts";
import { badParameter } from "../http/problem.ts";
import { LONLAT } from "../area/lonlat_area.ts";

/** The system of a code; longitude and latitude where none is stated. */
export function crsParameter(name: string, code: string | undefined): Crs {
  if (code === undefined) return LONLAT;
  const crs = findCrs(code);
  if (crs === null) {
    throw badParameter(name, "Value error, this code is not known (wanted such as epsg:32615)", code);
  }
  return crs;
}

/** How answers name a system: `http://www.opengis.net/def/crs/EPSG/0/3857`. */
export function crsUri({ code }: Crs): string | null {
  const [, authority, number] = /^(\w+):(\w+)$/.exec(code ?? "") ?? [];
  return authority === undefined ? null : `http://www.opengis.net/def/crs/${authority}/0/${number}`;
}
