/** Rings that are boxes along parallels and meridians, which are what they state, however wide. */

interface RingBox {
  west: number;
  south: number;
  east: number;
  north: number;
}

/**
 * The box that a ring (longitude, latitude, ... in degrees; closed or not) runs around: every vertex lies on
 * its border, every edge along a side, and all four corners are there. Undefined for any other ring.
 */
export function boxOfRing(ring: ArrayLike<number>): RingBox | undefined {
  const count = Math.floor(ring.length / 2);
  if (count < 4) return undefined;
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < count; i++) {
    west = Math.min(west, ring[2 * i]);
    east = Math.max(east, ring[2 * i]);
    south = Math.min(south, ring[2 * i + 1]);
    north = Math.max(north, ring[2 * i + 1]);
  }
  if (!(west < east && south < north)) return undefined;
  const corners = new Set<number>();
  for (let i = 0; i < count; i++) {
    const next = (i + 1) % count;
    const [x, y, nextX, nextY] = [ring[2 * i], ring[2 * i + 1], ring[2 * next], ring[2 * next + 1]];
    const along = (x === nextX && (x === west || x === east)) ||
      (y === nextY && (y === south || y === north));
    if (!along) return undefined;
    if ((x === west || x === east) && (y === south || y === north)) {
      corners.add((x === west ? 0 : 1) + (y === south ? 0 : 2));
    }
  }
  return corners.size === 4 ? { west, south, east, north } : undefined;
}
