/** Geometries of GeoParquet columns as longitudes and latitudes: decoded, and carried out of their own system. */
import { asArray, asObject } from "../json_value.ts";
import type { Geometry, Position } from "../geometry/geometry.ts";
import type { CrsTransform } from "../raster/crs/transform.ts";

/** Geometries of GeoArrow's own encodings (GeoParquet 1.1, "encoding"), and how deep their lists are. */
export const GEOARROW = {
  point: { type: "Point", depth: 0 },
  linestring: { type: "LineString", depth: 1 },
  polygon: { type: "Polygon", depth: 2 },
  multipoint: { type: "MultiPoint", depth: 1 },
  multilinestring: { type: "MultiLineString", depth: 2 },
  multipolygon: { type: "MultiPolygon", depth: 3 },
} as const;

export type GeoArrowName = keyof typeof GEOARROW;

/** A geometry of a GeoArrow value as JSON: nested lists of {x, y}. */
export function geometryOfGeoArrow(value: unknown, encoding: GeoArrowName): Geometry | null {
  if (value === null || value === undefined) return null;
  const { type, depth } = GEOARROW[encoding];
  const read = (inner: unknown, left: number): unknown => {
    if (left > 0) return asArray(inner).map((one) => read(one, left - 1));
    const place = asObject(inner);
    return [place?.x, place?.y];
  };
  return { type, coordinates: read(value, depth) } as Geometry;
}

/** Straight edges of the geometry's own system are followed to this, in degrees (about 1.1 km). */
const TOLERANCE_DEGREES = 0.01;
/** An edge is halved so often at most. */
const DEEPEST = 14;

/**
 * A geometry whose positions are carried to longitude and latitude; vertices are added where its straight
 * edges would stray by more than the tolerance. Null where a position has no place on the globe.
 */
export function placedGeometry(
  geometry: Geometry,
  { forward }: CrsTransform,
  toleranceDegrees: number = TOLERANCE_DEGREES,
): Geometry | null {
  let lost = false;
  const place = ([x, y]: Position): Position => {
    const placed = forward(x, y);
    if (!Number.isFinite(placed[0]) || !Number.isFinite(placed[1])) lost = true;
    return placed;
  };
  const line = (positions: readonly Position[]): Position[] => {
    const out: Position[] = [];
    for (const [i, position] of positions.entries()) {
      const before = positions[i - 1];
      if (before !== undefined) halve(before, position, place, toleranceDegrees, DEEPEST, out);
      out.push(place(position));
    }
    return out;
  };
  const of = (inner: Geometry): Geometry => {
    switch (inner.type) {
      case "Point":
        return { type: inner.type, coordinates: place(inner.coordinates) };
      case "MultiPoint":
        return { type: inner.type, coordinates: inner.coordinates.map(place) };
      case "LineString":
        return { type: inner.type, coordinates: line(inner.coordinates) };
      case "MultiLineString":
      case "Polygon":
        return { type: inner.type, coordinates: inner.coordinates.map(line) };
      case "MultiPolygon":
        return { type: inner.type, coordinates: inner.coordinates.map((rings) => rings.map(line)) };
      case "GeometryCollection":
        return { type: inner.type, geometries: inner.geometries.map(of) };
    }
  };
  const placed = of(geometry);
  return lost ? null : placed;
}

/** Adds the vertices between two where the middle strays from the straight line in longitude and latitude. */
function halve(
  a: Position,
  b: Position,
  place: (position: Position) => Position,
  tolerance: number,
  depth: number,
  out: Position[],
): void {
  if (depth === 0) return;
  const middle: Position = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const [from, to, at] = [place(a), place(b), place(middle)];
  const turn = (degrees: number) => ((degrees + 540) % 360 + 360) % 360 - 180;
  const strayX = turn(at[0] - from[0] - turn(to[0] - from[0]) / 2) * Math.cos(at[1] * Math.PI / 180);
  const strayY = at[1] - (from[1] + to[1]) / 2;
  if (Math.hypot(strayX, strayY) <= tolerance) return;
  halve(a, middle, place, tolerance, depth - 1, out);
  out.push(at);
  halve(middle, b, place, tolerance, depth - 1, out);
}
