/**
 * GeoKeys of a coordinate reference system that has no EPSG code: its ellipsoid and its projection by their
 * parameters (OGC GeoTIFF 1.1, annexes on user-defined systems; parameters as PROJ names them).
 */
import { inputError } from "../../errors.ts";
import {
  ellipsoid,
  inverseFlattening,
  linearUnit,
  parameter,
  type Parameters,
  parseParameters,
} from "../../raster/crs/parameters.ts";
import type { Crs } from "../../raster/grid.ts";
import type { GeoKey } from "./geokey.ts";

const USER_DEFINED = 32767;
const DEGREE = 9102;

/** EPSG's codes of linear units, by their length in metres. */
const LINEAR_UNITS: ReadonlyMap<number, number> = new Map([
  [1, 9001],
  [0.3048, 9002],
  [1200 / 3937, 9003],
  [1000, 9036],
]);

/** Geographic systems that proj4 names by their datum. */
const DATUM_CODES: Readonly<Record<string, number>> = { WGS84: 4326, NAD83: 4269, NAD27: 4267 };

type Value = (parameters: Parameters) => number;

/** A parameter in degrees, metres or none. */
const number = (name: string, otherwise = 0): Value => (parameters) => parameter(parameters, name, otherwise);

/** A length: metres in a definition, units of the system in a key. */
const length = (name: string): Value => (parameters) =>
  parameter(parameters, name, 0) / linearUnit(parameters).metres;

/** The latitude of true scale on the side of the pole; the pole where a definition names none. */
const trueScale: Value = (parameters) => {
  const pole = parameter(parameters, "lat_0", 0);
  return Math.sign(pole) * Math.abs(parameter(parameters, "lat_ts", pole));
};
const scaleFactor: Value = (parameters) => parameter(parameters, "k_0", parameter(parameters, "k", 1));
const eastings: readonly [number, Value][] = [[3082, length("x_0")], [3083, length("y_0")]];

const centre: readonly [number, Value][] = [
  [3088, number("lon_0")],
  [3089, number("lat_0")],
  ...eastings,
];

/** By proj4's name: GeoTIFF's number of the method, and the keys of its parameters. */
const METHODS: Readonly<Record<string, { method: number; keys: readonly [number, Value][] }>> = {
  tmerc: {
    method: 1,
    keys: [[3080, number("lon_0")], [3081, number("lat_0")], [3092, scaleFactor], ...eastings],
  },
  merc: { method: 7, keys: [[3080, number("lon_0")], [3081, number("lat_0")], ...eastings] },
  lcc: {
    method: 8,
    keys: [
      [3078, number("lat_1")],
      [3079, (parameters) => parameter(parameters, "lat_2", parameter(parameters, "lat_1", 0))],
      [3084, number("lon_0")],
      [3085, number("lat_0")],
      [3086, length("x_0")],
      [3087, length("y_0")],
    ],
  },
  /** On one parallel, with a scale there. */
  lcc1: {
    method: 9,
    keys: [[3080, number("lon_0")], [3081, number("lat_1")], [3092, scaleFactor], ...eastings],
  },
  laea: { method: 10, keys: centre },
  aea: {
    method: 11,
    keys: [
      [3078, number("lat_1")],
      [3079, number("lat_2")],
      [3080, number("lon_0")],
      [3081, number("lat_0")],
      ...eastings,
    ],
  },
  aeqd: { method: 12, keys: centre },
  eqdc: {
    method: 13,
    keys: [
      [3078, number("lat_1")],
      [3079, number("lat_2")],
      [3080, number("lon_0")],
      [3081, number("lat_0")],
      ...eastings,
    ],
  },
  /** Away from the poles. */
  oblique: { method: 14, keys: [...centre, [3092, scaleFactor]] },
  stere: {
    method: 15,
    keys: [[3095, number("lon_0")], [3081, trueScale], [3092, scaleFactor], ...eastings],
  },
  eqc: {
    method: 17,
    keys: [[3078, number("lat_ts")], [3088, number("lon_0")], [3089, number("lat_0")], ...eastings],
  },
  sterea: {
    method: 16,
    keys: [[3080, number("lon_0")], [3081, number("lat_0")], [3092, scaleFactor], ...eastings],
  },
  cass: { method: 18, keys: [[3080, number("lon_0")], [3081, number("lat_0")], ...eastings] },
  mill: { method: 20, keys: centre },
  poly: {
    method: 22,
    keys: [[3080, number("lon_0")], [3081, number("lat_0")], [3092, scaleFactor], ...eastings],
  },
  robin: { method: 23, keys: [[3088, number("lon_0")], ...eastings] },
  vandg: { method: 25, keys: [[3088, number("lon_0")], ...eastings] },
  sinu: { method: 24, keys: [[3088, number("lon_0")], ...eastings] },
  cea: { method: 28, keys: [[3078, number("lat_ts")], [3080, number("lon_0")], ...eastings] },
};

/** Throws an input error for a system that is not written as GeoKeys. */
export function definedKeys(crs: Crs): GeoKey[] {
  const parameters = parseParameters(crs.proj4);
  const keys: GeoKey[] = [{ key: 1026, text: crs.name }, ...geographicKeys(crs, parameters)];
  if (crs.geographic) return keys;
  const unit = LINEAR_UNITS.get(linearUnit(parameters).metres);
  if (unit === undefined) throw undescribed(crs, `its unit of ${linearUnit(parameters).metres} m`);
  keys.push({ key: 3072, short: USER_DEFINED }, { key: 3073, text: crs.name });
  keys.push({ key: 3074, short: USER_DEFINED }, { key: 3076, short: unit });
  return [...keys, ...methodKeys(crs, parameters)];
}

function geographicKeys(crs: Crs, parameters: Parameters): GeoKey[] {
  const code = DATUM_CODES[parameters.get("datum") ?? ""];
  if (code !== undefined && !crs.geographic) return [{ key: 2048, short: code }];
  const shape = ellipsoid(parameters);
  if (shape === null) throw undescribed(crs, `its ellipsoid`);
  const meridian = parameter(parameters, "pm", 0);
  if (!Number.isFinite(meridian)) throw undescribed(crs, `its prime meridian "${parameters.get("pm")}"`);
  return [
    { key: 2048, short: USER_DEFINED },
    { key: 2049, text: crs.geographic ? crs.name : "unnamed ellipsoid" },
    { key: 2050, short: USER_DEFINED },
    { key: 2054, short: DEGREE },
    { key: 2056, short: USER_DEFINED },
    { key: 2057, double: shape.semiMajor },
    { key: 2059, double: inverseFlattening(shape) },
    { key: 2061, double: meridian },
  ];
}

function methodKeys(crs: Crs, parameters: Parameters): GeoKey[] {
  const name = parameters.get("proj") ?? "";
  const method = METHODS[methodName(name, parameters)];
  if (method === undefined || VARIANTS.includes(name)) throw undescribed(crs, `its projection "${name}"`);
  const stated = name === "utm" ? utmAsTransverseMercator(parameters) : parameters;
  const keys: GeoKey[] = [{ key: 3075, short: method.method }];
  for (const [key, value] of method.keys) {
    const double = value(stated);
    if (!Number.isFinite(double)) throw undescribed(crs, `a parameter of its projection "${name}"`);
    keys.push({ key, double });
  }
  // Mercator's scale is given by a latitude or by a factor, one of the two.
  if (name === "merc") {
    const latitude = parameter(stated, "lat_ts", 0);
    keys.push(
      latitude === 0 ? { key: 3092, double: scaleFactor(stated) } : { key: 3078, double: latitude },
    );
  }
  return keys;
}

/** Names of the table above that are none of proj4's. */
const VARIANTS = ["lcc1", "oblique"];

function methodName(projection: string, parameters: Parameters): string {
  if (projection === "utm") return "tmerc";
  if (projection === "stere" && Math.abs(parameter(parameters, "lat_0", 0)) !== 90) return "oblique";
  return isOnOneParallel(parameters) ? "lcc1" : projection;
}

function isOnOneParallel(parameters: Parameters): boolean {
  const first = parameter(parameters, "lat_1", NaN);
  return parameters.get("proj") === "lcc" && first === parameter(parameters, "lat_0", NaN) &&
    first === parameter(parameters, "lat_2", first);
}

/** Universal Transverse Mercator by its zone, as the projection that it is. */
function utmAsTransverseMercator(parameters: Parameters): Parameters {
  const zone = parameter(parameters, "zone", NaN);
  return new Map([
    ["lon_0", String(zone * 6 - 183)],
    ["lat_0", "0"],
    ["k", "0.9996"],
    ["x_0", "500000"],
    ["y_0", parameters.has("south") ? "10000000" : "0"],
    ["units", parameters.get("units") ?? "m"],
  ]);
}

function undescribed(crs: Crs, what: string) {
  return inputError(
    `${crs.name}: no GeoKeys are written of ${what} (wanted a system with an EPSG code, or one of ` +
      `utm, ${
        Object.keys(METHODS).filter((name) => !VARIANTS.includes(name)).join(", ")
      } by parameters; --crs names another where the file is wrong)`,
  );
}
