/** Coordinate reference systems that have no code, as WKT 2 (ISO 19162:2019), made of their parameters. */
import type { Crs } from "../grid.ts";
import { type Method, type MethodParameter, METHODS } from "./methods.ts";
import {
  ellipsoid,
  inverseFlattening,
  linearUnit,
  parameter,
  type Parameters,
  parseParameters,
} from "./parameters.ts";

const DEGREE = 'ANGLEUNIT["degree",0.0174532925199433]';
const METRE = 'LENGTHUNIT["metre",1]';
const SCALE = 'SCALEUNIT["unity",1]';

/** Text of version 2 begins so; older text with GEOGCS or PROJCS. */
const VERSION_2 = /^\s*(GEOGCRS|GEODCRS|PROJCRS|BOUNDCRS|COMPOUNDCRS)\s*\[/;

/**
 * The system as WKT 2: the file's own text where that is one, else made of its parameters. x comes before y,
 * as in `Crs`. Null where WKT has no words for it: a projection method that only proj4 knows, a datum that is
 * given by its shift.
 * @param order `latitudeFirst`: the axes of longitude and latitude as authorities have them, and a code's text says
 */
export function wkt2OfCrs(crs: Crs, { latitudeFirst = false } = {}): string | null {
  if (crs.wkt !== null && VERSION_2.test(crs.wkt)) return crs.wkt;
  const parameters = parseParameters(crs.proj4);
  const datum = datumText(parameters);
  if (datum === null) return null;
  const name = quoted(crs.name);
  if (crs.geographic) {
    const axes = latitudeFirst
      ? axis("latitude", "north", 1, DEGREE) + axis("longitude", "east", 2, DEGREE)
      : axis("longitude", "east", 1, DEGREE) + axis("latitude", "north", 2, DEGREE);
    return `GEOGCRS[${name},${datum},CS[ellipsoidal,2]${axes}]`;
  }
  const conversion = conversionText(parameters);
  if (conversion === null) return null;
  const unit = linearUnit(parameters);
  const length = `LENGTHUNIT[${quoted(unit.name)},${unit.metres}]`;
  const axes = planeAxes(parameters, length);
  return `PROJCRS[${name},BASEGEOGCRS["${
    geographicName(parameters)
  }",${datum}],${conversion},CS[Cartesian,2]${axes}]`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function axis(name: string, direction: string, order: number, unit: string): string {
  return `,AXIS["${name}",${direction},ORDER[${order}],${unit}]`;
}

/** Around a pole every direction is south, or north: axes are told by the meridians that they run along. */
function planeAxes(parameters: Parameters, length: string): string {
  const pole = parameter(parameters, "lat_0", 0);
  const projection = parameters.get("proj") ?? "";
  if (Math.abs(pole) !== 90 || !POLAR.includes(projection)) {
    return axis("easting", "east", 1, length) + axis("northing", "north", 2, length);
  }
  const origin = parameter(parameters, "lon_0", 0);
  const direction = pole > 0 ? "south" : "north";
  const along = (turn: number) => {
    const meridian = origin + turn;
    return `${direction},MERIDIAN[${meridian > 180 ? meridian - 360 : meridian},${DEGREE}]`;
  };
  return axis("easting", along(90), 1, length) + axis("northing", along(pole > 0 ? 180 : 0), 2, length);
}

const POLAR = ["stere", "laea"];

const DATUM_NAMES: Readonly<Record<string, string>> = {
  WGS84: "World Geodetic System 1984",
  NAD83: "North American Datum 1983",
  NAD27: "North American Datum 1927",
};

/** Programs that look for a system's code compare the names of what it is made of. */
function geographicName(parameters: Parameters): string {
  return parameters.get("datum") === "WGS84" ? "WGS 84" : "unknown";
}

function datumText(parameters: Parameters): string | null {
  const shape = ellipsoid(parameters);
  const shifts = (parameters.get("towgs84") ?? "0").split(",");
  const meridian = parameter(parameters, "pm", 0);
  if (shape === null || shifts.some((shift) => Number(shift) !== 0) || !Number.isFinite(meridian)) {
    return null;
  }
  const name = DATUM_NAMES[parameters.get("datum") ?? ""] ?? "unknown";
  // Twelve digits are those that definitions have: 298.257223563.
  const flattening = Number(inverseFlattening(shape).toPrecision(12));
  const form = `ELLIPSOID["${geographicName(parameters)}",${shape.semiMajor},${flattening},${METRE}]`;
  const from = meridian === 0 ? "Greenwich" : "unknown";
  return `DATUM["${name}",${form}],PRIMEM["${from}",${meridian},${DEGREE}]`;
}

function conversionText(definition: Parameters): string | null {
  const parameters = asMethod(definition);
  const method = methodOf(parameters);
  if (method === undefined) return null;
  const texts = method.parameters.map((each) => parameterText(each, parameters));
  if (texts.some((text) => text === null)) return null;
  return `CONVERSION["unknown",METHOD["${method.name}"${idText(method.id)}],${texts.join(",")}]`;
}

/** Zones of UTM and the Swiss projection are methods of their own to proj4 alone. */
function asMethod(parameters: Parameters): Parameters {
  const projection = parameters.get("proj");
  if (projection === "utm") {
    return new Map([
      ["proj", "tmerc"],
      ["lon_0", String(parameter(parameters, "zone", NaN) * 6 - 183)],
      ["k_0", "0.9996"],
      ["x_0", "500000"],
      ["y_0", parameters.has("south") ? "10000000" : "0"],
    ]);
  }
  if (projection !== "somerc") return parameters;
  const meridian = parameters.get("lon_0") ?? "0";
  return new Map([...parameters, ["proj", "omerc"], ["lonc", meridian], ["alpha", "90"], ["gamma", "90"]]);
}

function methodOf(parameters: Parameters): Method | undefined {
  const named = (name: string) => METHODS.find((method) => method.name === name);
  const number = (name: string, otherwise = 0) => parameter(parameters, name, otherwise);
  const projection = parameters.get("proj") ?? "";
  switch (projection) {
    case "stere":
      if (Math.abs(number("lat_0")) !== 90) return named("Stereographic");
      return named(`Polar Stereographic (variant ${parameters.has("lat_ts") ? "B" : "A"})`);
    case "lcc":
      return number("lat_2", number("lat_1")) === number("lat_1")
        ? number("lat_1") === number("lat_0") ? named("Lambert Conic Conformal (1SP)") : undefined
        : named("Lambert Conic Conformal (2SP)");
    case "merc":
      if (parameters.get("nadgrids") === "@null") return named("Popular Visualisation Pseudo Mercator");
      return named(`Mercator (variant ${number("lat_ts") === 0 ? "A" : "B"})`);
    case "omerc":
      return named(`Hotine Oblique Mercator (variant ${parameters.has("no_uoff") ? "A" : "B"})`);
    case "geos":
      return named(`Geostationary Satellite (Sweep ${parameters.get("sweep") === "x" ? "X" : "Y"})`);
    default:
      return METHODS.find((method) => method.projection === projection);
  }
}

function parameterText({ role, key, name, id }: MethodParameter, parameters: Parameters): string | null {
  const value = role === "scale"
    ? parameter(parameters, "k_0", parameter(parameters, "k", 1))
    : parameter(parameters, key, 0);
  if (!Number.isFinite(value)) return null;
  const length = role === "easting" || role === "northing" || role === "height";
  return `PARAMETER["${name}",${value},${role === "scale" ? SCALE : length ? METRE : DEGREE}${idText(id)}]`;
}

/** The EPSG dataset's number, where it has one. */
function idText(id: number): string {
  return id === 0 ? "" : `,ID["EPSG",${id}]`;
}
