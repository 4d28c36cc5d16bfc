/**
 * Where ICESat-2 flies: a circular orbit of 92° whose ground track repeats after 1387 revolutions in 91
 * turns of the Earth beneath it (ICESat-2 mission handbook; ATL03 ATBD, section 2). Numbered reference
 * ground tracks (RGT) follow each other in time; a cycle is one repeat.
 */

export const TRACKS_PER_CYCLE = 1387;
const EARTH_TURNS_PER_CYCLE = 91;
const INCLINATION = (92 * Math.PI) / 180;

/** Seconds from one ascending node to the next. */
export const ORBIT_SECONDS = 5657.3807;

/** Longitude of the first track's ascending node, degrees. */
const FIRST_NODE_LONGITUDE = -0.1279;

/** An ascending node that fixes the clock: cycle 20, track 878, seconds since the epoch below. */
const CLOCK = { cycle: 20, track: 878, seconds: 177_437_285.611 } as const;

/** The products' epoch, 2018-01-01T00:00:00Z; no leap second has come since. */
export const EPOCH_MS = Date.UTC(2018, 0, 1);

/** Degrees that the Earth turns beneath the orbit's plane in one revolution. */
const TURN_PER_ORBIT = (360 * EARTH_TURNS_PER_CYCLE) / TRACKS_PER_CYCLE;

/** WGS84. */
const FLATTENING = 1 / 298.257223563;
const ECCENTRICITY_SQUARED = FLATTENING * (2 - FLATTENING);

/** Mean radius by which distances on the ground become angles, metres. */
export const EARTH_RADIUS_METRES = 6_371_008.8;

/** One revolution. */
export interface Orbit {
  cycle: number;
  /** 1 to 1387. */
  track: number;
  /** Seconds since the epoch at the ascending node. */
  nodeSeconds: number;
  nodeLongitudeDegrees: number;
}

/** The revolution that is `count` after the first track of the first cycle. */
export function orbitAt(count: number): Orbit {
  const cycle = Math.floor(count / TRACKS_PER_CYCLE) + 1;
  const track = (count % TRACKS_PER_CYCLE) + 1;
  const sinceClock = (cycle - CLOCK.cycle) * TRACKS_PER_CYCLE + track - CLOCK.track;
  return {
    cycle,
    track,
    nodeSeconds: CLOCK.seconds + sinceClock * ORBIT_SECONDS,
    nodeLongitudeDegrees: wrapLongitude(FIRST_NODE_LONGITUDE - (track - 1) * TURN_PER_ORBIT),
  };
}

/** The count of the first revolution that begins at or after `seconds` since the epoch. */
export function firstOrbitFrom(seconds: number): number {
  const clock = (CLOCK.cycle - 1) * TRACKS_PER_CYCLE + CLOCK.track - 1;
  return Math.max(0, clock + Math.ceil((seconds - CLOCK.seconds) / ORBIT_SECONDS));
}

/**
 * The point on the ground `offsetMetres` to the left of the track (negative: right), when the satellite
 * has gone `angle` radians from the ascending node. Writes geodetic latitude and longitude in degrees.
 */
export function groundPoint(orbit: Orbit, angle: number, offsetMetres: number, into: Float64Array): void {
  const turn = TURN_PER_ORBIT / 360; // turns of the Earth per revolution, as radians per radian
  const sinU = Math.sin(angle), cosU = Math.cos(angle);
  const sinI = Math.sin(INCLINATION), cosI = Math.cos(INCLINATION);
  // Position and velocity in the frame of the orbit's node; the Earth's turn acts as a headwind.
  const px = cosU, py = cosI * sinU, pz = sinI * sinU;
  const vx = -sinU + turn * py, vy = cosI * cosU - turn * px, vz = sinI * cosU;
  let nx = py * vz - pz * vy, ny = pz * vx - px * vz, nz = px * vy - py * vx;
  const length = Math.sqrt(nx * nx + ny * ny + nz * nz);
  nx /= length, ny /= length, nz /= length;
  const across = offsetMetres / EARTH_RADIUS_METRES;
  const sinA = Math.sin(across), cosA = Math.cos(across);
  const x = px * cosA + nx * sinA, y = py * cosA + ny * sinA, z = pz * cosA + nz * sinA;
  const geocentric = Math.tan(Math.asin(Math.max(-1, Math.min(1, z))));
  into[0] = (Math.atan(geocentric / (1 - ECCENTRICITY_SQUARED)) * 180) / Math.PI;
  const fromNode = (Math.atan2(y, x) * 180) / Math.PI;
  into[1] = wrapLongitude(orbit.nodeLongitudeDegrees + fromNode - (turn * angle * 180) / Math.PI);
}

/** The angle from the ascending node at which the track comes to a latitude, going up or down. */
export function angleAtLatitude(latitudeDegrees: number, ascending: boolean): number {
  const geodetic = Math.tan((latitudeDegrees * Math.PI) / 180);
  const geocentric = Math.atan(geodetic * (1 - ECCENTRICITY_SQUARED));
  const rise = Math.asin(Math.max(-1, Math.min(1, Math.sin(geocentric) / Math.sin(INCLINATION))));
  const angle = ascending ? rise : Math.PI - rise;
  return angle < 0 ? angle + 2 * Math.PI : angle;
}

/** Degrees in [-180, 180). */
function wrapLongitude(degrees: number): number {
  const wrapped = (((degrees + 180) % 360) + 360) % 360;
  return wrapped - 180;
}
