/**
 * The four children of a cell as regions between planes. A cell's corners span four great circles; its
 * own sides are curves beside them, so each plane is moved outward as far as the sides bulge. A region
 * so bounded holds its cell and little more.
 */
import { gridOnFace, vectorOnFace } from "./place.ts";

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

/** Cells whose children's planes are kept: shapes that follow each other often lie in the same cells. */
const KEPT = 8192;

/** Of each child's sides, counterclockwise, the first inside its parent: of what is not in the child most is beyond it. */
const FIRST_SIDE = [1, 2, 0, 3] as const;

/** Planes of the children of cells, those that were asked for last: {@linkcode placeOf} says where. */
export class ChildPlanes {
  readonly numbers = new Float64Array(KEPT * 4 * PLANE_STRIDE);
  /** Whose they are: order and face, x, y. */
  readonly #cells = new Int32Array(3 * KEPT).fill(-1);
  /** How often they were not there and had to be made. */
  made = 0;

  /**
   * Where the planes of the children of cell (face, x, y) of `order` stand in `numbers` until the next cell's
   * are asked for: in nested order (south, east, west, north child), {@linkcode PLANE_STRIDE} numbers each.
   */
  placeOf(face: number, x: number, y: number, order: number): number {
    const cells = this.#cells;
    const base = 12 * order + face;
    const slot = slotOf(base, x, y);
    const at = slot * 4 * PLANE_STRIDE;
    if (cells[3 * slot] === base && cells[3 * slot + 1] === x && cells[3 * slot + 2] === y) return at;
    this.made += 1;
    gridOnFace(face, 4 * x, 4 * y, 1 / 2 ** (order + 2), grid);
    for (let child = 0; child < 4; child++) {
      const origin = 5 * 2 * (child >> 1) + 2 * (child & 1);
      planesOfGrid(origin, FIRST_SIDE[child], this.numbers, at + child * PLANE_STRIDE);
    }
    cells[3 * slot] = base;
    cells[3 * slot + 1] = x;
    cells[3 * slot + 2] = y;
    return at;
  }
}

/** A place among those that are kept: neighbours of one order have different ones. */
function slotOf(base: number, x: number, y: number): number {
  const mixed = Math.imul(Math.imul(base, 31) + (x >> 6), 31) + (y >> 6);
  return ((x & 63 | (y & 63) << 6) + Math.imul(mixed, 1021)) & (KEPT - 1);
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
  planesOfGrid(0, 0, out, at);
}

let ofBaseCells: Float64Array | undefined;

/** The planes of the twelve base cells, one after the other. */
export function basePlanes(): Float64Array {
  if (ofBaseCells !== undefined) return ofBaseCells;
  const planes = new Float64Array(12 * PLANE_STRIDE);
  for (let face = 0; face < 12; face++) cellPlanes(face, 0, 0, 0, planes, face * PLANE_STRIDE);
  return ofBaseCells = planes;
}

/** Offsets in the grid of a cell's corners, counterclockwise from the south, and of its sides' middles. */
const CORNERS = [0, 2, 12, 10] as const;
const MIDDLES = [1, 7, 11, 5] as const;

/** Planes of the cell whose south corner is the grid's point `origin`, counterclockwise from side `first`. */
function planesOfGrid(origin: number, first: number, out: Float64Array, at: number): void {
  for (let k = 0; k < 4; k++) {
    const side = (first + k) & 3;
    const [from, to] = [CORNERS[side], CORNERS[(side + 1) & 3]];
    planeOfSide(3 * (origin + from), 3 * (origin + to), 3 * (origin + MIDDLES[side]), out, at + 4 * k);
  }
  const centre = 3 * (origin + 6);
  out[at + 16] = grid[centre];
  out[at + 17] = grid[centre + 1];
  out[at + 18] = grid[centre + 2];
}

/** The plane through two corners, moved outward as far as the side between them bulges in its middle. */
function planeOfSide(a: number, b: number, middle: number, out: Float64Array, at: number): void {
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
  const bulge = nx * grid[middle] + ny * grid[middle + 1] + nz * grid[middle + 2];
  out[at] = nx;
  out[at + 1] = ny;
  out[at + 2] = nz;
  out[at + 3] = ROUNDING - BULGE_MARGIN * (bulge < 0 ? bulge : 0) + BULGE_CUBIC * length * length * length;
}

/**
 * Lists the arcs that may touch the region of the planes at `at`: of those that `candidates` names from
 * `from` to `to` the first `most`, written to `out` from `outAt`; returns how many. Arc k has six numbers
 * from 6 k and is widened by an angle whose sine is `slack[k]`. Errs to more. The chord is clipped by each
 * plane: on it the products are linear, and it is never longer than the unit vectors of its arc.
 */
export function arcsMeetingPlanes(
  arcs: Float64Array,
  slack: Float64Array,
  candidates: Int32Array,
  from: number,
  to: number,
  planes: Float64Array,
  at: number,
  most: number,
  out: Int32Array,
  outAt: number,
): number {
  let count = 0;
  for (let k = from; k < to; k++) {
    const arc = candidates[k];
    const place = 6 * arc;
    const ax = arcs[place], ay = arcs[place + 1], az = arcs[place + 2];
    const bx = arcs[place + 3], by = arcs[place + 4], bz = arcs[place + 5];
    const wider = slack[arc];
    let begin = 0;
    let end = 1;
    let plane = at;
    for (; plane < at + 16; plane += 4) {
      const nx = planes[plane], ny = planes[plane + 1], nz = planes[plane + 2];
      const offset = planes[plane + 3] + wider;
      const a = nx * ax + ny * ay + nz * az + offset;
      const b = nx * bx + ny * by + nz * bz + offset;
      if (a < 0) {
        if (b < 0) break;
        const cut = a / (a - b);
        if (cut > begin) begin = cut;
      } else if (b < 0) {
        const cut = a / (a - b);
        if (cut < end) end = cut;
      }
      if (begin > end) break;
    }
    if (plane < at + 16) continue;
    // The far side of the sphere lies near all planes of a small cell when the slack is large.
    const cx = planes[at + 16], cy = planes[at + 17], cz = planes[at + 18];
    const a = cx * ax + cy * ay + cz * az;
    const b = cx * bx + cy * by + cz * bz;
    if (!(a + (b - a) * (a > b ? begin : end) > 0)) continue;
    out[outAt + count++] = arc;
    if (count === most) break;
  }
  return count;
}
