/**
 * Cells that a shape touches: a superset, and a tight one.
 *
 * Method: from the twelve base cells downwards. A cell keeps the arcs of its parent that may touch it;
 * without any it lies wholly inside or outside, which its centre tells; else its four children follow.
 */
import { inputError } from "../errors.ts";
import { arcMeetsPlanes, cellPlanes, childPlanes, PLANE_STRIDE } from "./cell_planes.ts";
import { checkOrder, MAX_NUMBER_ORDER } from "./convention.ts";
import { type FaceXY, nestedBigFromFaceXY, nestedFromFaceXY } from "./face_xy.ts";
import { insidePolygons, type Shape } from "./shape.ts";

/** A footprint of more cells than this is kept at a coarser order. */
const MAX_FOOTPRINT_CELLS = 4096;
/** More cells than this are refused. */
const MAX_COVER_CELLS = 50_000_000;

/** Cells as face, x, y, three numbers each, in nested order. */
type CellList = ArrayLike<number>;

/** The cells of a shape as they are found: `full` ones lie inside it, `partial` ones may not. */
export interface Coverage {
  readonly order: number;
  /** `full[k]` holds cells of order k: the coarsest that lie inside. */
  readonly full: readonly CellList[];
  /** Cells of `order` that an edge may touch. */
  readonly partial: CellList;
  /** Cells of `order` in all. */
  readonly count: number;
}

/** Integers in a row that grows. */
class Integers {
  values = new Int32Array(48);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const values = new Int32Array(2 * this.length);
      values.set(this.values);
      this.values = values;
    }
    this.values[this.length++] = value;
  }

  list(): Int32Array {
    return this.values.subarray(0, this.length);
  }
}

/** One level of the descent: cells and, for each, the arcs that may touch it. */
class Level {
  readonly cells = new Integers();
  /** The arcs of cell i are `arcs[ends[i - 1] .. ends[i])`. */
  readonly ends = new Integers();
  readonly arcs = new Integers();
}

/** The descent, level by level. */
class Descent {
  readonly #shape: Shape;
  readonly #planes = new Float64Array(4 * PLANE_STRIDE);
  readonly #full: Integers[] = [new Integers()];
  #level = new Level();
  order = 0;
  /** Cells of the present order inside the full ones. */
  fullCount = 0;

  constructor(shape: Shape) {
    this.#shape = shape;
    const all = Int32Array.from({ length: shape.slack.length }, (_, i) => i);
    if (all.length === 0) return;
    for (let face = 0; face < 12; face++) {
      cellPlanes(face, 0, 0, 0, this.#planes);
      this.#sort(face, 0, 0, 0, all, 0, all.length, this.#level);
    }
  }

  get partialCount(): number {
    return this.#level.ends.length;
  }

  /** Goes to the children of the present level's cells. */
  descend(): void {
    const cells = this.#level.cells.list();
    const ends = this.#level.ends.list();
    const arcs = this.#level.arcs.values;
    const next = new Level();
    this.order += 1;
    this.fullCount *= 4;
    this.#full.push(new Integers());
    let begin = 0;
    for (let i = 0; i < ends.length; i++) {
      const face = cells[3 * i], x = cells[3 * i + 1], y = cells[3 * i + 2];
      const end = ends[i];
      childPlanes(face, x, y, this.order - 1, this.#planes);
      for (let child = 0; child < 4; child++) {
        const [childX, childY] = [2 * x + (child & 1), 2 * y + (child >> 1)];
        this.#sort(face, childX, childY, child * PLANE_STRIDE, arcs, begin, end, next);
      }
      begin = end;
    }
    this.#level = next;
  }

  /** The cells of the present level. */
  coverage(): Coverage {
    return {
      order: this.order,
      full: this.#full.map((cells) => cells.list()),
      partial: this.#level.cells.list(),
      count: this.fullCount + this.partialCount,
    };
  }

  /** Puts a cell, whose planes lie at `at`, among the next level's, the full ones, or nowhere. */
  #sort(
    face: number,
    x: number,
    y: number,
    at: number,
    candidates: Int32Array,
    from: number,
    to: number,
    next: Level,
  ): void {
    const { arcs, slack } = this.#shape;
    const planes = this.#planes;
    const before = next.arcs.length;
    for (let k = from; k < to; k++) {
      const arc = candidates[k];
      if (arcMeetsPlanes(arcs, 6 * arc, slack[arc], planes, at)) next.arcs.push(arc);
    }
    let home: Integers;
    if (next.arcs.length > before) {
      home = next.cells;
      next.ends.push(next.arcs.length);
    } else if (insideAt(this.#shape, planes, at)) {
      home = this.#full[this.order];
      this.fullCount += 1;
    } else return;
    home.push(face);
    home.push(x);
    home.push(y);
  }
}

/** Whether the centre in the planes at `at` is inside the polygons of the shape. */
function insideAt(shape: Shape, planes: Float64Array, at: number): boolean {
  if (shape.polygons.length === 0) return false;
  const x = planes[at + 16], y = planes[at + 17];
  return insidePolygons(shape, Math.atan2(y, x) * 180 / Math.PI, x, y, planes[at + 18]);
}

/**
 * The cells of `order` that the shape touches, as full and partial ones.
 *
 * @throws GranaryError (input) when they are more than `maxCells`.
 */
export function coverMixed(shape: Shape, order: number, maxCells: number = MAX_COVER_CELLS): Coverage {
  checkOrder(order);
  const descent = new Descent(shape);
  const tooMany = () => descent.fullCount * 4 ** (order - descent.order) + descent.partialCount > maxCells;
  while (descent.order < order && !tooMany()) descent.descend();
  if (tooMany()) {
    throw inputError(
      `the shape covers more than ${
        maxCells.toLocaleString("en-US")
      } cells of order ${order}; choose a coarser order`,
    );
  }
  return descent.coverage();
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
  let best = descent.coverage();
  while (descent.order < order) {
    descent.descend();
    if (descent.fullCount + descent.partialCount > maxCells) break;
    best = descent.coverage();
  }
  return { order: best.order, cells: coverageIds(best) };
}

/** Nested ids of a coverage at its order, ascending. */
export function coverageIds(coverage: Coverage): BigUint64Array {
  const { order, full, partial, count } = coverage;
  if (order <= MAX_NUMBER_ORDER) return BigUint64Array.from(numberIds(coverage), BigInt);
  const ids = new BigUint64Array(count);
  let at = 0;
  for (const cell of cellsOf(partial)) ids[at++] = nestedBigFromFaceXY(cell, order);
  full.forEach((cells, fullOrder) => {
    const shift = BigInt(2 * (order - fullOrder));
    for (const cell of cellsOf(cells)) {
      const first = nestedBigFromFaceXY(cell, fullOrder) << shift;
      for (let id = first; id < first + (1n << shift); id++) ids[at++] = id;
    }
  });
  return ids.sort();
}

/**
 * A coverage as nested ids at its order (0 to 24): the cells inside as ascending ranges first, end, first,
 * end, …, and those that an edge may touch, ascending.
 */
export function coverageRanges(
  { order, full, partial }: Coverage,
): { inside: Float64Array; edge: Float64Array } {
  const ranges: [first: number, end: number][] = [];
  full.forEach((cells, fullOrder) => {
    const size = 4 ** (order - fullOrder);
    for (const cell of cellsOf(cells)) {
      const first = nestedFromFaceXY(cell, fullOrder) * size;
      ranges.push([first, first + size]);
    }
  });
  const edge = new Float64Array(partial.length / 3);
  let at = 0;
  for (const cell of cellsOf(partial)) edge[at++] = nestedFromFaceXY(cell, order);
  edge.sort();
  return { inside: Float64Array.from(ranges.sort(([a], [b]) => a - b).flat()), edge };
}

function numberIds({ order, full, partial, count }: Coverage): Float64Array {
  const ids = new Float64Array(count);
  let at = 0;
  for (const cell of cellsOf(partial)) ids[at++] = nestedFromFaceXY(cell, order);
  full.forEach((cells, fullOrder) => {
    const size = 4 ** (order - fullOrder);
    for (const cell of cellsOf(cells)) {
      const first = nestedFromFaceXY(cell, fullOrder) * size;
      for (let id = first; id < first + size; id++) ids[at++] = id;
    }
  });
  return ids.sort();
}

/** The cells of a list, one object for all. */
export function* cellsOf(list: CellList): Generator<FaceXY> {
  const cell = { face: 0, x: 0, y: 0 };
  for (let i = 0; i < list.length; i += 3) {
    cell.face = list[i];
    cell.x = list[i + 1];
    cell.y = list[i + 2];
    yield cell;
  }
}
