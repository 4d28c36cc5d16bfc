/** Whether points lie in shapes, arc by arc and without any index: what coverage and clipping are held to. */
import { cosineDegrees, sineDegrees } from "../../../../core/cells/sine.ts";
import { insidePolygons, type Shape, sphereLatitude } from "../../../../core/cells/shape.ts";

/** What vectors of unit length lose to rounding. */
const ROUNDING = 4e-15;

/** Whether a point in degrees is inside the shape, on its edge, or within its buffer. */
export function pointInShape(shape: Shape, longitude: number, latitude: number): boolean {
  const lat = sphereLatitude(latitude, shape.convention);
  const radius = cosineDegrees(lat);
  const point = [radius * cosineDegrees(longitude), radius * sineDegrees(longitude), sineDegrees(lat)];
  const east = Math.atan2(point[1], point[0]) * 180 / Math.PI;
  if (insidePolygons(shape, east, point[0], point[1], point[2])) return true;
  for (let arc = 0; arc < shape.slack.length; arc++) {
    const from = [...shape.arcs.subarray(6 * arc, 6 * arc + 3)];
    const to = [...shape.arcs.subarray(6 * arc + 3, 6 * arc + 6)];
    if (distanceToArc(point, from, to) <= Math.asin(shape.slack[arc]) + ROUNDING) return true;
  }
  return false;
}

/** Radians from a unit vector to the great-circle arc between two. */
function distanceToArc(point: number[], from: number[], to: number[]): number {
  const normal = cross(from, to);
  const length = Math.hypot(...normal);
  const toEnds = Math.min(angle(point, from), angle(point, to));
  if (length === 0) return toEnds;
  // The foot on the great circle counts where it lies between the planes that stand on the arc's ends.
  const between = dot(point, cross(normal, from)) > 0 && dot(point, cross(normal, to)) < 0;
  return between ? Math.asin(Math.min(1, Math.abs(dot(point, normal)) / length)) : toEnds;
}

function angle(a: number[], b: number[]): number {
  return Math.atan2(Math.hypot(...cross(a, b)), dot(a, b));
}

function dot(a: number[], b: number[]): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function cross(a: number[], b: number[]): number[] {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
