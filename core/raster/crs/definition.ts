/**
 * Coordinate reference systems by their definitions. Files give projections as parameters, without a code;
 * parameter sets that are well known get theirs.
 */
import { inputError } from "../../errors.ts";
import type { Crs } from "../grid.ts";
import { crsOfCode } from "./codes.ts";
import {
  type Ellipsoid,
  ellipsoid,
  formatParameters,
  isWgs84,
  linearUnit,
  parameter,
  type Parameters,
  parseParameters,
} from "./parameters.ts";

/** Systems that files define by parameters: EASE grids, sea ice, continents. Of equal ones the first counts. */
const KNOWN_CODES = [
  "EPSG:3857",
  "EPSG:6931",
  "EPSG:6932",
  "EPSG:6933",
  "EPSG:3408",
  "EPSG:3409",
  "EPSG:3410",
  "EPSG:3411",
  "EPSG:3412",
  "EPSG:3413",
  "EPSG:3031",
  "EPSG:3995",
  "EPSG:3976",
  "EPSG:5070",
  "ESRI:102001",
  "EPSG:3338",
  "EPSG:3577",
  "EPSG:3035",
  "EPSG:3395",
  "EPSG:8857",
];

/** Degrees and metres within which two parameters are one. */
const SAME_ANGLE = 1e-9;
const SAME_LENGTH = 1e-3;
const SAME_SCALE = 1e-9;
const SAME_AXIS = 1e-8;

/** Parameters of a projection that change where a point lies, with their defaults. */
const ANGLES = ["lat_0", "lon_0", "lat_1", "lat_2", "lat_ts", "lonc", "alpha", "gamma"];
const LENGTHS = ["x_0", "y_0", "h"];

/** Conic projections on two parallels do not care which is named first. */
const ON_TWO_PARALLELS = ["aea", "lcc", "eqdc"];

interface Shape {
  readonly projection: string;
  readonly values: readonly (readonly [number, number])[];
  readonly ellipsoid: Ellipsoid;
  readonly metres: number;
  /** What two equal shapes must share as text: prime meridian, axes, special forms. */
  readonly others: string;
}

const TELLING = ["pm", "axis", "R_A", "no_uoff", "no_off", "sweep", "over", "geoc", "hyperbolic", "lon_wrap"];

function shapeOf(parameters: Parameters): Shape | null {
  const found = ellipsoid(parameters);
  if (found === null) return null;
  let projection = parameters.get("proj") ?? "";
  const number = (name: string) => parameter(parameters, name, 0);
  let values: [number, number][] = [
    ...ANGLES.map((name): [number, number] => [number(name), SAME_ANGLE]),
    ...LENGTHS.map((name): [number, number] => [number(name), SAME_LENGTH]),
    [parameter(parameters, "k_0", parameter(parameters, "k", 1)), SAME_SCALE],
  ];
  const at = (name: string) => [...ANGLES, ...LENGTHS, "k"].indexOf(name);
  if (projection === "utm") {
    projection = "tmerc";
    values = values.map(([, same]) => [0, same]);
    values[at("lon_0")][0] = number("zone") * 6 - 183;
    values[at("x_0")][0] = 500_000;
    values[at("y_0")][0] = parameters.has("south") ? 10_000_000 : 0;
    values[at("k")][0] = 0.9996;
  } else if (ON_TWO_PARALLELS.includes(projection)) {
    const [first, second] = [number("lat_1"), parameter(parameters, "lat_2", number("lat_1"))];
    values[at("lat_1")][0] = Math.max(first, second);
    values[at("lat_2")][0] = Math.min(first, second);
  }
  return {
    projection,
    values,
    ellipsoid: found,
    metres: linearUnit(parameters).metres,
    others: TELLING.filter((name) => parameters.has(name)).map((name) => `${name}=${parameters.get(name)}`)
      .join(" "),
  };
}

function sameShape(a: Shape, b: Shape): boolean {
  return a.projection === b.projection && a.others === b.others &&
    Math.abs(a.metres / b.metres - 1) < SAME_SCALE &&
    sameEllipsoid(a.ellipsoid, b.ellipsoid) &&
    a.values.every(([value, same], i) => Math.abs(value - b.values[i][0]) <= same);
}

function sameEllipsoid(a: Ellipsoid, b: Ellipsoid): boolean {
  if (isWgs84(a) && isWgs84(b)) return true;
  return Math.abs(a.semiMajor / b.semiMajor - 1) <= SAME_AXIS &&
    Math.abs(a.semiMinor / b.semiMinor - 1) <= SAME_AXIS;
}

let known: { crs: Crs; shape: Shape }[] | undefined;

function knownCode(parameters: Parameters): Crs | null {
  const shape = shapeOf(parameters);
  if (shape === null || !isPlainDatum(parameters)) return null;
  const zone = utmZone(parameters, shape);
  if (zone !== null) return zone;
  known ??= KNOWN_CODES.flatMap((code) => {
    const crs = crsOfCode(code);
    const shape = shapeOf(parseParameters(crs.proj4));
    return shape === null ? [] : [{ crs, shape }];
  });
  return known.find((candidate) => sameShape(shape, candidate.shape))?.crs ?? null;
}

/** UTM is 120 codes of one form; on NAD83 it has others. */
function utmZone(parameters: Parameters, shape: Shape): Crs | null {
  if (shape.projection !== "tmerc" || !isWgs84(shape.ellipsoid)) return null;
  const zone = (shape.values[ANGLES.indexOf("lon_0")][0] + 183) / 6;
  const nearest = Math.round(zone);
  if (Math.abs(zone - nearest) > SAME_ANGLE || nearest < 1 || nearest > 60) return null;
  for (const south of [false, true]) {
    const form = `+proj=utm +zone=${nearest}${south ? " +south" : ""} +datum=WGS84 +units=m`;
    const known = shapeOf(parseParameters(form));
    if (known === null || !sameShape(shape, known)) continue;
    const nad83 = parameters.get("datum") === "NAD83" && !south && nearest <= 23;
    return crsOfCode(`EPSG:${(nad83 ? 26900 : south ? 32700 : 32600) + nearest}`);
  }
  return null;
}

/**
 * The coordinate reference system of a definition in proj4's notation. Well known parameter sets (EASE
 * grids, polar stereographic of sea ice, Albers of North America, UTM) get their codes. An ellipsoid within
 * 1e-6 of WGS 84's axes is taken for WGS 84.
 *
 * Throws an input error for a definition that names no projection or is not of the Earth.
 */
export function crsOfProj4(
  definition: string,
  about: { readonly name?: string | null; readonly wkt?: string | null } = {},
): Crs {
  return crsOfParameters(parseParameters(definition), about, true);
}

/** The same of a parsed definition. `recognise` false leaves well known sets without their codes. */
export function crsOfParameters(
  parameters: Parameters,
  about: { readonly name?: string | null; readonly wkt?: string | null },
  recognise: boolean,
): Crs {
  const projection = parameters.get("proj") ?? "";
  if (projection === "" || projection === "geocent") {
    throw inputError(
      `"${formatParameters(parameters)}": this defines no projection and no longitudes and latitudes ` +
        `(wanted +proj=… of a map)`,
    );
  }
  const geographic = projection === "longlat" || projection === "latlong" || projection === "lonlat";
  const found = ellipsoid(parameters);
  if (found !== null && !(found.semiMinor > 0 && found.semiMinor <= found.semiMajor * 1.1)) {
    throw inputError(`"${formatParameters(parameters)}": its ellipsoid has no sensible axes`);
  }
  const code = !recognise ? null : geographic ? geographicCode(parameters, found) : knownCode(parameters);
  if (code !== null) return { ...code, wkt: about.wkt ?? code.wkt };
  const plain = formatParameters(plainForm(parameters, found));
  return {
    code: null,
    proj4: `${plain} +no_defs`,
    geographic,
    name: about.name ?? plain,
    wkt: about.wkt ?? null,
  };
}

/** WGS 84 and NAD83; others keep their ellipsoid, and have no code. */
function geographicCode(parameters: Parameters, found: Ellipsoid | null): Crs | null {
  if (found === null || !isWgs84(found) || !isPlainDatum(parameters)) return null;
  if (TELLING.some((name) => parameters.has(name))) return null;
  return crsOfCode(parameters.get("datum") === "NAD83" ? "EPSG:4269" : "EPSG:4326");
}

/** Whether places are those of WGS 84 if the ellipsoid is: no shift, no grid file, no datum of another name. */
function isPlainDatum(parameters: Parameters): boolean {
  const shifts = (parameters.get("towgs84") ?? "").split(",");
  return shifts.every((shift) => Number(shift) === 0) && parameters.get("ellps") !== "WGS72";
}

/** What proj4 needs, with WGS 84 named where it is meant. */
function plainForm(parameters: Parameters, found: Ellipsoid | null): Parameters {
  const kept = new Map(parameters);
  for (const name of ["no_defs", "type", "wktext", "title"]) kept.delete(name);
  if (found !== null && isWgs84(found) && !kept.has("datum") && isPlainDatum(parameters)) {
    for (const name of ["ellps", "a", "b", "rf", "f", "R", "towgs84"]) kept.delete(name);
    kept.set("datum", "WGS84");
  }
  return kept;
}
