/** Covers by a plain loop: every cell alone, from the base cells down, with nothing kept or shared. */
import { cellPlanes, PLANE_STRIDE } from "../../../../core/cells/cell_planes.ts";
import { nestedBigFromFaceXY } from "../../../../core/cells/face_xy.ts";
import { insidePolygons, type Shape } from "../../../../core/cells/shape.ts";

/** Nested ids of the cells of `order` that an edge of the shape may touch, or that lie inside; ascending. */
export function plainCover(shape: Shape, order: number): bigint[] {
  const found: bigint[] = [];
  const visit = (face: number, x: number, y: number, depth: number, candidates: number[]): void => {
    const planes = new Float64Array(PLANE_STRIDE);
    cellPlanes(face, x, y, depth, planes);
    const arcs = candidates.filter((arc) => meets(shape, arc, planes));
    const [cx, cy, cz] = planes.subarray(16);
    const isInside = () => insidePolygons(shape, Math.atan2(cy, cx) * 180 / Math.PI, cx, cy, cz);
    if (arcs.length === 0 && candidates.length > 0 && !isInside()) return;
    if (depth === order) {
      found.push(nestedBigFromFaceXY({ face, x, y }, order));
      return;
    }
    // Without arcs all of it is inside.
    for (let k = 0; k < 4; k++) visit(face, 2 * x + (k & 1), 2 * y + (k >> 1), depth + 1, arcs);
  };
  const all = Array.from(shape.slack.keys());
  for (let face = 0; face < 12 && all.length > 0; face++) visit(face, 0, 0, 0, all);
  return found;
}

/** Whether a part of the arc's chord is on the inner side of all four planes, and of the centre's half of the sphere. */
function meets({ arcs, slack }: Shape, arc: number, planes: Float64Array): boolean {
  const [a, b] = [arcs.subarray(6 * arc, 6 * arc + 3), arcs.subarray(6 * arc + 3, 6 * arc + 6)];
  const height = (plane: number, v: Float64Array) =>
    planes[plane] * v[0] + planes[plane + 1] * v[1] + planes[plane + 2] * v[2];
  let [from, to] = [0, 1];
  for (const plane of [0, 4, 8, 12]) {
    const offset = planes[plane + 3] + slack[arc];
    const [atA, atB] = [height(plane, a) + offset, height(plane, b) + offset];
    if (atA < 0 && atB < 0) return false;
    if (atA < 0) from = Math.max(from, atA / (atA - atB));
    else if (atB < 0) to = Math.min(to, atA / (atA - atB));
  }
  if (from > to) return false;
  const [atA, atB] = [height(16, a), height(16, b)];
  return atA + (atB - atA) * (atA > atB ? from : to) > 0;
}
