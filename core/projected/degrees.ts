/**
 * What longitude and latitude have and a plane has not: longitudes meet at the antimeridian, and latitudes end at the
 * poles. Degrees on WGS84; longitudes of a grid are from -180 up to, and not with, 180.
 */
import { cellCentre, cellCorners } from "../cells/place.ts";
import type { CrsTransform } from "../raster/crs/transform.ts";

/** Every place is its own image. */
export const SAME: CrsTransform = {
  forward: (x, y) => [x, y],
  inverse: (x, y) => [x, y],
  forwardAll() {},
  inverseAll() {},
};

/** A box in degrees; `west` is the lesser longitude. */
export interface DegreeBox {
  west: number;
  south: number;
  east: number;
  north: number;
}

/** A longitude from -180 to 360 as one that a grid has; one that is so little west of 180 is there, at -180. */
export function gridLongitude(longitude: number, tolerance: number): number {
  return longitude >= 180 - tolerance ? longitude - 360 : longitude;
}

/** The row, from the origin, of a latitude: the south pole lies in the last row, not on the edge after it. */
export function rowOf(latitude: number, north: number, side: number, tolerance: number): number {
  const row = Math.floor((north - latitude) / side + tolerance);
  return Math.min(row, Math.ceil((north + 90) / side - tolerance) - 1);
}

/**
 * The boxes around a HEALPix cell (on authalic latitudes) and a margin: one, or two where they meet at the antimeridian.
 * Along every edge of such a cell longitude and latitude go one way, so that the corners' box holds the cell.
 */
export function boxesOfCell(cell: number, order: number, margin: number): DegreeBox[] {
  const [middle] = cellCentre(cell, order, "authalic");
  let west = Infinity, south = 90, east = -Infinity, north = -90;
  for (const [longitude, latitude] of cellCorners(cell, order, "authalic")) {
    south = Math.min(south, latitude);
    north = Math.max(north, latitude);
    // A pole has every longitude, and the corners beside it those of the cell.
    if (Math.abs(latitude) > 90 - 1e-9) continue;
    const near = longitude - 360 * Math.round((longitude - middle) / 360);
    west = Math.min(west, near);
    east = Math.max(east, near);
  }
  const rows = { south: Math.max(-90, south - margin), north: Math.min(90, north + margin) };
  return [-360, 0, 360].map((turn) => ({
    west: Math.max(-180, west - margin + turn),
    east: Math.min(180, east + margin + turn),
    ...rows,
  })).filter((box) => box.west < box.east);
}
