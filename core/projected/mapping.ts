/** The reference system of a grid as attributes: CF's grid mapping, with the WKT that other readers take. */
import { inputError } from "../errors.ts";
import {
  ellipsoid,
  inverseFlattening,
  linearUnit,
  parameter,
  type Parameters,
  parseParameters,
} from "../raster/crs/parameters.ts";
import { wkt2OfCrs } from "../raster/crs/wkt2_text.ts";
import { crsOfGrid, isInDegrees, type ProjectedGrid } from "./grid.ts";

type Attributes = Record<string, number | number[] | string>;

/** WKT 2 of the grid's reference system, with its code. Throws an input error where there is none. */
export function wktOfGrid(grid: Pick<ProjectedGrid, "crs">): string {
  const crs = crsOfGrid(grid);
  const text = wkt2OfCrs(crs, { latitudeFirst: true });
  if (text === null) {
    throw inputError(
      `${grid.crs}: has no WKT here, by which other programs know a reference system (wanted a reference system on` +
        " WGS 84, NAD83 or another datum without shifts)",
      { code: grid.crs },
    );
  }
  const [authority, number] = (crs.code ?? "").split(":");
  return authority === "EPSG" && crs.wkt === null ? `${text.slice(0, -1)},ID["EPSG",${number}]]` : text;
}

/** Unit of x and y, as CF spells it. */
export function unitOfGrid(grid: Pick<ProjectedGrid, "crs">): string {
  if (isInDegrees(grid)) return "degree";
  const { name } = linearUnit(parseParameters(crsOfGrid(grid).proj4));
  return name === "metre" ? "m" : name;
}

/** What CF knows the coordinates of cells' centres by. */
export function coordinateAttributes(grid: Pick<ProjectedGrid, "crs">, axis: "x" | "y"): Attributes {
  const shared = { long_name: `${axis} of the cell's centre`, axis: axis.toUpperCase() };
  if (!isInDegrees(grid)) {
    return { standard_name: `projection_${axis}_coordinate`, ...shared, units: unitOfGrid(grid) };
  }
  return axis === "x"
    ? { standard_name: "longitude", ...shared, units: "degrees_east" }
    : { standard_name: "latitude", ...shared, units: "degrees_north" };
}

/** Attributes of the variable of the grid mapping (CF 1.11, appendix F), for methods that CF knows by name. */
export function mappingAttributes(grid: Pick<ProjectedGrid, "crs">): Attributes {
  const crs = crsOfGrid(grid);
  const parameters = parseParameters(crs.proj4);
  const wkt = wktOfGrid(grid);
  return {
    ...methodAttributes(parameters),
    ...ellipsoidAttributes(parameters),
    ...crs.geographic ? { geographic_crs_name: crs.name } : { projected_crs_name: crs.name },
    crs_wkt: wkt,
    spatial_ref: wkt,
  };
}

function ellipsoidAttributes(parameters: Parameters): Attributes {
  const shape = ellipsoid(parameters);
  if (shape === null) return {};
  return {
    semi_major_axis: shape.semiMajor,
    inverse_flattening: Number(inverseFlattening(shape).toPrecision(12)),
  };
}

function methodAttributes(parameters: Parameters): Attributes {
  const number = (name: string, otherwise = 0) => parameter(parameters, name, otherwise);
  const offsets = { false_easting: number("x_0"), false_northing: number("y_0") };
  const scale = number("k_0", number("k", 1));
  const origin = { latitude_of_projection_origin: number("lat_0") };
  const meridian = { longitude_of_central_meridian: number("lon_0") };
  switch (parameters.get("proj")) {
    case "longlat":
      return { grid_mapping_name: "latitude_longitude", longitude_of_prime_meridian: 0 };
    case "utm":
      return {
        grid_mapping_name: "transverse_mercator",
        scale_factor_at_central_meridian: 0.9996,
        longitude_of_central_meridian: number("zone") * 6 - 183,
        latitude_of_projection_origin: 0,
        false_easting: 500000,
        false_northing: parameters.has("south") ? 10000000 : 0,
      };
    case "tmerc":
      return {
        grid_mapping_name: "transverse_mercator",
        scale_factor_at_central_meridian: scale,
        ...meridian,
        ...origin,
        ...offsets,
      };
    case "stere":
      if (Math.abs(number("lat_0")) !== 90) return {};
      return {
        grid_mapping_name: "polar_stereographic",
        straight_vertical_longitude_from_pole: number("lon_0"),
        ...origin,
        ...parameters.has("lat_ts")
          ? { standard_parallel: number("lat_ts") }
          : { scale_factor_at_projection_origin: scale },
        ...offsets,
      };
    case "laea":
      return {
        grid_mapping_name: "lambert_azimuthal_equal_area",
        longitude_of_projection_origin: number("lon_0"),
        ...origin,
        ...offsets,
      };
    case "cea":
      return {
        grid_mapping_name: "lambert_cylindrical_equal_area",
        ...meridian,
        standard_parallel: number("lat_ts"),
        ...offsets,
      };
    case "aea":
      return {
        grid_mapping_name: "albers_conical_equal_area",
        standard_parallel: [number("lat_1"), number("lat_2")],
        ...meridian,
        ...origin,
        ...offsets,
      };
    default:
      return {};
  }
}
