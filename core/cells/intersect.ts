/** The exact test after the prefilter by cells: shapes that meet. */
import { ROUNDING } from "./cell_planes.ts";
import { insidePolygons, type Shape } from "./shape.ts";

/** Arcs are boxed in runs of this many: neighbours in a ring are neighbours on the sphere. */
const RUN = 16;
const BOX = 6;

/** Boxes in space around every run of arcs: lowest x y z, highest x y z. */
const boxesOf = new WeakMap<Shape, Float64Array>();

/** Whether two shapes (of the same convention) touch: edges that meet, or one inside the other. */
export function shapesIntersect(a: Shape, b: Shape): boolean {
  if (a.convention !== b.convention) {
    throw new RangeError(`shapes of the conventions ${a.convention} and ${b.convention} cannot be compared`);
  }
  const [few, many] = a.slack.length <= b.slack.length ? [a, b] : [b, a];
  const boxes = runBoxes(many);
  for (let arc = 0; arc < few.slack.length; arc++) {
    const box = arcBox(few, arc, new Float64Array(BOX));
    for (let run = 0; run * BOX < boxes.length; run++) {
      if (!boxesMeet(box, 0, boxes, run * BOX)) continue;
      const end = Math.min((run + 1) * RUN, many.slack.length);
      for (let other = run * RUN; other < end; other++) if (arcsMeet(few, arc, many, other)) return true;
    }
  }
  return startsInside(few, many) || startsInside(many, few);
}

/** Whether a part of `shape` starts inside the polygons of `other`; edges are known not to meet. */
function startsInside(shape: Shape, other: Shape): boolean {
  if (other.polygons.length === 0) return false;
  const { arcs } = shape;
  for (let at = 0; at < arcs.length; at += 6) {
    // An arc that begins where the one before ends lies in the same part.
    if (
      at > 0 && arcs[at] === arcs[at - 3] && arcs[at + 1] === arcs[at - 2] && arcs[at + 2] === arcs[at - 1]
    ) continue;
    const x = arcs[at], y = arcs[at + 1];
    if (insidePolygons(other, Math.atan2(y, x) * 180 / Math.PI, x, y, arcs[at + 2])) return true;
  }
  return false;
}

function runBoxes(shape: Shape): Float64Array {
  const known = boxesOf.get(shape);
  if (known) return known;
  const runs = Math.ceil(shape.slack.length / RUN);
  const boxes = new Float64Array(runs * BOX);
  const box = new Float64Array(BOX);
  for (let run = 0; run < runs; run++) {
    const at = run * BOX;
    boxes.fill(Infinity, at, at + 3).fill(-Infinity, at + 3, at + 6);
    for (let arc = run * RUN; arc < Math.min((run + 1) * RUN, shape.slack.length); arc++) {
      arcBox(shape, arc, box);
      for (let k = 0; k < 3; k++) {
        boxes[at + k] = Math.min(boxes[at + k], box[k]);
        boxes[at + 3 + k] = Math.max(boxes[at + 3 + k], box[3 + k]);
      }
    }
  }
  boxesOf.set(shape, boxes);
  return boxes;
}

/** The box of an arc: that of its chord, widened by the arc's height over it and by its reach. */
function arcBox(shape: Shape, arc: number, box: Float64Array): Float64Array {
  const { arcs } = shape;
  const at = 6 * arc;
  let square = 0;
  for (let k = 0; k < 3; k++) square += (arcs[at + k] - arcs[at + 3 + k]) ** 2;
  // Height of an arc over its chord c: 1 - sqrt(1 - c^2 / 4).
  const reach = 1 - Math.sqrt(Math.max(0, 1 - square / 4)) + reachOf(shape.slack[arc]) + 2 * ROUNDING;
  for (let k = 0; k < 3; k++) {
    box[k] = Math.min(arcs[at + k], arcs[at + 3 + k]) - reach;
    box[3 + k] = Math.max(arcs[at + k], arcs[at + 3 + k]) + reach;
  }
  return box;
}

/** The chord of an angle given by its sine. */
function reachOf(sine: number): number {
  return Math.sqrt(2 - 2 * Math.sqrt(1 - sine * sine));
}

function boxesMeet(a: Float64Array, i: number, b: Float64Array, j: number): boolean {
  for (let k = 0; k < 3; k++) {
    if (a[i + k] > b[j + 3 + k] || b[j + k] > a[i + 3 + k]) return false;
  }
  return true;
}

/** Whether two arcs cross or come as near to each other as they reach. */
function arcsMeet(a: Shape, arcA: number, b: Shape, arcB: number): boolean {
  const p = a.arcs, i = 6 * arcA, q = b.arcs, j = 6 * arcB;
  const toC = side(p, i, q, j), toD = side(p, i, q, j + 3);
  const toA = side(q, j, p, i), toB = side(q, j, p, i + 3);
  // Each pair on two sides of the other's great circle, and turning the same way: not on the far side.
  if (toC * toD < 0 && toA * toB < 0 && toC * toB > 0) return true;
  const sine = Math.min(1, a.slack[arcA] + b.slack[arcB]);
  return near(p, i, q[j], q[j + 1], q[j + 2], sine) || near(p, i, q[j + 3], q[j + 4], q[j + 5], sine) ||
    near(q, j, p[i], p[i + 1], p[i + 2], sine) || near(q, j, p[i + 3], p[i + 4], p[i + 5], sine);
}

/** On which side of the great circle of the arc at `i` the vector at `k` lies. */
function side(arcs: Float64Array, i: number, vectors: Float64Array, k: number): number {
  const ax = arcs[i], ay = arcs[i + 1], az = arcs[i + 2];
  const dx = arcs[i + 3] - ax, dy = arcs[i + 4] - ay, dz = arcs[i + 5] - az;
  return vectors[k] * (ay * dz - az * dy) + vectors[k + 1] * (az * dx - ax * dz) +
    vectors[k + 2] * (ax * dy - ay * dx);
}

/** Whether a unit vector lies within an angle, given by its sine, of an arc. */
function near(arcs: Float64Array, i: number, x: number, y: number, z: number, sine: number): boolean {
  const ax = arcs[i], ay = arcs[i + 1], az = arcs[i + 2];
  const bx = arcs[i + 3], by = arcs[i + 4], bz = arcs[i + 5];
  const reach = reachOf(sine) + ROUNDING;
  if ((x - ax) ** 2 + (y - ay) ** 2 + (z - az) ** 2 <= reach * reach) return true;
  if ((x - bx) ** 2 + (y - by) ** 2 + (z - bz) ** 2 <= reach * reach) return true;
  const dx = bx - ax, dy = by - ay, dz = bz - az;
  const nx = ay * dz - az * dy, ny = az * dx - ax * dz, nz = ax * dy - ay * dx;
  const length = Math.sqrt(nx * nx + ny * ny + nz * nz);
  if (length === 0 || Math.abs(x * nx + y * ny + z * nz) > (sine + ROUNDING) * length) return false;
  // Between the ends: on the inner side of the planes that stand on the arc at its ends.
  const fromA = x * (ny * az - nz * ay) + y * (nz * ax - nx * az) + z * (nx * ay - ny * ax);
  const fromB = x * (ny * bz - nz * by) + y * (nz * bx - nx * bz) + z * (nx * by - ny * bx);
  return fromA > 0 && fromB < 0;
}
