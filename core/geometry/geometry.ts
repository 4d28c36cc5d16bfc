/** Footprints as plain GeoJSON geometries: positions are [longitude, latitude] in degrees. */
import type { BoundingBox } from "./box.ts";

export type Position = number[];
export type Ring = Position[];

interface Point {
  type: "Point";
  coordinates: Position;
}
interface MultiPoint {
  type: "MultiPoint";
  coordinates: Position[];
}
interface LineString {
  type: "LineString";
  coordinates: Position[];
}
interface MultiLineString {
  type: "MultiLineString";
  coordinates: Position[][];
}
export interface Polygon {
  type: "Polygon";
  coordinates: Ring[];
}
export interface MultiPolygon {
  type: "MultiPolygon";
  coordinates: Ring[][];
}
interface GeometryCollection {
  type: "GeometryCollection";
  geometries: Geometry[];
}
type SimpleGeometry = Point | MultiPoint | LineString | MultiLineString | Polygon | MultiPolygon;
export type Geometry = SimpleGeometry | GeometryCollection;

/** The parts of a geometry that are no collections. */
function* simpleParts(geometry: Geometry): Generator<SimpleGeometry> {
  if (geometry.type !== "GeometryCollection") yield geometry;
  else for (const part of geometry.geometries) yield* simpleParts(part);
}

/** Every point, line and polygon of a geometry, multi-geometries taken apart. */
export function* singleParts(geometry: Geometry): Generator<Point | LineString | Polygon> {
  for (const part of simpleParts(geometry)) {
    if (part.type === "MultiPoint") {
      for (const coordinates of part.coordinates) yield { type: "Point", coordinates };
    } else if (part.type === "MultiLineString") {
      for (const coordinates of part.coordinates) yield { type: "LineString", coordinates };
    } else if (part.type === "MultiPolygon") {
      for (const coordinates of part.coordinates) yield { type: "Polygon", coordinates };
    } else yield part;
  }
}

/** Every position of a geometry, inner rings included. */
export function* positions(geometry: Geometry): Generator<Position> {
  for (const part of singleParts(geometry)) {
    if (part.type === "Point") yield part.coordinates;
    else if (part.type === "LineString") yield* part.coordinates;
    else for (const ring of part.coordinates) yield* ring;
  }
}

/** The box of a geometry that does not cross the antimeridian; undefined for an empty one. */
export function boundingBox(geometry: Geometry): BoundingBox | undefined {
  const box = { xmin: Infinity, ymin: Infinity, xmax: -Infinity, ymax: -Infinity };
  for (const [x, y] of positions(geometry)) {
    if (!(Number.isFinite(x) && Number.isFinite(y))) continue;
    if (x < box.xmin) box.xmin = x;
    if (x > box.xmax) box.xmax = x;
    if (y < box.ymin) box.ymin = y;
    if (y > box.ymax) box.ymax = y;
  }
  return box.xmin <= box.xmax ? box : undefined;
}

/** The smallest box of both. */
export function unionBox(a: BoundingBox | undefined, b: BoundingBox): BoundingBox {
  if (a === undefined) return { ...b };
  return {
    xmin: Math.min(a.xmin, b.xmin),
    ymin: Math.min(a.ymin, b.ymin),
    xmax: Math.max(a.xmax, b.xmax),
    ymax: Math.max(a.ymax, b.ymax),
  };
}
