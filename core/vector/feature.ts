/** Features of a file: geometries in degrees, with what the file says of each. */
import type { Geometry } from "../geometry/geometry.ts";

type Property = string | number | boolean | null;

export interface Feature {
  /** Longitudes and latitudes in degrees on WGS 84. */
  geometry: Geometry;
  properties: Readonly<Record<string, Property>>;
}

/** Geometries as a file has them, in a system of its own. */
export interface StoredFeature {
  geometry: Geometry;
  properties: Record<string, unknown>;
}

/** A file's value as a property; null for what is neither text, number nor truth. */
export function propertyOf(value: unknown): Property {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}
