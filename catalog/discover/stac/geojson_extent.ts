/** GeoJSON geometries (RFC 7946), whose edges are straight in longitude and latitude, as extents. */
import { emptyExtent, type Extent, isEmptyExtent, isPosition, isRing } from "../../footprint/extent.ts";
import { asNumber, asObject } from "../../../core/json_value.ts";
import { type ExtentResult, NO_EXTENT, UNREADABLE_EXTENT } from "../cmr/spatial_extent.ts";

/** Geometry collections may nest this deep. */
const MAX_DEPTH = 8;

/** Reads a geometry; null is a footprint that its source does not know. */
export function readGeoJsonExtent(geometry: unknown): ExtentResult {
  if (geometry === null || geometry === undefined) return { extent: null, note: NO_EXTENT };
  const extent = emptyExtent("planar");
  const points: number[] = [];
  if (!gather(geometry, extent, points, 0)) return { extent: null, note: UNREADABLE_EXTENT };
  extent.points = Float64Array.from(points);
  return isEmptyExtent(extent) ? { extent: null, note: NO_EXTENT } : { extent, note: null };
}

/** `[w, s, e, n]`, or with heights `[w, s, low, e, n, high]`, as an extent. */
export function readBboxExtent(bbox: unknown): ExtentResult {
  if (!Array.isArray(bbox)) return { extent: null, note: NO_EXTENT };
  const numbers = bbox.map(asNumber);
  let [west, south, east, north] = numbers.length === 6
    ? [numbers[0]!, numbers[1]!, numbers[3]!, numbers[4]!]
    : [numbers[0]!, numbers[1]!, numbers[2]!, numbers[3]!];
  if (east - west >= 360) [west, east] = [-180, 180];
  else [west, east] = [wrapped(west), wrapped(east)];
  const sound = (numbers.length === 4 || numbers.length === 6) && isPosition(west, south) &&
    isPosition(east, north) && south <= north;
  if (!sound) return { extent: null, note: UNREADABLE_EXTENT };
  return { extent: { ...emptyExtent("planar"), boxes: [{ west, south, east, north }] }, note: null };
}

/** Adds a geometry's parts; false when it cannot be read. */
function gather(value: unknown, extent: Extent, points: number[], depth: number): boolean {
  const geometry = asObject(value);
  if (geometry === null || depth > MAX_DEPTH) return false;
  const { type, coordinates } = geometry;
  const each = (member: (part: unknown) => boolean) =>
    Array.isArray(coordinates) && coordinates.every(member);
  const point = (part: unknown) => {
    const pairs = readPairs([part]);
    if (pairs !== null) points.push(...pairs);
    return pairs !== null;
  };
  const line = (part: unknown) => {
    const pairs = readPairs(part);
    if (pairs === null || pairs.length < 4) return false;
    extent.lines.push(pairs);
    return true;
  };
  const polygon = (part: unknown) => {
    if (!Array.isArray(part)) return false;
    const [outer, ...holes] = part.map(readPairs);
    if (outer === undefined || outer === null) return false;
    // A hole that cannot be read is left filled: the footprint stays a superset.
    const continuous = goesPast(part[0]);
    extent.polygons.push({ outer, holes: holes.filter((hole) => hole !== null).filter(isRing), continuous });
    return true;
  };
  switch (type) {
    case "Point":
      return point(coordinates);
    case "MultiPoint":
      return each(point);
    case "LineString":
      return line(coordinates);
    case "MultiLineString":
      return each(line);
    case "Polygon":
      return polygon(coordinates);
    case "MultiPolygon":
      return each(polygon);
    case "GeometryCollection":
      return Array.isArray(geometry.geometries) &&
        geometry.geometries.every((part) => gather(part, extent, points, depth + 1));
    default:
      return false;
  }
}

/** Whether a ring has a longitude past the antimeridian. */
function goesPast(ring: unknown): boolean {
  return Array.isArray(ring) &&
    ring.some((position) => Array.isArray(position) && Math.abs(asNumber(position[0]) ?? 0) > 180);
}

/** `[[lon, lat], …]` as pairs; longitudes past the antimeridian come back to -180..180. */
function readPairs(value: unknown): Float64Array | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const pairs = new Float64Array(2 * value.length);
  for (const [index, position] of value.entries()) {
    if (!Array.isArray(position) || position.length < 2) return null;
    const longitude = asNumber(position[0]);
    const latitude = asNumber(position[1]);
    if (longitude === null || latitude === null || Math.abs(longitude) > 540) return null;
    const within = wrapped(longitude);
    if (!isPosition(within, latitude)) return null;
    pairs[2 * index] = within;
    pairs[2 * index + 1] = latitude;
  }
  return pairs;
}

/** A longitude of at most one and a half turns, brought back to -180..180. */
function wrapped(longitude: number): number {
  return longitude > 180 ? longitude - 360 : longitude < -180 ? longitude + 360 : longitude;
}
