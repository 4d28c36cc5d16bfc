/** What an axis of a variable measures, given by its coordinate variable (CF conventions, section 4). */
import { attributeText } from "../hdf5/attribute_values.ts";
import type { Hdf5Scalar } from "../hdf5/contract.ts";

export type Attributes = Readonly<Record<string, Hdf5Scalar | readonly Hdf5Scalar[]>>;

/** Which way an axis goes. */
export type AxisDirection = "x" | "y" | "time" | "other";

/** What its numbers are: degrees of longitude or latitude, lengths of a projection, others by their name. */
type AxisMeasure = "degrees" | "length" | "rotated" | "angle" | "unknown";

export interface AxisKind {
  readonly direction: AxisDirection;
  readonly measure: AxisMeasure;
}

const STANDARD_NAMES: Readonly<Record<string, AxisKind>> = {
  longitude: { direction: "x", measure: "degrees" },
  latitude: { direction: "y", measure: "degrees" },
  projection_x_coordinate: { direction: "x", measure: "length" },
  projection_y_coordinate: { direction: "y", measure: "length" },
  projection_x_angular_coordinate: { direction: "x", measure: "angle" },
  projection_y_angular_coordinate: { direction: "y", measure: "angle" },
  grid_longitude: { direction: "x", measure: "rotated" },
  grid_latitude: { direction: "y", measure: "rotated" },
  time: { direction: "time", measure: "unknown" },
};

const COORDINATE_TYPES: Readonly<Record<string, AxisKind>> = {
  lon: { direction: "x", measure: "degrees" },
  lat: { direction: "y", measure: "degrees" },
  geox: { direction: "x", measure: "length" },
  geoy: { direction: "y", measure: "length" },
  time: { direction: "time", measure: "unknown" },
};

const AXES: Readonly<Record<string, AxisDirection>> = { x: "x", y: "y", t: "time", z: "other" };

const NORTH = /^degrees?_?(north|n|true)$/i;
const EAST = /^degrees?_?(east|e)$/i;
const DEGREES = /^(degrees?|deg|°)$/i;
const ANGLE = /^(micro)?rad(ians?)?$/i;
const LENGTH = /^(k?m|(kilo)?(met(er|re)s?)|us_survey_foot|foot|feet|ft)$/i;
const SINCE = /\bsince\b/i;

/** Names that writers give axes, in lower case. */
const NAMES: readonly (readonly [RegExp, AxisKind])[] = [
  [/^(rlon|grid_lon(gitude)?)$/, { direction: "x", measure: "rotated" }],
  [/^(rlat|grid_lat(itude)?)$/, { direction: "y", measure: "rotated" }],
  [/^(lons?|longitudes?|nlons?|nav_lon|long)$/, { direction: "x", measure: "degrees" }],
  [/^(lats?|latitudes?|nlats?|nav_lat)$/, { direction: "y", measure: "degrees" }],
  [/^(x|xc|xdim|x_?coord(inate)?s?|easting|xgrid)$/, { direction: "x", measure: "unknown" }],
  [/^(y|yc|ydim|y_?coord(inate)?s?|northing|ygrid)$/, { direction: "y", measure: "unknown" }],
  [/^(time|times|t|valid_time|date)$/, { direction: "time", measure: "unknown" }],
];

/**
 * What the axis measures, by `axis`, standard_name, units and `_CoordinateAxisType` of its coordinate
 * variable, then by its name; the first that answers.
 */
export function axisKind(name: string, attributes: Attributes): AxisKind {
  const units = attributeText(attributes.units ?? attributes.Units);
  const byStandardName = lookUp(STANDARD_NAMES, attributeText(attributes.standard_name));
  const byType = lookUp(COORDINATE_TYPES, attributeText(attributes._CoordinateAxisType));
  const byName = NAMES.find(([pattern]) => pattern.test(name.toLowerCase()))?.[1];
  const byUnits: AxisKind | undefined = EAST.test(units)
    ? { direction: "x", measure: "degrees" }
    : NORTH.test(units)
    ? { direction: "y", measure: "degrees" }
    : SINCE.test(units)
    ? { direction: "time", measure: "unknown" }
    : undefined;
  const axis = lookUp(AXES, attributeText(attributes.axis));
  const direction = axis ?? byStandardName?.direction ?? byUnits?.direction ?? byType?.direction ??
    byName?.direction ?? "other";
  if (direction !== "x" && direction !== "y") return { direction, measure: "unknown" };
  const measured = [byStandardName, byUnits, byType, byName].find((one) =>
    one?.direction === direction && one.measure !== "unknown"
  );
  // Lengths that are given by the name of a projection's axis may still be written in radians.
  if (ANGLE.test(units)) return { direction, measure: "angle" };
  if (measured !== undefined) return { direction, measure: measured.measure };
  if (DEGREES.test(units)) return { direction, measure: "degrees" };
  return { direction, measure: LENGTH.test(units) ? "length" : "unknown" };
}

/** Metres of units that axes are written in, where those of their reference system may differ. */
const UNITS_IN_METRES: readonly (readonly [RegExp, number])[] = [
  [/^(km|kilomet(er|re)s?)$/i, 1000],
  [/^us[_ -]?(survey[_ ])?(foot|feet|ft)$/i, 1200 / 3937],
  [/^(foot|feet|ft)$/i, 0.3048],
];

/** Relative difference of a foot and a US survey foot: writers call both a foot. */
const FEET_APART = 1e-5;

/**
 * What an axis' numbers are multiplied by to be in the unit of its reference system, of `metres` metres. Of
 * other units nothing is known, and metres are written for any: theirs are those of the system.
 */
export function factorTo(metres: number, attributes: Attributes): number {
  const units = attributeText(attributes.units ?? attributes.Units);
  const own = UNITS_IN_METRES.find(([pattern]) => pattern.test(units))?.[1] ?? metres;
  return Math.abs(own / metres - 1) < FEET_APART ? 1 : own / metres;
}

function lookUp<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  const name = key.toLowerCase();
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
