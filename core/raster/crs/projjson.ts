/**
 * Coordinate reference systems as PROJJSON (schema 0.7), which is WKT 2 in JSON: put into WKT's words and read
 * as that.
 */
import { inputError } from "../../errors.ts";
import { asArray, asObject, type JsonObject } from "../../json_value.ts";
import type { Crs } from "../grid.ts";
import { findCrs } from "./codes.ts";
import { crsOfWkt } from "./wkt.ts";

/** The system of a PROJJSON object. Throws an input error for what is none, or none of a map. */
export function crsOfProjJson(value: unknown): Crs {
  const crs = asObject(value);
  const known = crs === null ? null : findCrs(projJsonCode(crs) ?? "");
  if (known !== null) return known;
  switch (crs?.type) {
    case "BoundCRS":
      return crsOfProjJson(crs.source_crs);
    case "CompoundCRS":
      return crsOfProjJson(asArray(crs.components)[0]);
    case "GeographicCRS":
    case "GeodeticCRS":
      return crsOfWkt(geographic("GEOGCRS", crs, angleUnit(crs)));
    case "ProjectedCRS":
      return crsOfWkt(projected(crs));
    default:
      throw inputError(
        `${projJsonName(value)}: this is no system of longitudes and latitudes nor of a projection`,
      );
  }
}

/** `EPSG:3413`, or null where the object states no code. */
function projJsonCode(crs: JsonObject): string | null {
  const id = asObject(crs.id) ?? asObject(asArray(crs.ids)[0]);
  return typeof id?.authority === "string" && (typeof id.code === "string" || typeof id.code === "number")
    ? `${id.authority}:${id.code}`
    : null;
}

/** What a message calls a system: its code, its name, or the method of its projection. */
export function projJsonName(value: unknown): string {
  const crs = asObject(value);
  const code = crs === null ? null : projJsonCode(crs);
  if (code !== null) return code;
  const name = typeof crs?.name === "string" && crs.name !== "unknown" ? `"${crs.name.slice(0, 80)}"` : null;
  const method = asObject(asObject(crs?.conversion)?.method)?.name;
  if (name !== null) return name;
  if (typeof method === "string") return `a system without a name (${method.slice(0, 80)})`;
  return typeof value === "string" ? `"${value.slice(0, 80)}"` : "a coordinate system without a name";
}

function projected(crs: JsonObject): string {
  const base = asObject(crs.base_crs) ?? {};
  const conversion = asObject(crs.conversion) ?? {};
  const parameters = asArray(conversion.parameters).map((one) => {
    const { name, value, unit } = asObject(one) ?? {};
    return `PARAMETER[${text(name)},${number(value)},${unitOf(unit)}]`;
  });
  const method = `METHOD[${text(asObject(conversion.method)?.name)}]`;
  const axes = asArray(asObject(crs.coordinate_system)?.axis).map(asObject);
  return `PROJCRS[${text(crs.name)},${geographic("BASEGEOGCRS", base, angleUnit(base))},` +
    `CONVERSION[${text(conversion.name)},${[method, ...parameters].join(",")}],CS[Cartesian,2],` +
    `${unitOf(axes[0]?.unit ?? "metre")}]`;
}

function geographic(keyword: string, crs: JsonObject, unit: string): string {
  const datum = asObject(crs.datum) ?? asObject(crs.datum_ensemble) ?? {};
  const ellipsoid = asObject(datum.ellipsoid) ?? {};
  const { radius, semi_major_axis: stated, semi_minor_axis: minor, inverse_flattening: flattening } =
    ellipsoid;
  const axis = lengthOf(radius ?? stated);
  const inverse = radius !== undefined
    ? 0
    : typeof flattening === "number"
    ? flattening
    : axis / (axis - lengthOf(minor));
  const meridian = asObject(datum.prime_meridian);
  const longitude = asObject(meridian?.longitude);
  const prime = meridian === null
    ? ""
    : `,PRIMEM[${text(meridian.name)},${number(longitude?.value ?? meridian.longitude)},${
      unitOf(longitude?.unit ?? "degree")
    }]`;
  const shape = `ELLIPSOID[${text(ellipsoid.name)},${axis},${Number.isFinite(inverse) ? inverse : 0}]`;
  const cs = keyword === "GEOGCRS" ? `,CS[ellipsoidal,2],${unit}` : "";
  return `${keyword}[${text(crs.name)},DATUM[${text(datum.name)},${shape}]${prime}${cs}]`;
}

function angleUnit(crs: JsonObject): string {
  const axes = asArray(asObject(crs.coordinate_system)?.axis).map(asObject);
  return unitOf(axes[0]?.unit ?? "degree");
}

/** Metres of a number, or of a number with a unit. */
function lengthOf(value: unknown): number {
  const object = asObject(value);
  if (object === null) return typeof value === "number" ? value : NaN;
  const factor = asObject(object.unit)?.conversion_factor;
  return Number(object.value) * (typeof factor === "number" ? factor : 1);
}

const UNITS: Readonly<Record<string, string>> = {
  metre: 'LENGTHUNIT["metre",1]',
  degree: 'ANGLEUNIT["degree",0.0174532925199433]',
  unity: 'SCALEUNIT["unity",1]',
};

const KEYWORDS: Readonly<Record<string, string>> = {
  LinearUnit: "LENGTHUNIT",
  AngularUnit: "ANGLEUNIT",
  ScaleUnit: "SCALEUNIT",
};

function unitOf(unit: unknown): string {
  if (typeof unit === "string" && Object.hasOwn(UNITS, unit)) return UNITS[unit] ?? "";
  const { type, name, conversion_factor: factor } = asObject(unit) ?? {};
  const keyword = typeof type === "string" && Object.hasOwn(KEYWORDS, type) ? KEYWORDS[type] : undefined;
  if (keyword === undefined) {
    throw inputError(`PROJJSON: unit ${JSON.stringify(unit)?.slice(0, 60)} is not known`);
  }
  return `${keyword}[${text(name)},${number(factor)}]`;
}

function text(value: unknown): string {
  return `"${String(value ?? "unknown").replaceAll('"', '""')}"`;
}

function number(value: unknown): number {
  if (typeof value !== "number") {
    throw inputError(`PROJJSON: ${JSON.stringify(value)?.slice(0, 60)} where a number was wanted`);
  }
  return value;
}
