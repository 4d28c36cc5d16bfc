/**
 * Coordinate reference systems of HDF-EOS files: projections of the General Cartographic Transformation
 * Package by their names and 13 parameters (HDF-EOS Library User's Guide, volume 1, appendix on GCTP).
 */
import type { Crs } from "../grid.ts";
import { crsOfCode } from "./codes.ts";
import { crsOfProj4 } from "./definition.ts";

/** A projection as GCTP has it. */
export interface GctpProjection {
  /** `HE5_GCTP_PS`. */
  readonly projection: string;
  readonly zoneCode: number | undefined;
  readonly sphereCode: number | undefined;
  readonly params: readonly number[];
}

/** The system, and what was assumed; or why there is none. */
type GctpCrs = { readonly crs: Crs; readonly notes: readonly string[] } | { readonly refused: string };

/** -45000000 is -45 degrees, 22030000 is 22.5: DDDMMMSSS.SS, thousands are minutes, the rest seconds. */
export function unpackDegrees(packed: number): number {
  const size = Math.abs(packed);
  const degrees = Math.floor(size / 1e6);
  const minutes = Math.floor((size - degrees * 1e6) / 1e3);
  const seconds = size - degrees * 1e6 - minutes * 1e3;
  return Math.sign(packed) * (degrees + minutes / 60 + seconds / 3600);
}

/** GCTP's table of spheroids by code: semi-major and semi-minor axis in metres. */
const SPHEROIDS: readonly (readonly [number, number])[] = [
  [6378206.4, 6356583.8], // Clarke 1866
  [6378249.145, 6356514.86955], // Clarke 1880
  [6377397.155, 6356078.96284], // Bessel
  [6378157.5, 6356772.2], // International 1967
  [6378388.0, 6356911.94613], // International 1909
  [6378135.0, 6356750.519915], // WGS 72
  [6377276.3452, 6356075.4133], // Everest
  [6378145.0, 6356759.769356], // WGS 66
  [6378137.0, 6356752.31414], // GRS 1980
  [6377563.396, 6356256.91], // Airy
  [6377304.063, 6356103.039], // Modified Everest
  [6377340.189, 6356034.448], // Modified Airy
  [6378137.0, 6356752.314245], // WGS 84
  [6378155.0, 6356773.3205], // Southeast Asia
  [6378160.0, 6356774.719], // Australian National
  [6378245.0, 6356863.0188], // Krassovsky
  [6378270.0, 6356794.343479], // Hough
  [6378166.0, 6356784.283666], // Mercury 1960
  [6378150.0, 6356768.337303], // Modified Mercury 1968
  [6370997.0, 6370997.0], // sphere
];

const CLARKE_1866 = 0;
const WGS_84 = 12;

/** The coordinate reference system of `given`. Corner points of GEO are degrees, of others metres. */
export function gctpToCrs(given: GctpProjection): GctpCrs {
  const { zoneCode, sphereCode } = given;
  const params = Array.from({ length: 13 }, (_, i) => given.params[i] ?? 0);
  const name = given.projection.replace(/^.*GCTP_/, "").toUpperCase();
  if (name === "GEO") return geographic(sphereCode);
  if (name === "UTM") return utm(zoneCode, sphereCode);
  const angle = (i: number) => unpackDegrees(params[i]);
  const shift = `+x_0=${params[6]} +y_0=${params[7]}`;
  const pole = angle(5) < 0 ? -90 : 90;
  const projections: Readonly<Record<string, () => string>> = {
    ALBERS: () => `aea +lat_1=${angle(2)} +lat_2=${angle(3)} +lat_0=${angle(5)} +lon_0=${angle(4)} ${shift}`,
    LAMCC: () => `lcc +lat_1=${angle(2)} +lat_2=${angle(3)} +lat_0=${angle(5)} +lon_0=${angle(4)} ${shift}`,
    MERCAT: () => `merc +lat_ts=${angle(5)} +lon_0=${angle(4)} ${shift}`,
    PS: () => `stere +lat_0=${pole} +lat_ts=${angle(5)} +lon_0=${angle(4)} ${shift}`,
    TM: () => `tmerc +lat_0=${angle(5)} +lon_0=${angle(4)} +k_0=${params[2]} ${shift}`,
    LAMAZ: () => `laea +lat_0=${angle(5)} +lon_0=${angle(4)} ${shift}`,
    SNSOID: () => `sinu +lon_0=${angle(4)} ${shift}`,
    CEA: () => `cea +lat_ts=${angle(5)} +lon_0=${angle(4)} ${shift}`,
    BCEA: () => `cea +lat_ts=${angle(5)} +lon_0=${angle(4)} ${shift}`,
  };
  const projection = Object.hasOwn(projections, name) ? projections[name] : undefined;
  if (projection === undefined) return { refused: `its projection ${given.projection || "(none stated)"}` };
  const { text, notes } = ellipsoid(params, sphereCode);
  return { crs: crsOfProj4(`+proj=${projection()} ${text} +units=m +no_defs`), notes };
}

function geographic(sphereCode: number | undefined): GctpCrs {
  const known = sphereCode === undefined || sphereCode === WGS_84 || sphereCode < 0 ||
    sphereCode === CLARKE_1866;
  const notes = known
    ? []
    : [`its SphereCode ${sphereCode} names another ellipsoid; degrees are taken as those of WGS 84`];
  return { crs: crsOfCode("EPSG:4326"), notes };
}

function utm(zoneCode: number | undefined, sphereCode: number | undefined): GctpCrs {
  const zone = Math.abs(zoneCode ?? 0);
  if (!Number.isInteger(zone) || zone < 1 || zone > 60) {
    return { refused: `its projection UTM with the ZoneCode ${zoneCode ?? "(none stated)"}` };
  }
  const south = (zoneCode ?? 0) < 0;
  if (sphereCode === undefined || sphereCode < 0 || sphereCode === WGS_84) {
    return { crs: crsOfCode(`EPSG:${(south ? 32700 : 32600) + zone}`), notes: [] };
  }
  const [a, b] = SPHEROIDS[sphereCode] ?? SPHEROIDS[WGS_84];
  const crs = crsOfProj4(
    `+proj=utm +zone=${zone}${south ? " +south" : ""} +a=${a} +b=${b} +units=m +no_defs`,
  );
  return { crs, notes: [] };
}

/**
 * The ellipsoid as GCTP's sphdz takes it: the first parameter is the radius or the semi-major axis; of the
 * second the size counts: over 1 the semi-minor axis, below 1 the eccentricity squared, 0 a sphere. Without
 * both, the code's.
 */
function ellipsoid(
  params: readonly number[],
  sphereCode: number | undefined,
): { text: string; notes: string[] } {
  const first = Math.abs(params[0]);
  const second = Math.abs(params[1]);
  if (first > 0) {
    if (second > 1) return { text: `+a=${first} +b=${second}`, notes: [] };
    if (second > 0) return { text: `+a=${first} +rf=${1 / (1 - Math.sqrt(1 - second))}`, notes: [] };
    return { text: `+R=${first}`, notes: [] };
  }
  const known = sphereCode === undefined ? undefined : SPHEROIDS[sphereCode];
  const [a, b] = known ?? SPHEROIDS[WGS_84];
  const notes = known === undefined ? ["no ellipsoid is stated: that of WGS 84 is taken"] : [];
  return { text: a === b ? `+R=${a}` : `+a=${a} +b=${b}`, notes };
}
