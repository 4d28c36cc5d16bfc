/** GeoJSON (RFC 7946) out of text that others wrote. */
import { GranaryError, inputError } from "../errors.ts";
import type { Geometry, Position } from "./geometry.ts";
import { encodeWkb } from "./wkb.ts";

/** Collections may nest this deep. */
const MAX_DEPTH = 8;

/** Depth of nested arrays above a position, by geometry type. */
const DEPTHS: Readonly<Record<string, number>> = {
  Point: 0,
  MultiPoint: 1,
  LineString: 1,
  MultiLineString: 2,
  Polygon: 2,
  MultiPolygon: 3,
};

interface GeoJsonOptions {
  /** Positions are of another coordinate system: any finite numbers. */
  anyNumbers?: boolean;
}

/** The geometry of a GeoJSON text: a geometry, a feature, or all geometries of a feature collection. */
export function parseGeoJson(text: string, name: string, options: GeoJsonOptions = {}): Geometry {
  const geometries = geometriesOf(parseJson(text, name), name, 0, options);
  return joined(geometries);
}

/** A GeoJSON text as JSON. */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw inputError(`${name}: is not JSON (${(error as Error).message}); wanted GeoJSON`);
  }
}

/** The features of a GeoJSON value, a geometry being one without properties; those without a geometry are left. */
export function geoJsonFeatures(
  value: unknown,
  name: string,
  options: GeoJsonOptions = {},
): { geometry: Geometry; properties: Record<string, unknown> }[] {
  const object = value as Record<string, unknown> | null;
  if (object?.type === "FeatureCollection" && Array.isArray(object.features)) {
    return object.features.flatMap((feature) => geoJsonFeatures(feature, name, options));
  }
  const geometries = geometriesOf(value, name, 0, options);
  if (geometries.length === 0) return [];
  const own = object?.type === "Feature" && typeof object.properties === "object" ? object.properties : null;
  return [{ geometry: joined(geometries), properties: { ...own } }];
}

function joined(geometries: readonly Geometry[]): Geometry {
  return geometries.length === 1
    ? geometries[0]
    : { type: "GeometryCollection", geometries: [...geometries] };
}

/** A GeoJSON geometry of any coordinate system as WKB, or null for what is none. */
export function wkbOfGeoJson(value: unknown): Uint8Array | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  try {
    return encodeWkb(parseGeoJson(JSON.stringify(value), "geometry", { anyNumbers: true }));
  } catch (error) {
    if (error instanceof GranaryError) return null;
    throw error;
  }
}

function geometriesOf(value: unknown, name: string, depth: number, options: GeoJsonOptions): Geometry[] {
  if (depth > MAX_DEPTH) throw inputError(`${name}: collections nest deeper than ${MAX_DEPTH}`);
  const object = value as Record<string, unknown> | null;
  const type = typeof object === "object" && object !== null ? object.type : undefined;
  if (type === "FeatureCollection") return members(object!, "features", name, depth, options);
  if (type === "GeometryCollection") return members(object!, "geometries", name, depth, options);
  if (type === "Feature") {
    return object!.geometry === null ? [] : geometriesOf(object!.geometry, name, depth + 1, options);
  }
  const nesting = typeof type === "string" ? DEPTHS[type] : undefined;
  if (nesting === undefined) {
    throw inputError(`${name}: type ${JSON.stringify(type) ?? "missing"} is not GeoJSON`);
  }
  return [{ type, coordinates: coordinates(object!.coordinates, nesting, name, options) } as Geometry];
}

function members(
  object: Record<string, unknown>,
  key: string,
  name: string,
  depth: number,
  options: GeoJsonOptions,
): Geometry[] {
  const list = object[key];
  if (!Array.isArray(list)) throw inputError(`${name}: "${key}" is not a list`);
  return list.flatMap((member) => geometriesOf(member, name, depth + 1, options));
}

function coordinates(value: unknown, nesting: number, name: string, options: GeoJsonOptions): unknown {
  if (!Array.isArray(value)) throw inputError(`${name}: coordinates are not a list`);
  if (nesting > 0) return value.map((inner) => coordinates(inner, nesting - 1, name, options));
  const [longitude, latitude] = value as Position;
  const sound = Number.isFinite(longitude) && Number.isFinite(latitude) &&
    (options.anyNumbers === true || Math.abs(longitude) <= 360 && Math.abs(latitude) <= 90);
  if (!sound) {
    throw inputError(
      `${name}: position ${JSON.stringify(value).slice(0, 80)} is not [longitude, latitude] in degrees`,
    );
  }
  return [longitude, latitude];
}
