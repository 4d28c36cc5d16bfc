/**
 * Map projections of geodetic coordinates on WGS84: degrees to metres and back. Points are written to
 * `out`, x to the right and y upward, so that a million of them allocate nothing.
 */

export const PROJECTION_NAMES = ["polar-north", "polar-south", "equirectangular"] as const;
export type ProjectionName = typeof PROJECTION_NAMES[number];

export interface Projection {
  readonly name: ProjectionName;
  /** The meridian that points up or stands in the middle. */
  readonly centralLongitude: number;
  /** Degrees to metres. */
  forward(longitude: number, latitude: number, out: Float64Array): void;
  /** Metres to degrees, longitude in -180 up to 180; false where the map shows nothing. */
  inverse(x: number, y: number, out: Float64Array): boolean;
}

const RADIANS = Math.PI / 180;
const MAJOR = 6378137;
const FLATTENING = 1 / 298.257223563;
const ECCENTRICITY_2 = FLATTENING * (2 - FLATTENING);
const ECCENTRICITY = Math.sqrt(ECCENTRICITY_2);

/** Latitudes of true scale of the usual polar grids (EPSG:3413 and EPSG:3031). */
const TRUE_SCALE = { "polar-north": 70, "polar-south": 71 } as const;

/** A polar map has nothing this far beyond its own pole: the other pole is infinitely far away. */
const POLAR_LIMIT = -60;

/** Longitude as -180 up to 180. */
export function wrapLongitude(degrees: number): number {
  const turned = (degrees + 180) % 360;
  return turned < 0 ? turned + 180 : turned - 180;
}

/** `standardParallel` is where an equirectangular map keeps its proportions; polar ones ignore it. */
export function makeProjection(
  name: ProjectionName,
  centralLongitude: number,
  standardParallel = 0,
): Projection {
  return name === "equirectangular"
    ? equirectangular(centralLongitude, standardParallel)
    : polarStereographic(name, centralLongitude);
}

function equirectangular(centralLongitude: number, standardParallel: number): Projection {
  const metres = MAJOR * RADIANS;
  const across = metres * Math.cos(standardParallel * RADIANS);
  return {
    name: "equirectangular",
    centralLongitude,
    forward(longitude, latitude, out) {
      out[0] = across * wrapLongitude(longitude - centralLongitude);
      out[1] = metres * latitude;
    },
    inverse(x, y, out) {
      const offset = x / across;
      out[0] = wrapLongitude(centralLongitude + offset);
      out[1] = y / metres;
      return offset >= -180 && offset <= 180 && out[1] >= -90 && out[1] <= 90;
    },
  };
}

/** Snyder 1987, "Map Projections: A Working Manual", equations 15-9, 21-33 to 21-36, 3-5 and 7-9. */
function polarStereographic(name: "polar-north" | "polar-south", centralLongitude: number): Projection {
  const side = name === "polar-north" ? 1 : -1;
  const scale = trueScaleRadius(TRUE_SCALE[name]);
  const e2 = ECCENTRICITY_2, e4 = e2 * e2, e6 = e4 * e2, e8 = e4 * e4;
  const c2 = e2 / 2 + (5 * e4) / 24 + e6 / 12 + (13 * e8) / 360;
  const c4 = (7 * e4) / 48 + (29 * e6) / 240 + (811 * e8) / 11520;
  const c6 = (7 * e6) / 120 + (81 * e8) / 1120;
  const c8 = (4279 * e8) / 161280;
  return {
    name,
    centralLongitude,
    forward(longitude, latitude, out) {
      const radius = scale * isometricT(Math.max(side * latitude, POLAR_LIMIT));
      const angle = (longitude - centralLongitude) * RADIANS;
      out[0] = radius * Math.sin(angle);
      out[1] = -side * radius * Math.cos(angle);
    },
    inverse(x, y, out) {
      const conformal = Math.PI / 2 - 2 * Math.atan(Math.hypot(x, y) / scale);
      const latitude = conformal + c2 * Math.sin(2 * conformal) + c4 * Math.sin(4 * conformal) +
        c6 * Math.sin(6 * conformal) + c8 * Math.sin(8 * conformal);
      out[0] = wrapLongitude(centralLongitude + Math.atan2(x, -side * y) / RADIANS);
      out[1] = (side * latitude) / RADIANS;
      return side * out[1] > POLAR_LIMIT;
    },
  };
}

function isometricT(latitude: number): number {
  const sine = ECCENTRICITY * Math.sin(latitude * RADIANS);
  return Math.tan((Math.PI / 4) - (latitude * RADIANS) / 2) / ((1 - sine) / (1 + sine)) ** (ECCENTRICITY / 2);
}

function trueScaleRadius(latitude: number): number {
  const sine = Math.sin(latitude * RADIANS);
  const parallel = Math.cos(latitude * RADIANS) / Math.sqrt(1 - ECCENTRICITY_2 * sine * sine);
  return (MAJOR * parallel) / isometricT(latitude);
}
