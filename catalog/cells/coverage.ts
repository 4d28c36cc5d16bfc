/**
 * Cells that a shape touches: a superset, and a tight one.
 *
 * Method: from the twelve base cells downwards. A cell keeps the arcs of its parent that may touch it;
 * without any it lies wholly inside or outside, which its centre tells; else its four children follow.
 */
import { inputError } from "../../base/errors.ts";
import { arcMeetsPlanes, cellPlanes, childPlanes, PLANE_STRIDE } from "./cell_planes.ts";
import { assignNested } from "./assign.ts";
import { checkOrder, type LatitudeConvention, MAX_NUMBER_ORDER } from "./convention.ts";
import { type FaceXY, faceXYFromNested, nestedBigFromFaceXY, nestedFromFaceXY } from "./face_xy.ts";
import { insidePolygons, type Shape } from "./shape.ts";

/** A footprint of more cells than this is kept at a coarser order. */
export const MAX_FOOTPRINT_CELLS = 4096;
/** More cells than this are refused. */
export const MAX_COVER_CELLS = 50_000_000;

/** Cells of several orders, as they were found: `full` lie inside, `partial` (all of `order`) may not. */
export interface Coverage {
  order: number;
  /** Cells inside the shape, the coarsest that are. */
  full: { order: number; cell: FaceXY }[];
  /** Cells of `order` that an edge may touch. */
  partial: FaceXY[];
  /** Cells of `order` in all. */
  count: number;
}

/** One level of the descent: cells with their arcs. */
interface Level {
  cells: FaceXY[];
  /** The arcs of cell i are `arcs[starts[i] .. starts[i + 1])`. */
  starts: number[];
  arcs: number[];
}

/** The descent, level by level. */
class Descent {
  readonly full: { order: number; cell: FaceXY }[] = [];
  readonly #shape: Shape;
  readonly #planes = new Float64Array(4 * PLANE_STRIDE);
  level: Level;
  order = 0;
  /** Full cells counted at `order`. */
  fullCount = 0;

  constructor(shape: Shape) {
    this.#shape = shape;
    this.level = { cells: [], starts: [0], arcs: [] };
    const all = Array.from({ length: shape.slack.length }, (_, i) => i);
    if (all.length === 0) return;
    for (let face = 0; face < 12; face++) {
      cellPlanes(face, 0, 0, 0, this.#planes);
      this.#sort({ face, x: 0, y: 0 }, 0, all, 0, all.length, this.level);
    }
  }

  get count(): number {
    return this.fullCount + this.level.cells.length;
  }

  /** Goes to the children of the present level's cells. */
  descend(): void {
    const { cells, starts, arcs } = this.level;
    const next: Level = { cells: [], starts: [0], arcs: [] };
    this.order += 1;
    this.fullCount *= 4;
    for (let i = 0; i < cells.length; i++) {
      const { face, x, y } = cells[i]!;
      childPlanes(face, x, y, this.order - 1, this.#planes);
      for (let child = 0; child < 4; child++) {
        const cell = { face, x: 2 * x + (child & 1), y: 2 * y + (child >> 1) };
        this.#sort(cell, child * PLANE_STRIDE, arcs, starts[i]!, starts[i + 1]!, next);
      }
    }
    this.level = next;
  }

  /** Puts a cell, whose planes lie at `at`, among the next level's, the full ones, or nowhere. */
  #sort(cell: FaceXY, at: number, candidates: number[], from: number, to: number, next: Level): void {
    const { arcs, slack } = this.#shape;
    const planes = this.#planes;
    const before = next.arcs.length;
    for (let k = from; k < to; k++) {
      const arc = candidates[k]!;
      if (arcMeetsPlanes(arcs, 6 * arc, slack[arc]!, planes, at)) next.arcs.push(arc);
    }
    if (next.arcs.length > before) {
      next.cells.push(cell);
      next.starts.push(next.arcs.length);
    } else if (insideAt(this.#shape, planes, at)) {
      this.full.push({ order: this.order, cell });
      this.fullCount += 1;
    }
  }
}

/** Whether the centre in the planes at `at` is inside the polygons of the shape. */
function insideAt(shape: Shape, planes: Float64Array, at: number): boolean {
  if (shape.polygons.length === 0) return false;
  const x = planes[at + 16]!, y = planes[at + 17]!;
  return insidePolygons(shape, Math.atan2(y, x) * 180 / Math.PI, x, y, planes[at + 18]!);
}

/**
 * The cells of `order` that the shape touches, as full and partial ones.
 *
 * @throws GranaryError (input) when they are more than `maxCells`.
 */
export function coverMixed(shape: Shape, order: number, maxCells: number = MAX_COVER_CELLS): Coverage {
  checkOrder(order);
  const descent = new Descent(shape);
  while (descent.order < order && descent.level.cells.length <= maxCells) descent.descend();
  const count = descent.fullCount * 4 ** (order - descent.order) + descent.level.cells.length;
  if (count > maxCells || descent.order < order) {
    throw inputError(
      `the shape covers more than ${
        maxCells.toLocaleString("en-US")
      } cells of order ${order}; choose a coarser order`,
    );
  }
  return { order, full: descent.full, partial: descent.level.cells, count };
}

/**
 * Nested ids, ascending, of all cells of `order` that the shape touches. A superset: cells are taken
 * when an edge comes within rounding of them.
 *
 * @throws GranaryError (input) when they are more than 50 million.
 */
export function coverShape(shape: Shape, order: number): BigUint64Array {
  return coverageIds(coverMixed(shape, order));
}

/** As {@linkcode coverShape} with exact Numbers, orders 0 to 24. */
export function coverShapeNumbers(shape: Shape, order: number): Float64Array {
  checkOrder(order, MAX_NUMBER_ORDER);
  return numberIds(coverMixed(shape, order));
}

/**
 * The cells that a granule's row keeps: those of `order`, or of the finest coarser order at which they
 * are at most `maxCells`. The twelve base cells always fit.
 */
export function coverAdaptive(
  shape: Shape,
  order: number,
  maxCells: number = MAX_FOOTPRINT_CELLS,
): { order: number; cells: BigUint64Array } {
  checkOrder(order);
  const descent = new Descent(shape);
  let best = { order: 0, full: [...descent.full], partial: descent.level.cells, count: descent.count };
  while (descent.order < order) {
    descent.descend();
    if (descent.count > maxCells) break;
    best = {
      order: descent.order,
      full: [...descent.full],
      partial: descent.level.cells,
      count: descent.count,
    };
  }
  return { order: best.order, cells: coverageIds(best) };
}

/** Nested ids of a coverage at its order, ascending. */
export function coverageIds(coverage: Coverage): BigUint64Array {
  if (coverage.order <= MAX_NUMBER_ORDER) return BigUint64Array.from(numberIds(coverage), BigInt);
  const { order, full, partial, count } = coverage;
  const ids = new BigUint64Array(count);
  let at = 0;
  for (const cell of partial) ids[at++] = nestedBigFromFaceXY(cell, order);
  for (const { order: fullOrder, cell } of full) {
    const shift = BigInt(2 * (order - fullOrder));
    const first = nestedBigFromFaceXY(cell, fullOrder) << shift;
    for (let id = first; id < first + (1n << shift); id++) ids[at++] = id;
  }
  return ids.sort();
}

function numberIds({ order, full, partial, count }: Coverage): Float64Array {
  const ids = new Float64Array(count);
  let at = 0;
  for (const cell of partial) ids[at++] = nestedFromFaceXY(cell, order);
  for (const { order: fullOrder, cell } of full) {
    const size = 4 ** (order - fullOrder);
    const first = nestedFromFaceXY(cell, fullOrder) * size;
    for (let id = first; id < first + size; id++) ids[at++] = id;
  }
  return ids.sort();
}

/** Whether the shape touches a cell, and whether the cell lies wholly inside it. */
export function shapeMeetsCell(
  shape: Shape,
  nested: number | bigint,
  order: number,
): "outside" | "touches" | "full" {
  const { face, x, y } = faceXYFromNested(nested, order);
  const planes = new Float64Array(PLANE_STRIDE);
  cellPlanes(face, x, y, order, planes);
  for (let arc = 0; arc < shape.slack.length; arc++) {
    if (arcMeetsPlanes(shape.arcs, 6 * arc, shape.slack[arc]!, planes, 0)) return "touches";
  }
  return insideAt(shape, planes, 0) ? "full" : "outside";
}

/**
 * The cells of points, distinct and ascending: exactly those that hold a point. Points out of range or
 * not finite have none. Orders 0 to 24.
 */
export function coverTrack(
  longitude: Float64Array,
  latitude: Float64Array,
  order: number,
  convention: LatitudeConvention,
  keep?: Uint8Array,
): BigUint64Array {
  const ids = new Float64Array(longitude.length);
  assignNested(longitude, latitude, order, convention, ids, keep);
  // Along a track the same cell comes many times in a row.
  let runs = 0;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (id >= 0 && (runs === 0 || ids[runs - 1] !== id)) ids[runs++] = id;
  }
  const sorted = ids.subarray(0, runs).sort();
  let distinct = 0;
  for (let i = 0; i < runs; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) distinct++;
  }
  const cells = new BigUint64Array(distinct);
  let at = 0;
  for (let i = 0; i < runs; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) cells[at++] = BigInt(sorted[i]!);
  }
  return cells;
}
