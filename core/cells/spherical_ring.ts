/**
 * A closed ring of great-circle arcs on the sphere, and which side of it is inside.
 *
 * Method: going from a point along its meridian to the north pole, every arc crossed from below counts
 * +1 if it runs east and -1 if it runs west. The sum is 0 at the north pole, and constant between the
 * arcs. Longitudes decide which arcs are met, half open, so vertices are counted once; the sign of a
 * triple product decides above or below. Nothing is projected, so poles and antimeridian need no care.
 */

import { cosineDegrees, sineDegrees } from "./sine.ts";

const OFF_POLE = 1e-10;

/** Which side of a ring is inside: the smaller one, or that on the left of its direction. */
export type Winding = "smaller" | "counterclockwise";

export interface SphericalRing {
  /** Longitudes of the vertices in degrees, -180 to 180. */
  readonly longitude: Float64Array;
  /** Signed longitude in degrees that each arc covers, to the next vertex; the last to the first. */
  readonly sweep: Float64Array;
  /** Unit vectors of the vertices, x y z. */
  readonly vertices: Float64Array;
  /** Crossing sums of this value are outside... */
  readonly special: number;
  /** ... or, where true, inside and all others outside. */
  readonly inverted: boolean;
  /** The longitudes that the ring spans: from `west`, `extent` degrees eastward (360 is all). */
  readonly west: number;
  readonly extent: number;
  /** For long rings, their arcs by longitude. */
  readonly index: LongitudeIndex | undefined;
}

/** Arcs by the degree of longitude that they touch: those of bin k are `arcs[ends[k - 1] .. ends[k])`. */
export interface LongitudeIndex {
  readonly arcs: Uint32Array;
  readonly ends: Uint32Array;
}

/** Rings of more arcs than this are indexed. */
export const INDEXED = 48;
const BINS = 360;
/** Degrees; rounding of longitudes stays far below. */
const MARGIN = 1e-9;

/**
 * Closes vertices to a ring and decides its inside. `planar` rings that do not run around a pole
 * enclose what their longitudes and latitudes enclose, however large.
 */
export function makeRing(
  longitude: Float64Array,
  sweep: Float64Array,
  vertices: Float64Array,
  planar: boolean,
  winding: Winding,
): SphericalRing {
  const count = longitude.length;
  // At a pole a vertex keeps its longitude: it is moved off the pole by less than any cell's width.
  for (let i = 0; i < count; i++) {
    if (Math.abs(vertices[3 * i + 2]) < 1 || Math.hypot(vertices[3 * i], vertices[3 * i + 1]) > OFF_POLE) {
      continue;
    }
    vertices[3 * i] = OFF_POLE * cosineDegrees(longitude[i]);
    vertices[3 * i + 1] = OFF_POLE * sineDegrees(longitude[i]);
  }
  let turn = 0;
  for (let i = 0; i < count; i++) turn += sweep[i];
  const turns = Math.round(turn / 360);
  const area = signedArea(vertices, longitude, sweep);
  const outsideNorth = { special: 0, inverted: false };
  const { west, extent } = spanOf(longitude, sweep);
  const index = count > INDEXED ? indexOf(longitude, sweep) : undefined;
  const rest = { longitude, sweep, vertices, west, extent, index };
  if (turns === 0) {
    if (planar) return { ...rest, ...outsideNorth };
    const inverted = winding === "smaller" ? Math.abs(area) > 2 * Math.PI : area < 0;
    return { ...rest, special: 0, inverted };
  }
  const northInside = winding === "smaller" ? Math.abs(area) < 2 * Math.PI : turns > 0;
  return northInside ? { ...rest, special: turns, inverted: false } : { ...rest, ...outsideNorth };
}

/**
 * The area in steradians between the ring and the north pole, positive where the ring runs east: the
 * sum of the triangles of each arc with the pole (van Oosterom and Strackee 1983).
 */
function signedArea(vertices: Float64Array, longitude: Float64Array, sweep: Float64Array): number {
  const count = longitude.length;
  let area = 0;
  for (let i = 0; i < count; i++) {
    const a = 3 * i;
    const b = i + 1 < count ? a + 3 : 0;
    const ax = vertices[a], ay = vertices[a + 1], az = vertices[a + 2];
    const bx = vertices[b], by = vertices[b + 1], bz = vertices[b + 2];
    const triangle = 2 * Math.atan2(ax * by - ay * bx, 1 + az + bz + (ax * bx + ay * by + az * bz));
    area += Math.abs(sweep[i]) === 180 ? Math.sign(sweep[i]) * Math.abs(triangle) : triangle;
  }
  return area;
}

/** Whether a point (unit vector and its longitude in degrees) that is not on the ring is inside. */
export function insideRing(ring: SphericalRing, lon: number, x: number, y: number, z: number): boolean {
  const { longitude, index } = ring;
  let sum = 0;
  if (ring.extent < 360 && (lon - ring.west + 720) % 360 > ring.extent) sum = 0;
  else if (index === undefined) {
    for (let arc = 0; arc < longitude.length; arc++) sum += crossing(ring, arc, lon, x, y, z);
  } else {
    const bin = binOf(lon);
    const end = index.ends[bin];
    for (let k = bin === 0 ? 0 : index.ends[bin - 1]; k < end; k++) {
      sum += crossing(ring, index.arcs[k], lon, x, y, z);
    }
  }
  return (sum !== ring.special) !== ring.inverted;
}

/** What an arc adds to the sum: 1 or -1 when it passes north of the point, by its direction. */
function crossing(ring: SphericalRing, arc: number, lon: number, x: number, y: number, z: number): number {
  const { longitude, sweep, vertices } = ring;
  const next = arc + 1 < longitude.length ? arc + 1 : 0;
  const from = offsetOf(longitude[arc], lon);
  const to = offsetOf(longitude[next], lon);
  if ((from < 0) === (to < 0)) return 0;
  // The arc meets this meridian or the opposite one: the offsets' difference tells.
  const swept = sweep[arc];
  if (Math.abs(to - from - swept) >= 180) return 0;
  const a = 3 * arc;
  const b = 3 * next;
  const ax = vertices[a], ay = vertices[a + 1], az = vertices[a + 2];
  // An arc of half a turn leads over a pole, and meets every meridian there.
  if (Math.abs(swept) === 180) return az + vertices[b + 2] > 0 ? Math.sign(swept) : 0;
  const dx = vertices[b] - ax, dy = vertices[b + 1] - ay, dz = vertices[b + 2] - az;
  const side = x * (ay * dz - az * dy) + y * (az * dx - ax * dz) + z * (ax * dy - ay * dx);
  return swept > 0 && side < 0 ? 1 : swept < 0 && side > 0 ? -1 : 0;
}

function spanOf(longitude: Float64Array, sweep: Float64Array): { west: number; extent: number } {
  let at = longitude[0] ?? 0;
  let west = at;
  let east = at;
  for (const step of sweep) {
    at += step;
    west = Math.min(west, at);
    east = Math.max(east, at);
  }
  const extent = east - west + 2 * MARGIN;
  return { west: (west - MARGIN + 720) % 360, extent: Math.min(extent, 360) };
}

/** The bin of a longitude. */
export function binOf(lon: number): number {
  return ((Math.floor(lon) % BINS) + BINS) % BINS;
}

/** Arcs from `longitude[i]` on, `sweep[i]` degrees, by the bins that they touch. */
export function indexOf(longitude: Float64Array, sweep: Float64Array): LongitudeIndex {
  const ends = new Uint32Array(BINS);
  const visit = (arc: number, each: (bin: number) => void) => {
    const from = longitude[arc];
    const to = from + sweep[arc];
    const first = Math.floor(Math.min(from, to) - MARGIN);
    const last = Math.min(Math.floor(Math.max(from, to) + MARGIN), first + BINS - 1);
    for (let degree = first; degree <= last; degree++) each(binOf(degree));
  };
  for (let arc = 0; arc < longitude.length; arc++) visit(arc, (bin) => ends[bin]++);
  for (let bin = 1; bin < BINS; bin++) ends[bin] += ends[bin - 1];
  const arcs = new Uint32Array(ends[BINS - 1]);
  // Filled from the end, so that `ends` come to be starts; then shifted to be ends again.
  for (let arc = longitude.length - 1; arc >= 0; arc--) visit(arc, (bin) => arcs[--ends[bin]] = arc);
  ends.copyWithin(0, 1);
  ends[BINS - 1] = arcs.length;
  return { arcs, ends };
}

/** Degrees from `lon` to `longitude`, -180 up to 180; its sign is exact. */
export function offsetOf(longitude: number, lon: number): number {
  const offset = longitude - lon;
  return offset >= 180 ? offset - 360 : offset < -180 ? offset + 360 : offset;
}
