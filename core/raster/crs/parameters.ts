/** Definitions in proj4's notation, as parameters and back as text. */

/** `+proj=utm +zone=15 +south` is {proj: "utm", zone: "15", south: ""}. Names in the order of the text. */
export type Parameters = ReadonlyMap<string, string>;

export function parseParameters(definition: string): Parameters {
  const found = new Map<string, string>();
  for (const [, name, quoted, plain] of definition.matchAll(/\+(\w+)(?:=(?:"([^"]*)"|(\S+)))?/g)) {
    found.set(name, quoted ?? plain ?? "");
  }
  return found;
}

export function formatParameters(parameters: Parameters): string {
  return [...parameters].map(([name, value]) => value === "" ? `+${name}` : `+${name}=${value}`).join(" ");
}

/** A number of the definition; NaN for text that is none. */
export function parameter(parameters: Parameters, name: string, otherwise: number): number {
  const text = parameters.get(name);
  return text === undefined ? otherwise : Number(text);
}

/** An ellipsoid of revolution, in metres. A sphere has equal axes. */
export interface Ellipsoid {
  readonly semiMajor: number;
  readonly semiMinor: number;
}

/** Semi-major axis and inverse flattening, 0 for a sphere, by proj4's names (PROJ's table of ellipsoids). */
const ELLIPSOIDS: Readonly<Record<string, readonly [number, number]>> = {
  WGS84: [6378137, 298.257223563],
  GRS80: [6378137, 298.257222101],
  GRS67: [6378160, 298.2471674270],
  WGS72: [6378135, 298.26],
  IAU76: [6378140, 298.257],
  GSK2011: [6378136.5, 298.2564151],
  clrk66: [6378206.4, 294.9786982138982],
  clrk80ign: [6378249.2, 293.4660212936269],
  clrk80: [6378249.145, 293.4663],
  bessel: [6377397.155, 299.1528128],
  bess_nam: [6377483.865, 299.1528128],
  intl: [6378388, 297],
  krass: [6378245, 298.3],
  airy: [6377563.396, 299.3249646],
  mod_airy: [6377340.189, 299.3249374],
  aust_SA: [6378160, 298.25],
  helmert: [6378200, 298.3],
  hough: [6378270, 297],
  sphere: [6370997, 0],
};

const DATUMS: Readonly<Record<string, string>> = { WGS84: "WGS84", NAD83: "GRS80", NAD27: "clrk66" };

export function ellipsoidOf(semiMajor: number, inverseFlattening: number): Ellipsoid {
  const flattening = inverseFlattening === 0 || !Number.isFinite(inverseFlattening)
    ? 0
    : 1 / inverseFlattening;
  return { semiMajor, semiMinor: semiMajor * (1 - flattening) };
}

/** The inverse flattening, 0 for a sphere. */
export function inverseFlattening({ semiMajor, semiMinor }: Ellipsoid): number {
  return semiMajor === semiMinor ? 0 : semiMajor / (semiMajor - semiMinor);
}

/** The ellipsoid of a definition, WGS 84's where it says none; null for a name outside the table. */
export function ellipsoid(parameters: Parameters): Ellipsoid | null {
  const sphere = parameter(parameters, "R", NaN);
  if (sphere > 0) return { semiMajor: sphere, semiMinor: sphere };
  const name = parameters.get("ellps") ?? DATUMS[parameters.get("datum") ?? ""];
  const semiMajor = parameter(parameters, "a", NaN);
  if (semiMajor > 0) {
    const semiMinor = parameter(parameters, "b", NaN);
    if (semiMinor > 0) return { semiMajor, semiMinor };
    const flattening = parameter(parameters, "f", NaN);
    return ellipsoidOf(semiMajor, parameter(parameters, "rf", flattening > 0 ? 1 / flattening : 0));
  }
  if (name === undefined) return parameters.has("datum") ? null : ellipsoidOf(...ELLIPSOIDS.WGS84);
  const known = ELLIPSOIDS[name];
  return known === undefined ? null : ellipsoidOf(...known);
}

/** Axes this near to WGS 84's, relatively, are meant to be WGS 84's: writers round them. */
const SAME_AXIS = 1e-6;

/** Whether an ellipsoid is WGS 84's for all purposes of grids; GRS 1980's is, 0.1 mm away. */
export function isWgs84({ semiMajor, semiMinor }: Ellipsoid): boolean {
  const wgs84 = ellipsoidOf(...ELLIPSOIDS.WGS84);
  return Math.abs(semiMajor / wgs84.semiMajor - 1) <= SAME_AXIS &&
    Math.abs(semiMinor / wgs84.semiMinor - 1) <= SAME_AXIS;
}

/** Metres in proj4's linear units, as its table has them. */
const UNITS: Readonly<Record<string, { name: string; metres: number }>> = {
  m: { name: "metre", metres: 1 },
  km: { name: "kilometre", metres: 1000 },
  ft: { name: "foot", metres: 0.3048 },
  "us-ft": { name: "US survey foot", metres: 1200 / 3937 },
  "ind-yd": { name: "Indian yard", metres: 0.91439523 },
  link: { name: "link", metres: 0.201168 },
  ch: { name: "chain", metres: 20.1168 },
};

export interface LinearUnit {
  readonly name: string;
  readonly metres: number;
}

/** The unit of a projected definition's axes. */
export function linearUnit(parameters: Parameters): LinearUnit {
  const metres = parameter(parameters, "to_meter", NaN);
  if (metres > 0) return { name: metres === 1 ? "metre" : `${metres} metre`, metres };
  return UNITS[parameters.get("units") ?? "m"] ?? UNITS.m;
}
