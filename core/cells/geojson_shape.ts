/** GeoJSON geometries as shapes. */
import { inputError } from "../errors.ts";
import { type Shape, ShapeBuilder, type ShapeOptions } from "./shape.ts";

/** A GeoJSON geometry, as far as shapes need it (RFC 7946). */
export type GeometryLike =
  | { readonly type: string; readonly coordinates: unknown }
  | { readonly type: "GeometryCollection"; readonly geometries: readonly GeometryLike[] };

/** Geometry collections may nest this deep. */
const MAX_DEPTH = 8;

/**
 * A shape of a geometry of any type; positions are [longitude, latitude, ...] in degrees. GeoJSON's own
 * edges are planar.
 *
 * @throws GranaryError (input) for an unknown type or positions out of range.
 */
export function shapeFromGeometry(geometry: GeometryLike, options: ShapeOptions): Shape {
  const builder = new ShapeBuilder(options);
  addGeometry(builder, geometry);
  return builder.build();
}

/** Adds a geometry to a shape that is being built. */
export function addGeometry(builder: ShapeBuilder, geometry: GeometryLike, depth = 0): void {
  if (depth > MAX_DEPTH) throw inputError(`geometry collections nest deeper than ${MAX_DEPTH}`);
  if ("geometries" in geometry) {
    for (const part of geometry.geometries) addGeometry(builder, part, depth + 1);
    return;
  }
  const { type, coordinates } = geometry;
  switch (type) {
    case "Point":
      return addPoint(builder, coordinates);
    case "MultiPoint":
      return list(coordinates, type).forEach((point) => addPoint(builder, point));
    case "LineString":
      builder.line(flat(coordinates, type));
      return;
    case "MultiLineString":
      return list(coordinates, type).forEach((line) => builder.line(flat(line, type)));
    case "Polygon":
      return addPolygon(builder, coordinates);
    case "MultiPolygon":
      return list(coordinates, type).forEach((polygon) => addPolygon(builder, polygon));
    default:
      throw inputError(
        `"${type}" is not a GeoJSON geometry (wanted Polygon, MultiPolygon, LineString, Point, ...)`,
      );
  }
}

function addPoint(builder: ShapeBuilder, position: unknown): void {
  // An empty point has no position, or NaN for one.
  if (Array.isArray(position) && (position.length === 0 || position.every(Number.isNaN))) return;
  const [longitude, latitude] = flat([position], "Point");
  builder.point(longitude, latitude);
}

function addPolygon(builder: ShapeBuilder, rings: unknown): void {
  const [outer, ...holes] = list(rings, "Polygon").map((ring) => flat(ring, "Polygon"));
  if (outer !== undefined) builder.polygon(outer, holes);
}

function list(value: unknown, type: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw inputError(`${type} coordinates are not a list (${JSON.stringify(value)?.slice(0, 60)})`);
}

function flat(value: unknown, type: string): Float64Array {
  const positions = list(value, type);
  const out = new Float64Array(positions.length * 2);
  positions.forEach((position, i) => {
    const [longitude, latitude] = Array.isArray(position) ? position : [];
    if (typeof longitude !== "number" || typeof latitude !== "number") {
      throw inputError(
        `${type} position ${JSON.stringify(position)?.slice(0, 60)} is not [longitude, latitude] in degrees`,
      );
    }
    out[2 * i] = longitude;
    out[2 * i + 1] = latitude;
  });
  return out;
}
