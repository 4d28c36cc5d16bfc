/**
 * The four children of a cell as regions between planes. A cell's corners span four great circles; its
 * own sides are curves beside them, so each plane is moved outward as far as the sides bulge. A region
 * so bounded holds its cell and little more.
 */
import { vectorOnFace } from "./place.ts";

/** Numbers of one child: four planes of (normal x y z, offset), then the centre's x y z. */
export const PLANE_STRIDE = 19;

/** Sides bulge at most this much more than in their middles, */
const BULGE_MARGIN = 1.3;
/** and this times the cube of their length where they bend both ways. Both are held by a test. */
const BULGE_CUBIC = 0.03;
/** Rounding of vectors and products, in radians: a tenth of a micrometre on the ground. */
export const ROUNDING = 1e-14;

// The 25 points of the parent at quarter steps: corners and side middles of the children.
const grid = new Float64Array(25 * 3);

/**
 * Writes the children of cell (face, x, y) of `order` to `out`, in nested order (south, east, west,
 * north child), {@linkcode PLANE_STRIDE} numbers each.
 */
export function childPlanes(face: number, x: number, y: number, order: number, out: Float64Array): void {
  const quarter = 1 / 2 ** (order + 2);
  for (let j = 0; j <= 4; j++) {
    for (let i = 0; i <= 4; i++) {
      vectorOnFace(face, (4 * x + i) * quarter, (4 * y + j) * quarter, grid, 3 * (5 * j + i));
    }
  }
  for (let child = 0; child < 4; child++) {
    planesOfGrid(5 * 2 * (child >> 1) + 2 * (child & 1), out, child * PLANE_STRIDE);
  }
}

/** Writes the planes of one cell to `out` from `at`. */
export function cellPlanes(
  face: number,
  x: number,
  y: number,
  order: number,
  out: Float64Array,
  at = 0,
): void {
  const half = 1 / 2 ** (order + 1);
  for (let j = 0; j <= 2; j++) {
    for (let i = 0; i <= 2; i++) {
      vectorOnFace(face, (2 * x + i) * half, (2 * y + j) * half, grid, 3 * (5 * j + i));
    }
  }
  planesOfGrid(0, out, at);
}

/** Offsets in the grid of a cell's corners, counterclockwise from the south, and of its sides' middles. */
const CORNERS = [0, 2, 12, 10] as const;
const MIDDLES = [1, 7, 11, 5] as const;

function planesOfGrid(origin: number, out: Float64Array, at: number): void {
  for (let side = 0; side < 4; side++) {
    const a = 3 * (origin + CORNERS[side]);
    const b = 3 * (origin + CORNERS[(side + 1) & 3]);
    const ax = grid[a], ay = grid[a + 1], az = grid[a + 2];
    // The difference first: the product of two near vectors would lose the small cells' digits.
    const dx = grid[b] - ax, dy = grid[b + 1] - ay, dz = grid[b + 2] - az;
    let nx = ay * dz - az * dy;
    let ny = az * dx - ax * dz;
    let nz = ax * dy - ay * dx;
    const length = Math.sqrt(nx * nx + ny * ny + nz * nz);
    nx /= length;
    ny /= length;
    nz /= length;
    let lowest = 0;
    for (let k = 0; k < 4; k++) {
      const m = 3 * (origin + MIDDLES[k]);
      lowest = Math.min(lowest, nx * grid[m] + ny * grid[m + 1] + nz * grid[m + 2]);
    }
    const plane = at + 4 * side;
    out[plane] = nx;
    out[plane + 1] = ny;
    out[plane + 2] = nz;
    out[plane + 3] = ROUNDING - BULGE_MARGIN * lowest + BULGE_CUBIC * length * length * length;
  }
  const centre = 3 * (origin + 6);
  out[at + 16] = grid[centre];
  out[at + 17] = grid[centre + 1];
  out[at + 18] = grid[centre + 2];
}

/**
 * Whether an arc of `arcs` (six numbers from `arc`), widened by an angle whose sine is `slack`, may
 * touch the region of the planes at `at`. Errs to true. The chord is clipped by each plane: on it the
 * products are linear, and it is never longer than the unit vectors of its arc.
 */
export function arcMeetsPlanes(
  arcs: Float64Array,
  arc: number,
  slack: number,
  planes: Float64Array,
  at: number,
): boolean {
  const ax = arcs[arc], ay = arcs[arc + 1], az = arcs[arc + 2];
  const bx = arcs[arc + 3], by = arcs[arc + 4], bz = arcs[arc + 5];
  let from = 0;
  let to = 1;
  for (let plane = at; plane < at + 16; plane += 4) {
    const nx = planes[plane], ny = planes[plane + 1], nz = planes[plane + 2];
    const offset = planes[plane + 3] + slack;
    const a = nx * ax + ny * ay + nz * az + offset;
    const b = nx * bx + ny * by + nz * bz + offset;
    if (a < 0) {
      if (b < 0) return false;
      from = Math.max(from, a / (a - b));
    } else if (b < 0) to = Math.min(to, a / (a - b));
    if (from > to) return false;
  }
  // The far side of the sphere lies near all planes of a small cell when the slack is large.
  const cx = planes[at + 16], cy = planes[at + 17], cz = planes[at + 18];
  const a = cx * ax + cy * ay + cz * az;
  const b = cx * bx + cy * by + cz * bz;
  return a + (b - a) * (a > b ? from : to) > 0;
}
