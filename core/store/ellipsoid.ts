/** Which latitudes a grid's cells are on, by the ellipsoid that its attributes name. */
import type { LatitudeConvention } from "../cells/convention.ts";
import { inputError } from "../errors.ts";
import { isObject } from "../json_value.ts";

/** Ellipsoids by name, without case and signs, that a grid's latitudes are authalic on. */
const FLATTENED = new Set([
  "WGS84",
  "WGS1984",
  "WGS72",
  "GRS80",
  "GRS1980",
  "GRS67",
  "IERS2003",
  "WGS66",
  "EGM96",
]);
const SPHERES = new Set(["SPHERE", "UNITSPHERE", "NORMALSPHERE", "AUTHALICSPHERE"]);

/**
 * A flattened ellipsoid means authalic latitudes on it; a sphere, or none, latitudes as they are. Throws an
 * input error for an ellipsoid that says neither.
 */
export function latitudeOf(ellipsoid: unknown, place: string): LatitudeConvention {
  if (ellipsoid === undefined || ellipsoid === null) return "geodetic";
  if (typeof ellipsoid === "string") return latitudeOf({ name: ellipsoid }, place);
  const record = isObject(ellipsoid) ? ellipsoid : {};
  const number = (...keys: string[]) =>
    keys.map((key) => record[key]).find((value) => typeof value === "number");
  const major = number("semimajor_axis", "semi_major_axis", "semimajor", "a") as number | undefined;
  const minor = number("semiminor_axis", "semi_minor_axis", "semiminor", "b") as number | undefined;
  const inverse = number("inverse_flattening", "rf") as number | undefined;
  const flattening = number("flattening", "f") as number | undefined;
  if (inverse !== undefined) return Number.isFinite(inverse) && inverse !== 0 ? "authalic" : "geodetic";
  if (flattening !== undefined) return flattening !== 0 ? "authalic" : "geodetic";
  if (minor !== undefined && major !== undefined) return minor !== major ? "authalic" : "geodetic";
  if (number("radius", "r") !== undefined) return "geodetic";
  const name = typeof record.name === "string" ? record.name.replace(/[^a-z0-9]/gi, "").toUpperCase() : "";
  if (FLATTENED.has(name)) return "authalic";
  if (SPHERES.has(name) || (name === "" && major !== undefined)) return "geodetic";
  throw inputError(
    `${place}: the ellipsoid ${
      JSON.stringify(ellipsoid)
    } is not known (wanted a name such as WGS84 or sphere,` +
      " or its axes)",
  );
}
