/** Cells as shapes of longitude and latitude: outlines that end at the antimeridian, and centres. */
import { cellCentre, cellOutline } from "../core/cells/place.ts";
import type { LatitudeConvention } from "../core/cells/convention.ts";
import { splitPolygon } from "../core/geometry/antimeridian.ts";
import type { MultiPolygon, Polygon, Position } from "../core/geometry/geometry.ts";

/** At this order and finer, a cell's edges are as good as straight lines between its corners. */
const STRAIGHT_ORDER = 8;
const MOST_PARTS = 16;

/** Parts of an edge: edges of coarse cells are curves in longitude and latitude. */
function partsOf(order: number): number {
  return Math.min(MOST_PARTS, 2 ** Math.max(0, STRAIGHT_ORDER - order));
}

/** Longitude and latitude of a cell's centre in degrees; geodetic on WGS84 where cells are authalic. */
export function centreOf(id: bigint, order: number, convention: LatitudeConvention): Position {
  return cellCentre(id, order, convention);
}

/**
 * The outline of a cell, counterclockwise, split where it crosses the antimeridian. A corner at a pole
 * becomes the stretch of the pole's parallel that the cell spans.
 */
export function outlineOf(id: bigint, order: number, convention: LatitudeConvention): Polygon | MultiPolygon {
  const [middle] = cellCentre(id, order, convention);
  const ring = cellOutline(id, order, convention, partsOf(order)).slice(0, -1);
  const unrolled: Position[] = [];
  let crosses = false;
  for (let i = 0; i < ring.length; i++) {
    const [longitude, latitude] = ring[i];
    const own = Math.abs(latitude) === 90
      ? [ring[(i + ring.length - 1) % ring.length][0], ring[(i + 1) % ring.length][0]]
      : [longitude];
    for (const one of own) {
      const near = one - middle > 180 ? one - 360 : one - middle < -180 ? one + 360 : one;
      if (near > 180 || near < -180) crosses = true;
      unrolled.push([near, latitude]);
    }
  }
  unrolled.push(unrolled[0]);
  if (!crosses) return { type: "Polygon", coordinates: [unrolled] };
  const parts = splitPolygon([unrolled]);
  return parts.length === 1
    ? parts[0]
    : { type: "MultiPolygon", coordinates: parts.map(({ coordinates }) => coordinates) };
}
