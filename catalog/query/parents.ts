/** From the cells of a row to the parent cells that a run would compute them in. */
import { lowerBound } from "../../core/lower_bound.ts";
import { MAX_NUMBER_ORDER } from "../../core/cells/convention.ts";
import type { LatitudeConvention } from "../../core/cells/convention.ts";
import { cellsNear } from "../../core/cells/cell_ranges.ts";
import { cellsInOtherConvention } from "../../core/cells/other_convention.ts";

/** Nested ids that fit 32 bits: 12 * 4^14 < 2^32. */
const LOW_WORD_ORDER = 14;

/** Up to this order, membership is a byte a cell. */
const BITMAP_ORDER = 11;

/** A set of nested ids of one order; `undefined` allowed means every cell. */
export class CellFilter {
  readonly sorted: Float64Array | undefined;
  readonly #has: (cell: number) => boolean;

  constructor(order: number, allowed: Iterable<number> | undefined) {
    if (allowed === undefined) {
      this.#has = () => true;
      return;
    }
    const cells = new Set(allowed);
    this.sorted = Float64Array.from(cells).sort();
    this.#has = order <= BITMAP_ORDER ? bitmapOf(cells, order) : (cell) => cells.has(cell);
  }

  has(cell: number): boolean {
    return this.#has(cell);
  }

  /** The allowed cells of `first` to `last`, both included; all of them without a list. */
  *between(first: number, last: number): Generator<number> {
    if (this.sorted === undefined) {
      for (let cell = first; cell <= last; cell++) yield cell;
      return;
    }
    for (let i = lowerBound(this.sorted, first); i < this.sorted.length && this.sorted[i] <= last; i++) {
      yield this.sorted[i];
    }
  }
}

function bitmapOf(cells: Iterable<number>, order: number): (cell: number) => boolean {
  const bitmap = new Uint8Array(12 * 4 ** order);
  for (const cell of cells) bitmap[cell] = 1;
  return (cell) => bitmap[cell] === 1;
}

/** Calls `found` with parents of `cells[from .. to)`, ids at `cellOrder`, ascending. */
type FindParents = (
  cells: BigUint64Array,
  from: number,
  to: number,
  cellOrder: number,
  found: (parent: number) => void,
) => void;

/** Turns rows of cells into distinct parents, one row after the other. */
export class ParentFinder {
  readonly #order: number;
  readonly #geodetic: boolean;
  readonly #filter: CellFilter;
  readonly #images = new Map<number, Map<number, number[]>>();
  readonly #near: NearFilter | undefined;
  readonly #words = new Uint32Array(2);
  readonly #word = new BigUint64Array(this.#words.buffer);

  constructor(order: number, convention: LatitudeConvention, filter: CellFilter) {
    this.#order = order;
    this.#geodetic = convention === "geodetic";
    this.#filter = filter;
    if (this.#geodetic && filter.sorted !== undefined) this.#near = new NearFilter(filter.sorted, order);
  }

  /**
   * Calls `found` with every parent of `cells[from .. to)` (ids at `cellOrder`, ascending) that the
   * filter allows, each once, in no promised order.
   */
  readonly forEach: FindParents = (cells, from, to, cellOrder, found) => {
    if (this.#geodetic) this.#image(cells, from, to, cellOrder, found);
    else if (cellOrder < this.#order) this.#finer(cells, from, to, cellOrder, found);
    else if (cellOrder <= LOW_WORD_ORDER) this.#coarser32(cells, from, to, cellOrder, found);
    else this.#coarser(cells, from, to, cellOrder, found);
  };

  readonly #coarser32: FindParents = (cells, from, to, cellOrder, found) => {
    const words = new Uint32Array(cells.buffer, cells.byteOffset, cells.length * 2);
    const shift = 2 * (cellOrder - this.#order);
    const filter = this.#filter;
    let last = -1;
    for (let i = from; i < to; i++) {
      const parent = words[2 * i] >>> shift;
      if (parent === last) continue;
      last = parent;
      if (filter.has(parent)) found(parent);
    }
  };

  readonly #coarser: FindParents = (cells, from, to, cellOrder, found) => {
    const shift = BigInt(2 * (cellOrder - this.#order));
    let last = -1;
    for (let i = from; i < to; i++) {
      const parent = Number(cells[i] >> shift);
      if (parent === last) continue;
      last = parent;
      if (this.#filter.has(parent)) found(parent);
    }
  };

  readonly #finer: FindParents = (cells, from, to, cellOrder, found) => {
    const count = 4 ** (this.#order - cellOrder);
    for (let i = from; i < to; i++) {
      const first = Number(cells[i]) * count;
      for (const parent of this.#filter.between(first, first + count - 1)) found(parent);
    }
  };

  readonly #image: FindParents = (cells, from, to, cellOrder, found) => {
    const order = Math.min(cellOrder, MAX_NUMBER_ORDER);
    const shift = BigInt(2 * (cellOrder - order));
    const distinct = new Set<number>();
    for (let i = from; i < to; i++) {
      this.#word[0] = cells[i] >> shift;
      const cell = this.#words[1] * 2 ** 32 + this.#words[0];
      if (this.#near !== undefined && !this.#near.mayReach(cell, order)) continue;
      for (const parent of this.#imageOf(cell, order)) distinct.add(parent);
    }
    for (const parent of distinct) if (this.#filter.has(parent)) found(parent);
  };

  #imageOf(cell: number, order: number): number[] {
    let known = this.#images.get(order);
    if (known === undefined) this.#images.set(order, known = new Map());
    let parents = known.get(cell);
    if (parents === undefined) {
      parents = order >= this.#order
        ? cellsInOtherConvention(cell, order, "authalic", this.#order)
        : childrenImage(cell, order, this.#order);
      known.set(cell, parents);
    }
    return parents;
  }
}

/** Tells quickly that a cell lies too far from every allowed parent for the conventions to matter. */
class NearFilter {
  readonly #order: number;
  readonly #cells: ReadonlySet<number>;

  constructor(parents: Float64Array, parentOrder: number) {
    const { order, cells } = cellsNear(parents, parentOrder);
    this.#order = order;
    this.#cells = cells;
  }

  mayReach(cell: number, order: number): boolean {
    return order < this.#order || this.#cells.has(Math.floor(cell / 4 ** (order - this.#order)));
  }
}

function childrenImage(cell: number, order: number, parentOrder: number): number[] {
  const count = 4 ** (parentOrder - order);
  const parents = new Set<number>();
  for (let child = cell * count; child < (cell + 1) * count; child++) {
    for (const parent of cellsInOtherConvention(child, parentOrder, "authalic", parentOrder)) {
      parents.add(parent);
    }
  }
  return [...parents];
}
