/** Coordinate reference systems as well-known text: WKT 1 of OGC and of ESRI, and WKT 2. */
import type { Crs } from "../grid.ts";
import { findCrs } from "./codes.ts";
import { crsOfParameters } from "./definition.ts";
import { type Method, methodNamed, type Role, roleNamed } from "./methods.ts";
import { parseParameters } from "./parameters.ts";
import { childNamed, childrenNamed, parseWkt, wktError, type WktNode } from "./wkt_tree.ts";

const GEOGRAPHIC = ["GEOGCS", "GEOGCRS", "GEOGRAPHICCRS", "GEODCRS", "GEODETICCRS"];
const BASE = ["BASEGEOGCRS", "BASEGEODCRS", ...GEOGRAPHIC];
const PROJECTED = ["PROJCS", "PROJCRS", "PROJECTEDCRS"];
const COMPOUND = ["COMPD_CS", "COMPOUNDCRS"];
const UNITS = ["UNIT", "LENGTHUNIT", "ANGLEUNIT", "SCALEUNIT"];

/**
 * The coordinate reference system of a text: by the code that it ends with, where that is known, else by its
 * method and parameters. Of a compound system the horizontal part counts, of a bound one what is bound.
 *
 * Throws an input error for text that is no WKT, for a method that is not known, and for systems that are not
 * on a map (geocentric, vertical, local).
 */
export function crsOfWkt(wkt: string): Crs {
  const root = parseWkt(wkt);
  return crsOfNode(root, wkt);
}

function crsOfNode(node: WktNode, wkt: string): Crs {
  const code = codeOf(node);
  const known = code === null ? null : findCrs(code);
  if (known !== null) return { ...known, wkt };
  if (COMPOUND.includes(node.keyword)) {
    const horizontal = childNamed(node, ...PROJECTED, ...GEOGRAPHIC, "BOUNDCRS");
    if (horizontal !== undefined) return crsOfNode(horizontal, wkt);
  }
  if (node.keyword === "BOUNDCRS") {
    const source = childNamed(node, "SOURCECRS")?.children[0];
    if (source !== undefined) return crsOfNode(source, wkt);
  }
  const name = String(node.values[0] ?? "");
  const extension = childrenNamed(node, "EXTENSION").find(({ values }) => values[0] === "PROJ4");
  if (extension !== undefined) {
    return crsOfParameters(parseParameters(String(extension.values[1])), { name, wkt }, true);
  }
  if (GEOGRAPHIC.includes(node.keyword)) {
    const datum = datumOf(node, wkt);
    return crsOfParameters(
      new Map([["proj", "longlat"], ...datum.parameters]),
      { name, wkt },
      datum.recognised,
    );
  }
  if (!PROJECTED.includes(node.keyword)) {
    throw wktError(wkt, `${node.keyword} is no system of longitudes and latitudes nor of a projection`);
  }
  const base = childNamed(node, ...BASE);
  if (base === undefined) throw wktError(wkt, `${node.keyword} has no base of longitudes and latitudes`);
  const datum = datumOf(base, wkt);
  const parameters = projectionOf(node, wkt);
  // The map of the web takes latitudes of the ellipsoid for those of a sphere.
  const onSphere = parameters.get("nadgrids") === "@null";
  const shape: Datum["parameters"] = onSphere
    ? [["a", String(datum.semiMajor)], ["b", String(datum.semiMajor)]]
    : datum.parameters;
  return crsOfParameters(new Map([...parameters, ...shape]), { name, wkt }, datum.recognised);
}

/** `AUTHORITY["EPSG","32615"]`, `ID["EPSG",32615]` of the node itself. */
function codeOf(node: WktNode): string | null {
  const id = childrenNamed(node, "ID", "AUTHORITY").at(-1);
  return id === undefined ? null : `${id.values[0]}:${id.values[1]}`;
}

/** Datums whose places are WGS 84's within a metre or two, so that codes on WGS 84 name the same grid. */
const NAD83 = /^(d_?)?(nad_?(19)?83|north_american_(datum_)?(of_)?1983)$/;
const WGS84 = /^(d_?)?(wgs_?(19)?84|world_geodetic_system_1984)(_ensemble)?$/;
const NAMELESS = /unknown|not_specified|unnamed|undefined|user|custom|based_on|^$/;

interface Datum {
  readonly parameters: readonly (readonly [string, string])[];
  readonly semiMajor: number;
  /** Whether equal parameters are reason enough to name a code. */
  readonly recognised: boolean;
}

function datumOf(geographic: WktNode, wkt: string): Datum {
  const datum = childNamed(geographic, "DATUM", "GEODETICDATUM", "TRF", "ENSEMBLE", "DATUMENSEMBLE");
  const spheroid = datum && childNamed(datum, "SPHEROID", "ELLIPSOID");
  if (datum === undefined || spheroid === undefined) throw wktError(wkt, "it has no datum with an ellipsoid");
  const [, axis, flattening] = spheroid.values;
  const semiMajor = Number(axis) * factorOf(spheroid, 1);
  if (!(semiMajor > 0) || !(Number(flattening) >= 0)) throw wktError(wkt, "its ellipsoid has no axes");
  const name = String(datum.values[0]).toLowerCase().replaceAll(/[^a-z0-9]+/g, "_");
  const meridian = childNamed(geographic, "PRIMEM", "PRIMEMERIDIAN");
  const longitude = Number(meridian?.values[1] ?? 0) *
    degreesOf(meridian && childNamed(meridian, ...UNITS) ? meridian : geographic);
  const shift = childNamed(datum, "TOWGS84")?.values ?? [];
  const parameters: (readonly [string, string])[] = [];
  if (WGS84.test(name)) parameters.push(["datum", "WGS84"]);
  else if (NAD83.test(name)) parameters.push(["datum", "NAD83"]);
  else if (Number(flattening) === 0) parameters.push(["R", String(semiMajor)]);
  else parameters.push(["a", String(semiMajor)], ["rf", String(flattening)]);
  if (shift.some((value) => Number(value) !== 0)) parameters.push(["towgs84", shift.join(",")]);
  if (longitude !== 0) parameters.push(["pm", String(longitude)]);
  const sphere = Number(flattening) === 0;
  return {
    parameters,
    semiMajor,
    recognised: WGS84.test(name) || NAD83.test(name) || NAMELESS.test(name) || sphere || /hughes/.test(name),
  };
}

/** The definition in proj4's terms, without the datum. */
function projectionOf(node: WktNode, wkt: string): Map<string, string> {
  const conversion = childNamed(node, "CONVERSION") ?? node;
  const named = childNamed(conversion, "METHOD", "PROJECTION");
  const name = String(named?.values[0] ?? "");
  const method = methodNamed(name);
  if (method === undefined) throw wktError(wkt, `its projection method "${name}" is not known here`);
  const unit = factorOf(node, 1);
  const base = childNamed(node, ...BASE);
  const degrees = base === undefined ? 1 : degreesOf(base);
  const values = new Map<Role, number>();
  for (const parameter of childrenNamed(conversion, "PARAMETER")) {
    const [text, value] = parameter.values;
    const role = roleNamed(String(text));
    if (role === undefined || typeof value !== "number") continue;
    values.set(role, value * scaleOf(role, parameter, unit, degrees));
  }
  const definition = definitionOf(method, values, plainPole(name));
  if (unit !== 1) definition.set("to_meter", String(unit));
  return definition;
}

/** Lengths in metres, angles in degrees. WKT 2 has a unit in each parameter, WKT 1 one for all. */
function scaleOf(role: Role, parameter: WktNode, unit: number, degrees: number): number {
  if (role === "scale") return 1;
  const length = role === "easting" || role === "northing" || role === "height";
  const own = childNamed(parameter, ...UNITS);
  if (own === undefined) return length ? unit : degrees;
  return length ? factorOf(parameter, 1) : degreesOf(parameter);
}

/** -1 or 1 where the method's name says which pole it is of. */
function plainPole(name: string): number {
  return /south_?pole/i.test(name) ? -1 : /north_?pole/i.test(name) ? 1 : 0;
}

function definitionOf(method: Method, values: ReadonlyMap<Role, number>, pole: number): Map<string, string> {
  let { projection } = method;
  const numbers = new Map<string, number>();
  for (const { role, key } of method.parameters) {
    const value = values.get(role);
    if (value !== undefined) numbers.set(key, value);
  }
  if (projection === "stere" && method.name.includes("variant B")) {
    standardParallelAtPole(numbers, values, pole);
  } else if (projection === "lcc") {
    const first = values.get("parallel1") ?? values.get("latitude");
    if (first !== undefined) numbers.set("lat_1", first);
    if (values.has("scale")) numbers.set("k_0", values.get("scale") ?? 1);
  } else if (projection === "merc" && values.has("scale")) {
    numbers.set("k_0", values.get("scale") ?? 1);
  } else if (projection === "omerc") {
    const azimuth = values.get("azimuth") ?? 0;
    if (!numbers.has("gamma")) numbers.set("gamma", azimuth);
    // The Swiss form, for which the library has a projection of its own.
    if (Math.abs(azimuth - 90) < 1e-9 && Math.abs((numbers.get("gamma") ?? 0) - 90) < 1e-9) {
      projection = "somerc";
      numbers.set("lon_0", values.get("longitude") ?? 0);
      for (const key of ["lonc", "alpha", "gamma"]) numbers.delete(key);
    }
  }
  const fixed = projection === method.projection ? method.fixed ?? [] : [];
  return new Map([
    ["proj", projection],
    ...[...numbers].map(([key, value]): [string, string] => [key, String(value)]),
    ...fixed,
  ]);
}

/** GDAL's WKT 1 puts the parallel of true scale where the latitude of origin stands. */
function standardParallelAtPole(
  numbers: Map<string, number>,
  values: ReadonlyMap<Role, number>,
  pole: number,
): void {
  const parallel = values.get("parallel1") ?? values.get("latitude") ?? 90 * (pole || 1);
  const side = pole !== 0 ? pole : parallel < 0 ? -1 : 1;
  numbers.set("lat_0", 90 * side);
  const scale = values.get("scale") ?? 1;
  if (Math.abs(parallel) === 90) {
    numbers.delete("lat_ts");
    numbers.set("k_0", scale);
  } else numbers.set("lat_ts", parallel);
}

/** The factor of the node's own unit. */
function factorOf(node: WktNode, otherwise: number): number {
  const unit = childNamed(node, "LENGTHUNIT", "UNIT") ??
    childNamed(childNamed(node, "AXIS") ?? node, "LENGTHUNIT", "UNIT");
  const factor = Number(unit?.values[1] ?? otherwise);
  return factor > 0 && Number.isFinite(factor) ? factor : otherwise;
}

/** Degrees in the node's unit of angles, whose factor is in radians. Degrees themselves are exactly 1. */
function degreesOf(node: WktNode): number {
  const unit = childNamed(node, "ANGLEUNIT", "UNIT");
  const factor = Number(unit?.values[1] ?? Math.PI / 180) * 180 / Math.PI;
  return Math.abs(factor - 1) < 1e-9 || !(factor > 0) ? 1 : factor;
}
