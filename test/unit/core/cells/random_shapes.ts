/** Random polygons whose inside is known without the code under test. */
import fc from "fast-check";

export type Vector = [number, number, number];
const RADIANS = Math.PI / 180;

export function vectorOf(lon: number, lat: number): Vector {
  const radius = Math.cos(lat * RADIANS);
  return [radius * Math.cos(lon * RADIANS), radius * Math.sin(lon * RADIANS), Math.sin(lat * RADIANS)];
}

export function lonLatOf([x, y, z]: Vector): [number, number] {
  return [Math.atan2(y, x) / RADIANS, Math.atan2(z, Math.hypot(x, y)) / RADIANS];
}

export function unit(v: Vector): Vector {
  const length = Math.hypot(...v);
  return [v[0] / length, v[1] / length, v[2] / length];
}

/** The point `distance` degrees from a centre in the direction `azimuth` (0 is north, 90 east). */
export function destination(lon: number, lat: number, azimuth: number, distance: number): [number, number] {
  const [az, d] = [azimuth * RADIANS, distance * RADIANS];
  const [sinLon, cosLon] = [Math.sin(lon * RADIANS), Math.cos(lon * RADIANS)];
  const [sinLat, cosLat] = [Math.sin(lat * RADIANS), Math.cos(lat * RADIANS)];
  const north: Vector = [-sinLat * cosLon, -sinLat * sinLon, cosLat];
  const east: Vector = [-sinLon, cosLon, 0];
  const centre = vectorOf(lon, lat);
  const mix = (k: 0 | 1 | 2) =>
    Math.cos(d) * centre[k] + Math.sin(d) * (Math.cos(az) * north[k] + Math.sin(az) * east[k]);
  return lonLatOf([mix(0), mix(1), mix(2)]);
}

/** A polygon that its centre sees whole: every point of the triangles centre, vertex, next is inside. */
export interface Star {
  centre: [number, number];
  /** Longitude, latitude, ...; clockwise seen from above. */
  ring: number[];
  radius: number;
}

export const centreArbitrary = fc.oneof(
  fc.tuple(fc.double({ min: -180, max: 180, noNaN: true }), fc.double({ min: -90, max: 90, noNaN: true })),
  fc.tuple(fc.constantFrom(180, -180, 0, 90, 179.9), fc.double({ min: -85, max: 85, noNaN: true })),
  fc.tuple(
    fc.double({ min: -180, max: 180, noNaN: true }),
    fc.constantFrom(90, -90, 89.99, -89.5, 41.8, -41.9, 0),
  ),
);

export const starArbitrary: fc.Arbitrary<Star> = fc.record({
  centre: centreArbitrary,
  radius: fc.double({ min: -3, max: 1.8, noNaN: true }).map((power) => 10 ** power),
  reaches: fc.array(fc.double({ min: 0.2, max: 1, noNaN: true }), { minLength: 3, maxLength: 14 }),
  turn: fc.double({ min: 0, max: 360, noNaN: true }),
}).map(({ centre, radius, reaches, turn }) => ({
  centre: centre as [number, number],
  radius,
  ring: reaches.flatMap((reach, i) =>
    destination(centre[0], centre[1], turn + 360 * i / reaches.length, radius * reach)
  ),
}));

/** A point of the star: weights `u`, `v` in the triangle of `sector`, on the sphere. */
export function pointOfStar(star: Star, sector: number, u: number, v: number): [number, number] {
  const count = star.ring.length / 2;
  const i = sector % count;
  const j = (i + 1) % count;
  const c = vectorOf(...star.centre);
  const a = vectorOf(star.ring[2 * i], star.ring[2 * i + 1]);
  const b = vectorOf(star.ring[2 * j], star.ring[2 * j + 1]);
  const [p, q] = u + v > 1 ? [1 - u, 1 - v] : [u, v];
  const mix = (k: 0 | 1 | 2) => (1 - p - q) * c[k] + p * a[k] + q * b[k];
  return lonLatOf([mix(0), mix(1), mix(2)]);
}

export function reversed(ring: readonly number[]): number[] {
  const out: number[] = [];
  for (let i = ring.length - 2; i >= 0; i -= 2) out.push(ring[i], ring[i + 1]);
  return out;
}

/** A generator of numbers from 0 to 1 (mulberry32), so that a failing seed can be run again. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
