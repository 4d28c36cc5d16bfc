/**
 * Cells that a shape touches: a superset, and a tight one.
 *
 * Method: from the twelve base cells downwards. A cell keeps the arcs of its parent that may touch it;
 * without any it lies wholly inside or outside, which its centre tells; else its four children follow.
 */
import { inputError } from "../errors.ts";
import { interleaveNumber } from "./bits.ts";
import { arcsMeetingPlanes, basePlanes, ChildPlanes, PLANE_STRIDE } from "./cell_planes.ts";
import { checkOrder, MAX_NUMBER_ORDER } from "./convention.ts";
import { type FaceXY, nestedBigFromFaceXY } from "./face_xy.ts";
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

  /** Room for so many more. */
  reserve(more: number): void {
    const wanted = this.length + more;
    if (wanted <= this.values.length) return;
    const values = new Int32Array(Math.max(wanted, 2 * this.values.length));
    values.set(this.values);
    this.values = values;
  }

  push(value: number): void {
    if (this.length === this.values.length) this.reserve(1);
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

/** Of all shapes: those of a catalog's rows lie beside each other. Made for the first of them. */
let childPlanes: ChildPlanes | undefined;

/** The descent to the cells of an order, level by level. */
class Descent {
  readonly #shape: Shape;
  readonly #last: number;
  readonly #full: Integers[] = [new Integers()];
  #level = new Level();
  /** Whether cells without arcs lie inside, once one of those that share a point was asked. */
  #isInside: boolean | undefined;
  order = 0;
  /** Cells of the present order inside the full ones. */
  fullCount = 0;

  constructor(shape: Shape, last: number) {
    this.#shape = shape;
    this.#last = last;
    const all = Int32Array.from({ length: shape.slack.length }, (_, i) => i);
    if (all.length === 0) return;
    for (let face = 0; face < 12; face++) {
      this.#isInside = undefined;
      this.#sort(face, 0, 0, basePlanes(), face * PLANE_STRIDE, all, 0, all.length, this.#level);
    }
  }

  /** Cells of the present order that an edge may touch. */
  get partialCount(): number {
    return this.#level.ends.length;
  }

  /**
   * Goes to the children of the present level's cells. Where they are more than `most` it stops, stays
   * there, and returns false.
   */
  descend(most = Infinity): boolean {
    const level = this.#level;
    const fullCount = this.fullCount;
    const cells = level.cells.list();
    const ends = level.ends.list();
    const arcs = level.arcs.values;
    const next = this.#level = new Level();
    const kept = childPlanes ??= new ChildPlanes();
    this.order += 1;
    this.fullCount *= 4;
    this.#full.push(new Integers());
    for (let i = 0, begin = 0; i < ends.length && this.fullCount + this.partialCount <= most; i++) {
      const face = cells[3 * i], x = cells[3 * i + 1], y = cells[3 * i + 2];
      const end = ends[i];
      const at = kept.placeOf(face, x, y, this.order - 1);
      // Children meet in their parent's centre: no edge parts those without arcs.
      this.#isInside = undefined;
      for (let child = 0; child < 4; child++) {
        const childX = 2 * x + (child & 1), childY = 2 * y + (child >> 1);
        const planes = at + child * PLANE_STRIDE;
        this.#sort(face, childX, childY, kept.numbers, planes, arcs, begin, end, next);
      }
      begin = end;
    }
    if (this.fullCount + this.partialCount <= most) return true;
    this.#level = level;
    this.order -= 1;
    this.fullCount = fullCount;
    this.#full.pop();
    return false;
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
    planes: Float64Array,
    at: number,
    candidates: Int32Array,
    from: number,
    to: number,
    next: Level,
  ): void {
    const { arcs, slack } = this.#shape;
    // No more is asked of the last cells than whether there is an arc.
    const most = this.order === this.#last ? 1 : to - from;
    next.arcs.reserve(most);
    const { values, length } = next.arcs;
    const found = arcsMeetingPlanes(arcs, slack, candidates, from, to, planes, at, most, values, length);
    let home: Integers;
    if (found > 0) {
      home = next.cells;
      next.arcs.length += found;
      next.ends.push(next.arcs.length);
    } else {
      this.#isInside ??= insideAt(this.#shape, planes, at);
      if (!this.#isInside) return;
      home = this.#full[this.order];
      this.fullCount += 1;
    }
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
  const descent = new Descent(shape, order);
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
  const descent = new Descent(shape, order);
  while (descent.order < order && descent.descend(maxCells));
  return { order: descent.order, cells: coverageIds(descent.coverage()) };
}

/** Nested ids of a coverage at its order, ascending. */
export function coverageIds(coverage: Coverage): BigUint64Array {
  const { order, full, partial, count } = coverage;
  const ids = new BigUint64Array(count);
  if (order <= MAX_NUMBER_ORDER) {
    // Two 32-bit halves each, the lower first: no BigInt is made.
    const halves = new Uint32Array(ids.buffer);
    numberIds(coverage).forEach((id, i) => {
      halves[2 * i] = id;
      halves[2 * i + 1] = id / 2 ** 32;
    });
    return ids;
  }
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
    for (const id of nestedIds(cells, fullOrder)) ranges.push([id * size, (id + 1) * size]);
  });
  return {
    inside: Float64Array.from(ranges.sort(([a], [b]) => a - b).flat()),
    edge: nestedIds(partial, order).sort(),
  };
}

function numberIds({ order, full, partial, count }: Coverage): Float64Array {
  const ids = new Float64Array(count);
  ids.set(nestedIds(partial, order));
  let at = partial.length / 3;
  full.forEach((cells, fullOrder) => {
    const size = 4 ** (order - fullOrder);
    for (const id of nestedIds(cells, fullOrder)) {
      for (let k = 0; k < size; k++) ids[at++] = id * size + k;
    }
  });
  return ids.sort();
}

/** Nested ids of the cells of a list, in its order. */
function nestedIds(cells: CellList, order: number): Float64Array {
  const ids = new Float64Array(cells.length / 3);
  const faceCells = 4 ** order;
  for (let i = 0; i < ids.length; i++) {
    ids[i] = cells[3 * i] * faceCells + interleaveNumber(cells[3 * i + 1], cells[3 * i + 2]);
  }
  return ids;
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
