/**
 * UMM-G SpatialExtent: GPolygons with exclusive zones, bounding rectangles, points, lines, or only an
 * orbit, read into an {@linkcode Extent}. (UMM-G schema 1.6.6, HorizontalSpatialDomain.)
 */
import {
  type EdgeRule,
  emptyExtent,
  type Extent,
  isEmptyExtent,
  isPosition,
  isRing,
  type Ring,
} from "../../footprint/extent.ts";
import { asNumber, asObject, asObjects, type JsonObject } from "../../../core/json_value.ts";
import {
  type Direction,
  groundTrack,
  type OrbitExtent,
  type OrbitParameters,
} from "../../../products/orbits.ts";

/** An extent, or why there is none. */
export interface ExtentResult {
  extent: Extent | null;
  note: string | null;
}

export const NO_EXTENT = "no spatial extent";
export const UNREADABLE_EXTENT = "spatial extent that cannot be read";
const UNKNOWN_ORBIT = "orbit of an unknown mission (no inclination and period)";
const IMPOSSIBLE_ORBIT = "orbit extent that its mission cannot fly";

/**
 * Reads `umm.SpatialExtent`. `edges` is the collection's rule where it is known; `orbit` the
 * parameters of the mission for granules that state only an orbit.
 */
export function readUmmExtent(
  spatialExtent: unknown,
  edges: EdgeRule,
  orbit: OrbitParameters | null,
): ExtentResult {
  const domain = asObject(asObject(spatialExtent)?.HorizontalSpatialDomain);
  if (domain === null) return { extent: null, note: NO_EXTENT };
  const geometry = asObject(domain.Geometry);
  if (geometry !== null) return readGeometry(geometry, edges);
  const stated = asObject(domain.Orbit);
  if (stated !== null) return orbitExtent(readUmmOrbit(stated), orbit);
  return { extent: null, note: NO_EXTENT };
}

/** An orbit as an extent: its ground track, as wide as the mission's swath. */
export function orbitExtent(stated: OrbitExtent | null, orbit: OrbitParameters | null): ExtentResult {
  if (stated === null) return { extent: null, note: UNREADABLE_EXTENT };
  if (orbit === null) return { extent: null, note: UNKNOWN_ORBIT };
  const track = groundTrack(stated, orbit);
  if (track === null) return { extent: null, note: IMPOSSIBLE_ORBIT };
  return {
    extent: { ...emptyExtent("geodetic"), lines: [track], halfWidthKm: orbit.swathWidthKm / 2 },
    note: null,
  };
}

function readUmmOrbit(orbit: JsonObject): OrbitExtent | null {
  return orbitExtentOf(
    asNumber(orbit.AscendingCrossing),
    asNumber(orbit.StartLatitude),
    orbit.StartDirection,
    asNumber(orbit.EndLatitude),
    orbit.EndDirection,
  );
}

/** The parts of an orbit extent, or null when one is missing or out of range. */
export function orbitExtentOf(
  ascendingCrossing: number | null,
  startLatitude: number | null,
  startDirection: unknown,
  endLatitude: number | null,
  endDirection: unknown,
): OrbitExtent | null {
  if (!isPosition(ascendingCrossing, startLatitude) || !isPosition(0, endLatitude)) return null;
  if (!isDirection(startDirection) || !isDirection(endDirection)) return null;
  return {
    ascendingCrossing: ascendingCrossing!,
    startLatitude: startLatitude!,
    startDirection,
    endLatitude: endLatitude!,
    endDirection,
  };
}

function isDirection(value: unknown): value is Direction {
  return value === "A" || value === "D";
}

function readGeometry(geometry: JsonObject, edges: EdgeRule): ExtentResult {
  const extent = emptyExtent(edges);
  // A part that cannot be read spoils the whole: cells must be a superset of what the source stated.
  let unreadable = 0;
  for (const polygon of members(geometry.GPolygons)) {
    const outer = readPoints(asObject(polygon.Boundary)?.Points);
    const holes = asObjects(asObject(polygon.ExclusiveZone)?.Boundaries).map((zone) =>
      readPoints(zone.Points)
    );
    if (outer === null) {
      unreadable += 1;
      continue;
    }
    // A hole that cannot be read is left filled: the footprint stays a superset.
    extent.polygons.push({
      outer,
      holes: holes.filter((hole): hole is Ring => hole !== null && isRing(hole)),
    });
  }
  for (const rectangle of members(geometry.BoundingRectangles)) {
    const west = asNumber(rectangle.WestBoundingCoordinate);
    const south = asNumber(rectangle.SouthBoundingCoordinate);
    const east = asNumber(rectangle.EastBoundingCoordinate);
    const north = asNumber(rectangle.NorthBoundingCoordinate);
    if (isPosition(west, south) && isPosition(east, north) && south! <= north!) {
      extent.boxes.push({ west: west!, south: south!, east: east!, north: north! });
    } else unreadable += 1;
  }
  if (Array.isArray(geometry.Points)) {
    const points = geometry.Points.map((point) => readPoints([point]));
    const sound = points.filter((point): point is Ring => point !== null);
    unreadable += points.length - sound.length;
    extent.points = Float64Array.from(sound.flatMap((point) => [...point]));
  }
  for (const line of members(geometry.Lines)) {
    const points = readPoints(line.Points);
    if (points === null || points.length < 4) unreadable += 1;
    else extent.lines.push(points);
  }
  if (unreadable > 0) return { extent: null, note: UNREADABLE_EXTENT };
  return isEmptyExtent(extent) ? { extent: null, note: NO_EXTENT } : { extent, note: null };
}

/** The members of an array as objects; one that is none becomes an empty object, which no reader accepts. */
function members(value: unknown): JsonObject[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.map((member) => asObject(member) ?? {}) : [{}];
}

/** `[{Longitude, Latitude}, …]` as pairs, or null when a member is not a position. */
function readPoints(value: unknown): Float64Array | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const pairs = new Float64Array(2 * value.length);
  for (const [index, member] of value.entries()) {
    const point = asObject(member);
    const longitude = asNumber(point?.Longitude);
    const latitude = asNumber(point?.Latitude);
    if (!isPosition(longitude, latitude)) return null;
    pairs[2 * index] = longitude!;
    pairs[2 * index + 1] = latitude!;
  }
  return pairs;
}
