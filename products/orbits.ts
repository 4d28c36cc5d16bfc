/**
 * Ground tracks of granules whose only footprint is an orbit: the longitude of an ascending node and
 * the latitudes where the granule starts and ends.
 *
 * Method: a circular orbit of inclination i over a rotating earth. At the argument of latitude u,
 * counted in degrees of the orbit from the ascending node,
 *   sin(latitude, geocentric) = sin i sin u
 *   longitude = node + atan2(cos i sin u, cos u) - shift * u / 360
 * where `shift` is how far west the next ascending node lies (Capderou, Handbook of Satellite Orbits,
 * chapter 8, with the precession of the node folded into `shift`). Against the 11 real ATL06 granules
 * and the ATL08 one that the tests read, observations of all six beams (which lie within 3.4 km of the
 * reference track) are at most 5 km from it.
 */

export interface OrbitParameters {
  inclinationDegrees: number;
  /** Degrees of longitude from one ascending node west to the next. */
  nodeShiftDegrees: number;
  /** The width that the footprint gets, centred on the track. */
  swathWidthKm: number;
  /** Degrees along the orbit from its node where the mission's orbits begin: 0 at the node itself. */
  startDegrees: number;
}

export type Direction = "A" | "D";

/** A granule's orbit as its metadata states it; latitudes geodetic, degrees. */
export interface OrbitExtent {
  ascendingCrossing: number;
  startLatitude: number;
  startDirection: Direction;
  endLatitude: number;
  endDirection: Direction;
}

/** ICESat-2 repeats its 1,387 tracks in 91 days. The swath is the one that CMR gives to its products. */
export const ICESAT2: OrbitParameters = {
  inclinationDegrees: 92,
  nodeShiftDegrees: 360 * 91 / 1387,
  swathWidthKm: 36,
  startDegrees: 0,
};

/** ICESat (GLAS) repeated 1,354 tracks in 91 days. */
const ICESAT: OrbitParameters = {
  inclinationDegrees: 94,
  nodeShiftDegrees: 360 * 91 / 1354,
  swathWidthKm: 20,
  startDegrees: 0,
};

/** SMAP repeats 117 orbits in 8 days; its swath is 1,000 km wide. */
const SMAP: OrbitParameters = {
  inclinationDegrees: 98.12,
  nodeShiftDegrees: 360 * 8 / 117,
  swathWidthKm: 1000,
  startDegrees: -90,
};

/** Known missions by the form of their short names. */
const MISSIONS: readonly [RegExp, OrbitParameters][] = [
  [/^(SC:)?ATL\d\d/i, ICESAT2],
  [/^(ATLAS|ICESat-2|ATLAS\/ICESat-2)\b/i, ICESAT2],
  [/^(SC:)?GLAH?\d\d/i, ICESAT],
  [/^(SC:)?SPL\d/i, SMAP],
];

/** The parameters of a mission that is known by a product's name, or null. */
export function orbitOfProduct(name: string | null): OrbitParameters | null {
  if (name === null) return null;
  return MISSIONS.find(([form]) => form.test(name))?.[1] ?? null;
}

/** Sidereal day in minutes: the earth turns once under the orbit. */
const SIDEREAL_DAY_MINUTES = 1436.0682;

/**
 * The same from a collection's own words (UMM-C OrbitParameters): period in minutes, width in
 * kilometres. The precession of the node is left out: it comes to 0.1 degrees an orbit at most.
 */
export function orbitParameters(
  inclinationDegrees: number,
  periodMinutes: number,
  swathWidthKm: number,
  startDegrees = 0,
): OrbitParameters | null {
  if (!(inclinationDegrees > 0 && inclinationDegrees < 180)) return null;
  if (!(periodMinutes > 80 && periodMinutes < 1500)) return null;
  if (!(swathWidthKm > 0 && swathWidthKm <= 6000)) return null;
  if (!(Math.abs(startDegrees) <= 360)) return null;
  const nodeShiftDegrees = 360 * periodMinutes / SIDEREAL_DAY_MINUTES;
  return { inclinationDegrees, nodeShiftDegrees, swathWidthKm, startDegrees };
}

/** Ends are stated to half a degree or so and data may reach a little past them. */
const MARGIN_DEGREES = 0.25;
/** Vertices of a track: every quarter degree along it, finer near the poles where it bends. */
const STEP_DEGREES = 0.25;

const RADIANS = Math.PI / 180;
/** WGS84: (1 - f)^2, the ratio of tan(geocentric) to tan(geodetic) latitude. */
const GEOCENTRIC_RATIO = 0.99330562000986;

/**
 * The ground track of an orbit extent as lon, lat pairs in degrees, longitudes in [-180, 180), with
 * consecutive points a quarter of a degree apart along the orbit. Null when the extent contradicts
 * the orbit (a latitude that it never reaches by more than a degree).
 *
 * A granule that starts and ends at one place in one direction covers one whole revolution.
 */
export function groundTrack(extent: OrbitExtent, orbit: OrbitParameters): Float64Array | null {
  const start = argumentOfLatitude(extent.startLatitude, extent.startDirection, orbit);
  const end = argumentOfLatitude(extent.endLatitude, extent.endDirection, orbit);
  if (start === null || end === null || !(Math.abs(extent.ascendingCrossing) <= 360)) return null;
  // An orbit runs from `startDegrees` for a revolution, and its node is the one within it.
  const from = start + 360 * Math.ceil((orbit.startDegrees - MARGIN_DEGREES - start) / 360);
  let to = end + 360 * Math.floor((from - end) / 360);
  while (to <= from + 1e-9) to += 360;
  const first = from - MARGIN_DEGREES;
  const last = Math.min(to + MARGIN_DEGREES, first + 360 + 2 * MARGIN_DEGREES);
  const steps = Math.max(1, Math.ceil((last - first) / STEP_DEGREES));
  const track = new Float64Array(2 * (steps + 1));
  for (let i = 0; i <= steps; i += 1) {
    const u = first + (last - first) * i / steps;
    const [longitude, latitude] = pointAt(u, extent.ascendingCrossing, orbit);
    track[2 * i] = longitude;
    track[2 * i + 1] = latitude;
  }
  return track;
}

/** Longitude and geodetic latitude, degrees, at the argument of latitude `u` degrees after the node. */
export function pointAt(u: number, nodeLongitude: number, orbit: OrbitParameters): [number, number] {
  const inclination = orbit.inclinationDegrees * RADIANS;
  const sine = Math.sin(inclination) * Math.sin(u * RADIANS);
  const geocentric = Math.asin(Math.max(-1, Math.min(1, sine)));
  const latitude = Math.atan(Math.tan(geocentric) / GEOCENTRIC_RATIO) / RADIANS;
  const along = Math.atan2(Math.cos(inclination) * Math.sin(u * RADIANS), Math.cos(u * RADIANS)) / RADIANS;
  const longitude = nodeLongitude + along - orbit.nodeShiftDegrees * u / 360;
  return [wrap(longitude), latitude];
}

/**
 * Degrees along the orbit from the ascending node, in [-90, 270]: ascending parts are -90 to 90,
 * descending ones 90 to 270. A latitude within a degree past the orbit's highest is taken as it.
 */
function argumentOfLatitude(latitude: number, direction: Direction, orbit: OrbitParameters): number | null {
  if (!(Math.abs(latitude) <= 90)) return null;
  const geocentric = Math.abs(latitude) === 90
    ? latitude * RADIANS
    : Math.atan(GEOCENTRIC_RATIO * Math.tan(latitude * RADIANS));
  const highest = 90 - Math.abs(90 - orbit.inclinationDegrees);
  if (Math.abs(geocentric / RADIANS) > highest + 1) return null;
  const sine = Math.sin(geocentric) / Math.sin(orbit.inclinationDegrees * RADIANS);
  const u = Math.asin(Math.max(-1, Math.min(1, sine))) / RADIANS;
  return direction === "A" ? u : 180 - u;
}

/** A longitude in [-180, 180). */
function wrap(longitude: number): number {
  return longitude - 360 * Math.floor((longitude + 180) / 360);
}

/** The sphere on which swaths are drawn. */
const EARTH_RADIUS_KM = 6371;

/**
 * The outline of a swath: the track shifted to both sides by half its width, as one ring of lon, lat
 * pairs. Null where an outline would be no simple ring: a swath that reaches over a pole or runs around
 * the whole earth, so that it meets itself.
 */
export function swathRing(track: Float64Array, halfWidthKm: number): Float64Array | null {
  const count = track.length / 2;
  const angle = halfWidthKm / EARTH_RADIUS_KM;
  if (count < 2 || !(angle > 0) || !(angle < Math.PI / 8)) return null;
  const points: Vector[] = [];
  let length = 0;
  for (let i = 0; i < count; i += 1) {
    points.push(vectorOf(track[2 * i], track[2 * i + 1]));
    if (Math.abs(track[2 * i + 1]) * RADIANS + angle >= Math.PI / 2) return null;
    if (i > 0) length += Math.acos(Math.max(-1, Math.min(1, dot(points[i], points[i - 1]))));
  }
  if (length > Math.PI * 1.5) return null;
  const ring = new Float64Array(4 * count);
  for (let i = 0; i < count; i += 1) {
    const side = unit(cross(points[Math.max(0, i - 1)], points[Math.min(count - 1, i + 1)]));
    if (side === null) return null;
    putPosition(ring, 2 * i, shifted(points[i], side, angle));
    putPosition(ring, 2 * (2 * count - 1 - i), shifted(points[i], side, -angle));
  }
  return ring;
}

type Vector = readonly [number, number, number];

function vectorOf(longitude: number, latitude: number): Vector {
  const radius = Math.cos(latitude * RADIANS);
  return [
    radius * Math.cos(longitude * RADIANS),
    radius * Math.sin(longitude * RADIANS),
    Math.sin(latitude * RADIANS),
  ];
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function unit(v: Vector): Vector | null {
  const length = Math.hypot(...v);
  return length > 0 ? [v[0] / length, v[1] / length, v[2] / length] : null;
}

function shifted(point: Vector, side: Vector, angle: number): Vector {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [point[0] * c + side[0] * s, point[1] * c + side[1] * s, point[2] * c + side[2] * s];
}

function putPosition(out: Float64Array, at: number, [x, y, z]: Vector): void {
  out[at] = Math.atan2(y, x) / RADIANS;
  out[at + 1] = Math.atan2(z, Math.hypot(x, y)) / RADIANS;
}
