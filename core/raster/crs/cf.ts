/**
 * Coordinate reference systems of netCDF files: a grid mapping's attributes (CF conventions, section 5.6
 * and appendix F), with the codes and the WKT that writers add to them.
 */
import { GranaryError } from "../../errors.ts";
import { attributeNumbers, attributeText } from "../../hdf5/attribute_values.ts";
import type { Hdf5Scalar } from "../../hdf5/contract.ts";
import type { Crs } from "../grid.ts";
import { crsOfCode, findCrs } from "./codes.ts";
import { ellipsoid, ellipsoidOf, isWgs84, parseParameters } from "./parameters.ts";
import { crsOfProj4 } from "./definition.ts";
import { crsOfWkt } from "./wkt.ts";

/** Attributes as HDF5 readers give them. */
export type MappingAttributes = Readonly<Record<string, Hdf5Scalar | readonly Hdf5Scalar[]>>;

/** The system, and what was assumed; or the rule that refuses it, and what was found. */
type CfCrs =
  | { readonly crs: Crs; readonly notes: readonly string[] }
  | { readonly rule: "rotated" | "geostationary" | "projection"; readonly refused: string };

/**
 * The coordinate reference system of a grid mapping: by its code, by its parameters, by its WKT, the first
 * that answers. An ellipsoid within a millionth of WGS 84's axes is WGS 84's.
 */
export function cfToCrs(attributes: MappingAttributes): CfCrs {
  const name = text(attributes, "grid_mapping_name").toLowerCase();
  if (name === "rotated_latitude_longitude") {
    return { rule: "rotated", refused: "a rotated pole (grid_mapping_name rotated_latitude_longitude)" };
  }
  if (name === "geostationary" || name === "vertical_perspective") {
    return { rule: "geostationary", refused: `a view from space (grid_mapping_name ${name})` };
  }
  const code = statedCode(attributes);
  if (code !== undefined) {
    const byCode = findCrs(code);
    if (byCode !== null) return { crs: byCode, notes: contradiction(attributes, byCode, code) };
  }
  const notes = code === undefined
    ? []
    : [`its code ${code} is not known: its other attributes are followed`];
  const parameters = projectionOf(name, attributes);
  const { definition, assumed } = ellipsoidText(attributes);
  // Parameters go before a text without a code, unless they leave the ellipsoid to it.
  const complete = parameters !== undefined && !assumed;
  for (const attribute of complete ? [] : WKT_ATTRIBUTES) {
    const wkt = text(attributes, attribute);
    if (wkt === "") continue;
    try {
      return { crs: crsOfWkt(wkt), notes };
    } catch (error) {
      if (!(error instanceof GranaryError)) throw error;
      notes.push(`its ${attribute} is not followed (${error.message})`);
    }
  }
  if (parameters === undefined) {
    return {
      rule: "projection",
      refused: name === "" ? "no grid_mapping_name" : `the projection ${name}`,
    };
  }
  const wrong = PARAMETERS.find((parameter) =>
    attributes[parameter] !== undefined && !isNumbers(attributes, parameter)
  );
  if (wrong !== undefined) {
    return { rule: "projection", refused: `the parameter ${wrong}, which is no number` };
  }
  if (assumed) notes.push("no ellipsoid is stated: that of WGS 84 is taken");
  if (parameters === "longlat") {
    const shape = ellipsoid(parseParameters(definition));
    if (shape === null || isWgs84(shape)) return { crs: crsOfCode("EPSG:4326"), notes };
    return { crs: crsOfProj4(`+proj=longlat ${definition} +no_defs`), notes };
  }
  const shift = `+x_0=${number(attributes, "false_easting") ?? 0} +y_0=${
    number(attributes, "false_northing") ?? 0
  }`;
  return { crs: crsOfProj4(`+proj=${parameters} ${shift} ${definition} +units=m +no_defs`), notes };
}

/** Attributes that place a projection. One that is there and no number is never passed over. */
const PARAMETERS = [
  "longitude_of_central_meridian",
  "longitude_of_projection_origin",
  "latitude_of_projection_origin",
  "straight_vertical_longitude_from_pole",
  "standard_parallel",
  "scale_factor_at_projection_origin",
  "scale_factor_at_central_meridian",
  "false_easting",
  "false_northing",
  "earth_radius",
  "semi_major_axis",
  "semi_minor_axis",
  "inverse_flattening",
  "longitude_of_prime_meridian",
] as const;

/** Where writers put WKT: CF, GDAL and rioxarray, ESRI. */
const WKT_ATTRIBUTES = ["crs_wkt", "spatial_ref", "esri_pe_string"] as const;

/** The code that an attribute states, or that stands at the root of the WKT. */
function statedCode(attributes: MappingAttributes): string | undefined {
  for (const attribute of ["epsg_code", "EPSG_code", "epsg"]) {
    const value = text(attributes, attribute) || String(number(attributes, attribute) ?? "");
    const found = /(\d{4,6})\s*$/.exec(value);
    if (found) return `EPSG:${found[1]}`;
  }
  for (const attribute of WKT_ATTRIBUTES) {
    const found = /(?:AUTHORITY\["(\w+)",\s*"?(\d+)"?\]|ID\["(\w+)",\s*(\d+)\])\s*\]\s*$/i.exec(
      text(attributes, attribute),
    );
    if (found) return `${found[1] ?? found[3]}:${found[2] ?? found[4]}`;
  }
  return undefined;
}

/** A warning where the stated ellipsoid is not that of the code. */
function contradiction(attributes: MappingAttributes, crs: Crs, code: string): string[] {
  const semiMajor = number(attributes, "semi_major_axis");
  const meant = ellipsoid(parseParameters(crs.proj4));
  if (semiMajor === undefined || meant === null) return [];
  if (Math.abs(semiMajor / meant.semiMajor - 1) <= 1e-6) return [];
  return [
    `its semi_major_axis ${semiMajor} is not that of ${code} (${meant.semiMajor}): the code is followed`,
  ];
}

/** The projection in proj4's words, without false origin and ellipsoid; undefined for one that is not known. */
function projectionOf(name: string, attributes: MappingAttributes): string | undefined {
  const value = (attribute: string, otherwise = 0) => number(attributes, attribute) ?? otherwise;
  const meridian = number(attributes, "longitude_of_central_meridian") ??
    number(attributes, "longitude_of_projection_origin") ?? 0;
  const parallels = numbers(attributes, "standard_parallel");
  const [first, second = first] = parallels;
  // A cone on one parallel that names no other origin has it there.
  const onOneParallel = name === "lambert_conformal_conic" && parallels.length === 1;
  const origin = value("latitude_of_projection_origin", onOneParallel ? first : 0);
  const scale = number(attributes, "scale_factor_at_projection_origin") ??
    number(attributes, "scale_factor_at_central_meridian");
  const scaled = scale === undefined ? "" : ` +k_0=${scale}`;
  switch (name) {
    case "latitude_longitude":
      return "longlat";
    case "sinusoidal":
      return `sinu +lon_0=${meridian}`;
    case "albers_conical_equal_area":
      return first === undefined
        ? undefined
        : `aea +lat_1=${first} +lat_2=${second} +lat_0=${origin} +lon_0=${meridian}`;
    case "lambert_conformal_conic": {
      const conic = first === undefined ? [origin, origin] : [first, second];
      return `lcc +lat_1=${conic[0]} +lat_2=${conic[1]} +lat_0=${origin} +lon_0=${meridian}${scaled}`;
    }
    case "lambert_azimuthal_equal_area":
      return `laea +lat_0=${origin} +lon_0=${meridian}`;
    case "azimuthal_equidistant":
      return `aeqd +lat_0=${origin} +lon_0=${meridian}`;
    case "lambert_cylindrical_equal_area":
      return `cea +lat_ts=${first ?? parallelOf(scale ?? 1)} +lon_0=${meridian}`;
    case "mercator":
      return first === undefined
        ? `merc +lon_0=${meridian}${scaled}`
        : `merc +lat_ts=${first} +lon_0=${meridian}`;
    case "transverse_mercator":
      return `tmerc +lat_0=${origin} +lon_0=${meridian} +k_0=${scale ?? 1}`;
    case "polar_stereographic": {
      const vertical = number(attributes, "straight_vertical_longitude_from_pole") ?? meridian;
      const pole = (number(attributes, "latitude_of_projection_origin") ?? first ?? 90) < 0 ? -90 : 90;
      const size = first === undefined ? scaled : ` +lat_ts=${first}`;
      return `stere +lat_0=${pole}${size} +lon_0=${vertical}`;
    }
    case "stereographic":
      return `stere +lat_0=${origin} +lon_0=${meridian}${scaled}`;
    default:
      return undefined;
  }
}

/** The parallel of true scale of a cylindrical projection that has the scale `factor` at the equator. */
function parallelOf(factor: number): number {
  return factor >= 1 ? 0 : Math.acos(factor) * 180 / Math.PI;
}

const NAMED_ELLIPSOIDS: Readonly<Record<string, string>> = {
  wgs84: "WGS84",
  wgs1984: "WGS84",
  grs80: "GRS80",
  grs1980: "GRS80",
  nad83: "GRS80",
  clarke1866: "clrk66",
  nad27: "clrk66",
  bessel1841: "bessel",
  international1924: "intl",
};

/** The ellipsoid in proj4's words. `assumed` where no attribute says one. */
function ellipsoidText(attributes: MappingAttributes): { definition: string; assumed: boolean } {
  const radius = number(attributes, "earth_radius");
  const semiMajor = number(attributes, "semi_major_axis") ?? radius;
  const semiMinor = number(attributes, "semi_minor_axis");
  const flattening = number(attributes, "inverse_flattening");
  const meridian = number(attributes, "longitude_of_prime_meridian") ?? 0;
  const prime = meridian === 0 ? "" : ` +pm=${meridian}`;
  if (semiMajor !== undefined && semiMajor > 0) {
    const shape = flattening !== undefined
      ? ellipsoidOf(semiMajor, flattening)
      : { semiMajor, semiMinor: semiMinor ?? semiMajor };
    // A lone semi-major axis of WGS 84 means WGS 84: no sphere has that radius.
    const lone = flattening === undefined && semiMinor === undefined && semiMajor === 6378137;
    if (lone || isWgs84(shape)) return { definition: `+datum=WGS84${prime}`, assumed: false };
    const axes = shape.semiMajor === shape.semiMinor
      ? `+R=${semiMajor}`
      : flattening !== undefined
      ? `+a=${semiMajor} +rf=${flattening}`
      : `+a=${semiMajor} +b=${semiMinor}`;
    return { definition: axes + prime, assumed: false };
  }
  for (const attribute of ["reference_ellipsoid_name", "horizontal_datum_name", "ellipsoid"]) {
    const named = NAMED_ELLIPSOIDS[text(attributes, attribute).toLowerCase().replace(/[^a-z0-9]/g, "")];
    if (named !== undefined) return { definition: `+ellps=${named}${prime}`, assumed: false };
  }
  return { definition: `+datum=WGS84${prime}`, assumed: true };
}

function text(attributes: MappingAttributes, name: string): string {
  return attributeText(attributes[name]);
}

function isNumbers(attributes: MappingAttributes, name: string): boolean {
  const values = [attributes[name]].flat();
  return values.length > 0 && numbers(attributes, name).length >= values.length;
}

function numbers(attributes: MappingAttributes, name: string): number[] {
  return attributeNumbers(attributes[name]);
}

function number(attributes: MappingAttributes, name: string): number | undefined {
  return numbers(attributes, name)[0];
}
