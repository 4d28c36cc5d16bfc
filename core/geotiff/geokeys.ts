/**
 * Coordinate reference systems of GeoTIFF's keys (OGC GeoTIFF 1.1): by code, or by the parameters of systems
 * that their writer defined.
 */
import type { Crs } from "../raster/grid.ts";
import { crsOfCode, findCrs } from "../raster/crs/codes.ts";
import { crsOfParameters } from "../raster/crs/definition.ts";
import { type Parameters, parseParameters } from "../raster/crs/parameters.ts";
import { crsOfWkt } from "../raster/crs/wkt.ts";
import { Refusal } from "./refusal.ts";

export type GeoKeys = ReadonlyMap<number, number | string>;

/** Numbers of the keys, by GeoTIFF's names. */
export const KEY = {
  ModelType: 1024,
  RasterType: 1025,
  Citation: 1026,
  GeodeticCrs: 2048,
  GeodeticCitation: 2049,
  GeodeticDatum: 2050,
  PrimeMeridian: 2051,
  AngularUnits: 2054,
  Ellipsoid: 2056,
  SemiMajorAxis: 2057,
  SemiMinorAxis: 2058,
  InverseFlattening: 2059,
  PrimeMeridianLongitude: 2061,
  ProjectedCrs: 3072,
  ProjectedCitation: 3073,
  Projection: 3074,
  ProjectionMethod: 3075,
  LinearUnits: 3076,
  LinearUnitSize: 3077,
  StandardParallel1: 3078,
  StandardParallel2: 3079,
  NaturalOriginLongitude: 3080,
  NaturalOriginLatitude: 3081,
  FalseEasting: 3082,
  FalseNorthing: 3083,
  FalseOriginLongitude: 3084,
  FalseOriginLatitude: 3085,
  FalseOriginEasting: 3086,
  FalseOriginNorthing: 3087,
  CenterLongitude: 3088,
  CenterLatitude: 3089,
  CenterEasting: 3090,
  CenterNorthing: 3091,
  ScaleAtNaturalOrigin: 3092,
  ScaleAtCenter: 3093,
  Azimuth: 3094,
  StraightVerticalPoleLongitude: 3095,
  RectifiedGridAngle: 3096,
} as const;

/** Of ModelType. */
const PROJECTED = 1, GEOGRAPHIC = 2;
const USER_DEFINED = 32767;
export const PIXEL_IS_POINT = 2;

/**
 * The keys of a directory: a header of four numbers, then four for each key: its number, the field that holds
 * its value (0 for the last of the four), how many, and where in that field.
 */
export function readGeoKeys(
  directory: readonly number[],
  doubles: readonly number[],
  texts: string,
): Map<number, number | string> {
  const keys = new Map<number, number | string>();
  const count = Math.min(directory[3] ?? 0, Math.floor(directory.length / 4) - 1);
  for (let i = 1; i <= count; i++) {
    const [key, field, length, value] = directory.slice(i * 4, i * 4 + 4);
    if (field === 0) keys.set(key, value);
    else if (field === 34736 && value < doubles.length) keys.set(key, doubles[value]);
    else if (field === 34737) keys.set(key, texts.slice(value, value + length).replace(/[|\0]+$/, ""));
  }
  return keys;
}

/** Throws a refusal where the keys name no system, or one that cannot be placed. */
export function crsOfGeoKeys(keys: GeoKeys): Crs {
  const text = esriText(keys);
  if (text !== null) return crsOfWkt(text);
  const model = keys.get(KEY.ModelType);
  const projected = keys.get(KEY.ProjectedCrs), geodetic = keys.get(KEY.GeodeticCrs);
  if (model === PROJECTED || (model === undefined && projected !== undefined)) {
    const code = typeof projected === "number" ? projected : USER_DEFINED;
    if (code !== USER_DEFINED && code !== 0) return codedCrs(code);
    return projectedCrs(keys);
  }
  if (model === GEOGRAPHIC || (model === undefined && geodetic !== undefined)) {
    const code = typeof geodetic === "number" ? geodetic : USER_DEFINED;
    if (code !== USER_DEFINED && code !== 0) return codedCrs(code);
    return crsOfParameters(
      new Map([["proj", "longlat"], ...geodeticParameters(keys)]),
      { name: nameOf(keys) },
      true,
    );
  }
  throw new Refusal(
    "no-crs",
    model === undefined
      ? "it does not say which coordinate reference system its coordinates are of (give one where it is known)"
      : `its coordinates are of model type ${model} (wanted 1, projected, or 2, longitudes and latitudes)`,
  );
}

/** Codes past EPSG's own range are ESRI's. */
function codedCrs(code: number): Crs {
  const crs = findCrs(`EPSG:${code}`) ?? findCrs(`ESRI:${code}`);
  if (crs === null) throw new Refusal("no-crs", `its coordinate reference system ${code} is not known`);
  return crs;
}

/** ESRI's writers put well-known text where a name stands. */
function esriText(keys: GeoKeys): string | null {
  for (const key of [KEY.ProjectedCitation, KEY.GeodeticCitation, KEY.Citation]) {
    const found = /^ESRI PE String = (.+)$/s.exec(String(keys.get(key) ?? ""));
    if (found !== null) return found[1];
  }
  return null;
}

function nameOf(keys: GeoKeys): string | null {
  for (const key of [KEY.ProjectedCitation, KEY.Citation, KEY.GeodeticCitation]) {
    const name = String(keys.get(key) ?? "").split("|")[0].replace(/^\w+ Name = /, "");
    if (name !== "" && name !== "unnamed" && name !== "unknown") return name;
  }
  return null;
}

function numberOf(keys: GeoKeys, ...names: number[]): number | undefined {
  for (const name of names) {
    const value = keys.get(name);
    if (typeof value === "number" && Number.isFinite(value)) return value;
  }
  return undefined;
}

/** Axes by EPSG's code of the ellipsoid, as proj4 names them. */
const ELLIPSOIDS: Readonly<Record<number, string>> = {
  7001: "airy",
  7004: "bessel",
  7008: "clrk66",
  7011: "clrk80ign",
  7019: "GRS80",
  7022: "intl",
  7024: "krass",
  7030: "WGS84",
  7043: "WGS72",
};

/** The ellipsoid, its datum's place and the meridian, in proj4's terms. */
function geodeticParameters(keys: GeoKeys): [string, string][] {
  const code = numberOf(keys, KEY.GeodeticCrs) ?? USER_DEFINED;
  // The codes of old datums are those of their systems plus 2000.
  const datum = numberOf(keys, KEY.GeodeticDatum) ?? USER_DEFINED;
  const known = code !== USER_DEFINED && code !== 0
    ? crsOfCode(`EPSG:${code}`)
    : datum >= 6001 && datum < 7000
    ? findCrs(`EPSG:${datum - 2000}`)
    : null;
  if (known !== null) return datumOf(parseParameters(known.proj4));
  const semiMajor = numberOf(keys, KEY.SemiMajorAxis);
  const shape: [string, string][] = [];
  if (semiMajor !== undefined) {
    const flattening = numberOf(keys, KEY.InverseFlattening);
    const semiMinor = numberOf(keys, KEY.SemiMinorAxis);
    if (flattening === 0 || (flattening === undefined && (semiMinor ?? semiMajor) === semiMajor)) {
      shape.push(["R", String(semiMajor)]);
    } else if (flattening !== undefined) shape.push(["a", String(semiMajor)], ["rf", String(flattening)]);
    else shape.push(["a", String(semiMajor)], ["b", String(semiMinor)]);
  } else {
    const ellipsoid = ELLIPSOIDS[numberOf(keys, KEY.Ellipsoid) ?? 0];
    if (ellipsoid === undefined) {
      throw new Refusal("no-crs", "its own coordinate reference system has no ellipsoid");
    }
    shape.push(["ellps", ellipsoid]);
  }
  const meridian = numberOf(keys, KEY.PrimeMeridianLongitude) ?? 0;
  return meridian === 0 ? shape : [...shape, ["pm", String(meridian)]];
}

function datumOf(parameters: Parameters): [string, string][] {
  return [...parameters].filter(([name]) =>
    ["datum", "ellps", "a", "b", "rf", "R", "towgs84", "pm"].includes(name)
  );
}

type Part = readonly [string, readonly number[]];

const LONGITUDES = [
  KEY.NaturalOriginLongitude,
  KEY.CenterLongitude,
  KEY.FalseOriginLongitude,
  KEY.StraightVerticalPoleLongitude,
];
const LATITUDES = [KEY.NaturalOriginLatitude, KEY.CenterLatitude, KEY.FalseOriginLatitude];
const MERIDIAN: Part = ["lon_0", LONGITUDES];
const LATITUDE: Part = ["lat_0", LATITUDES];
const SCALE: Part = ["k_0", [KEY.ScaleAtNaturalOrigin, KEY.ScaleAtCenter]];
const CENTRE = [LATITUDE, MERIDIAN];
const PARALLELS: readonly Part[] = [["lat_1", [KEY.StandardParallel1]], ["lat_2", [KEY.StandardParallel2]]];

/** GeoTIFF's numbers of methods, with their parameters beside the false origin. */
const METHODS: Readonly<Record<number, { projection: string; parts: readonly Part[] }>> = {
  1: { projection: "tmerc", parts: [...CENTRE, SCALE] },
  3: {
    projection: "omerc",
    parts: [
      LATITUDE,
      ["lonc", LONGITUDES],
      ["alpha", [KEY.Azimuth]],
      ["gamma", [KEY.RectifiedGridAngle]],
      SCALE,
    ],
  },
  7: { projection: "merc", parts: [["lat_ts", [KEY.StandardParallel1]], MERIDIAN, SCALE] },
  8: { projection: "lcc", parts: [...CENTRE, ...PARALLELS] },
  9: { projection: "lcc", parts: [...CENTRE, ["lat_1", LATITUDES], SCALE] },
  10: { projection: "laea", parts: CENTRE },
  11: { projection: "aea", parts: [...CENTRE, ...PARALLELS] },
  12: { projection: "aeqd", parts: CENTRE },
  13: { projection: "eqdc", parts: [...CENTRE, ...PARALLELS] },
  14: { projection: "stere", parts: [...CENTRE, SCALE] },
  15: { projection: "stere", parts: [MERIDIAN, SCALE] },
  16: { projection: "sterea", parts: [...CENTRE, SCALE] },
  17: { projection: "eqc", parts: [["lat_ts", [KEY.StandardParallel1]], ...CENTRE] },
  18: { projection: "cass", parts: CENTRE },
  19: { projection: "gnom", parts: CENTRE },
  20: { projection: "mill", parts: [MERIDIAN] },
  21: { projection: "ortho", parts: CENTRE },
  22: { projection: "poly", parts: CENTRE },
  23: { projection: "robin", parts: [MERIDIAN] },
  24: { projection: "sinu", parts: [MERIDIAN] },
  25: { projection: "vandg", parts: [MERIDIAN] },
  28: { projection: "cea", parts: [["lat_ts", [KEY.StandardParallel1]], MERIDIAN] },
};
const POLAR_STEREOGRAPHIC = 15;

const EASTINGS = [KEY.FalseEasting, KEY.FalseOriginEasting, KEY.CenterEasting];
const NORTHINGS = [KEY.FalseNorthing, KEY.FalseOriginNorthing, KEY.CenterNorthing];

/** Metres in EPSG's linear units. */
const LINEAR_UNITS: Readonly<Record<number, number>> = {
  9001: 1,
  9002: 0.3048,
  9003: 1200 / 3937,
  9036: 1000,
};

function projectedCrs(keys: GeoKeys): Crs {
  const zone = utmZone(keys);
  const unit = unitOf(keys);
  const method = numberOf(keys, KEY.ProjectionMethod) ?? USER_DEFINED;
  const known = METHODS[method];
  if (zone === null && known === undefined) {
    throw new Refusal(
      "no-crs",
      `the projection method ${method} of its own coordinate reference system is not known`,
    );
  }
  const angles = degreesPerUnit(keys);
  const definition: [string, string][] = zone ?? methodParameters(keys, method, angles);
  if (zone === null) {
    definition.push(["x_0", String((numberOf(keys, ...EASTINGS) ?? 0) * unit)]);
    definition.push(["y_0", String((numberOf(keys, ...NORTHINGS) ?? 0) * unit)]);
  }
  if (unit !== 1) definition.push(["to_meter", String(unit)]);
  return crsOfParameters(
    new Map([...definition, ...geodeticParameters(keys)]),
    { name: nameOf(keys) },
    true,
  );
}

function methodParameters(keys: GeoKeys, method: number, angles: number): [string, string][] {
  const { projection, parts } = METHODS[method];
  const definition: [string, string][] = [["proj", projection]];
  for (const [name, from] of parts) {
    const value = numberOf(keys, ...from);
    if (value !== undefined) definition.push([name, String(name === "k_0" ? value : value * angles)]);
  }
  if (method === POLAR_STEREOGRAPHIC) {
    const parallel = (numberOf(keys, ...LATITUDES) ?? 90) * angles;
    definition.push(["lat_0", parallel < 0 ? "-90" : "90"]);
    if (Math.abs(parallel) !== 90) definition.push(["lat_ts", String(parallel)]);
  }
  return definition;
}

/** Codes of projections that are a zone of UTM: 160zz north, 161zz south. */
function utmZone(keys: GeoKeys): [string, string][] | null {
  const code = numberOf(keys, KEY.Projection) ?? 0;
  const zone = code % 100;
  if (code < 16001 || code > 16160 || zone < 1 || zone > 60) return null;
  return [
    ["proj", "utm"],
    ["zone", String(zone)],
    ...(code > 16100 ? [["south", ""] as [string, string]] : []),
  ];
}

function unitOf(keys: GeoKeys): number {
  const code = numberOf(keys, KEY.LinearUnits) ?? 9001;
  const size = code === USER_DEFINED ? numberOf(keys, KEY.LinearUnitSize) : LINEAR_UNITS[code];
  if (size === undefined || !(size > 0)) throw new Refusal("no-crs", `its linear unit ${code} is not known`);
  return size;
}

/** Angles in degrees, grads or radians. */
function degreesPerUnit(keys: GeoKeys): number {
  const code = numberOf(keys, KEY.AngularUnits) ?? 9102;
  if (code === 9101) return 180 / Math.PI;
  return code === 9105 || code === 9106 ? 0.9 : 1;
}
