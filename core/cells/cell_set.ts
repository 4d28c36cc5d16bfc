/**
 * Sets of cells of any orders: a region of the sphere whose edges are edges of cells.
 *
 * Kept as sorted disjoint ranges of nested ids of order 29 (as in the MOC standard, IVOA 2022), so sets
 * of mixed orders are compared by merging two lists.
 */
import { checkOrder, MAX_NUMBER_ORDER, MAX_ORDER } from "./convention.ts";
import { cellsOf, type Coverage } from "./coverage.ts";
import { dilateCells, ringsForGeodetic } from "./dilate.ts";
import { checkNested, nestedBigFromFaceXY } from "./face_xy.ts";
import type { OrderedCell } from "./morton.ts";

/** More cells than this are not listed. */
export const MAX_LISTED_CELLS = 50_000_000;

function shiftOf(order: number): bigint {
  return BigInt(2 * (MAX_ORDER - order));
}

/** Immutable; every operation gives a new set. */
export class CellSet {
  /** First and one past the last id of order 29 of each range, ascending, never touching. */
  readonly #ranges: BigUint64Array;

  private constructor(ranges: BigUint64Array) {
    this.#ranges = ranges;
  }

  static readonly empty: CellSet = new CellSet(new BigUint64Array(0));

  /** The set of cells of one order. @throws RangeError for a cell that does not exist. */
  static fromCells(order: number, cells: Iterable<number | bigint>): CellSet {
    const starts: bigint[] = [];
    for (const cell of cells) {
      checkNested(cell, order);
      starts.push(BigInt(cell));
    }
    const shift = shiftOf(order);
    const sorted = BigUint64Array.from(starts).sort();
    const ranges = new Merger();
    for (const cell of sorted) ranges.add(cell << shift, (cell + 1n) << shift);
    return new CellSet(ranges.finish());
  }

  /** The set of cells of several orders. @throws RangeError for a cell that does not exist. */
  static fromMixed(cells: Iterable<OrderedCell>): CellSet {
    const pairs: [bigint, bigint][] = [];
    for (const { order, nested } of cells) {
      checkNested(nested, order);
      pairs.push([nested << shiftOf(order), (nested + 1n) << shiftOf(order)]);
    }
    return CellSet.#fromPairs(pairs);
  }

  /** The set of a coverage, without listing its cells at one order. */
  static fromCoverage(coverage: Coverage): CellSet {
    const pairs: [bigint, bigint][] = [];
    const add = (list: ArrayLike<number>, order: number) => {
      for (const cell of cellsOf(list)) {
        const nested = nestedBigFromFaceXY(cell, order);
        pairs.push([nested << shiftOf(order), (nested + 1n) << shiftOf(order)]);
      }
    };
    coverage.full.forEach(add);
    add(coverage.partial, coverage.order);
    return CellSet.#fromPairs(pairs);
  }

  static #fromPairs(pairs: [bigint, bigint][]): CellSet {
    pairs.sort((a, b) => a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);
    const ranges = new Merger();
    for (const [first, end] of pairs) ranges.add(first, end);
    return new CellSet(ranges.finish());
  }

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  /** The share of the sphere that the set holds, 0 to 1. */
  get skyFraction(): number {
    let sum = 0n;
    for (let i = 0; i < this.#ranges.length; i += 2) sum += this.#ranges[i + 1] - this.#ranges[i];
    return Number(sum) / (12 * 4 ** MAX_ORDER);
  }

  equals(other: CellSet): boolean {
    const [a, b] = [this.#ranges, other.#ranges];
    return a.length === b.length && a.every((value, i) => value === b[i]);
  }

  /** Whether the whole cell is in the set. */
  contains(nested: number | bigint, order: number): boolean {
    checkNested(nested, order);
    const first = BigInt(nested) << shiftOf(order);
    const end = (BigInt(nested) + 1n) << shiftOf(order);
    const at = this.#rangeEndingAfter(first);
    return at < this.#ranges.length && this.#ranges[at] <= first && this.#ranges[at + 1] >= end;
  }

  /** Whether a part of the cell is in the set. */
  overlaps(nested: number | bigint, order: number): boolean {
    checkNested(nested, order);
    const at = this.#rangeEndingAfter(BigInt(nested) << shiftOf(order));
    return at < this.#ranges.length && this.#ranges[at] < (BigInt(nested) + 1n) << shiftOf(order);
  }

  /** Index of the first range that ends after `id`. */
  #rangeEndingAfter(id: bigint): number {
    let low = 0;
    let high = this.#ranges.length / 2;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ranges[2 * middle + 1] > id) high = middle;
      else low = middle + 1;
    }
    return 2 * low;
  }

  /** Whether both sets hold a common part. */
  intersects(other: CellSet): boolean {
    const [a, b] = [this.#ranges, other.#ranges];
    for (let i = 0, j = 0; i < a.length && j < b.length;) {
      if (a[i + 1] <= b[j]) i += 2;
      else if (b[j + 1] <= a[i]) j += 2;
      else return true;
    }
    return false;
  }

  union(other: CellSet): CellSet {
    const [a, b] = [this.#ranges, other.#ranges];
    const ranges = new Merger();
    for (let i = 0, j = 0; i < a.length || j < b.length;) {
      if (j >= b.length || (i < a.length && a[i] <= b[j])) {
        ranges.add(a[i], a[i + 1]);
        i += 2;
      } else {
        ranges.add(b[j], b[j + 1]);
        j += 2;
      }
    }
    return new CellSet(ranges.finish());
  }

  intersection(other: CellSet): CellSet {
    const [a, b] = [this.#ranges, other.#ranges];
    const ranges = new Merger();
    for (let i = 0, j = 0; i < a.length && j < b.length;) {
      const first = a[i] > b[j] ? a[i] : b[j];
      const end = a[i + 1] < b[j + 1] ? a[i + 1] : b[j + 1];
      if (first < end) ranges.add(first, end);
      if (a[i + 1] < b[j + 1]) i += 2;
      else j += 2;
    }
    return new CellSet(ranges.finish());
  }

  /** What is in this set and not in the other. */
  difference(other: CellSet): CellSet {
    return this.intersection(other.complement());
  }

  /** The rest of the sphere. */
  complement(): CellSet {
    const ranges = new Merger();
    let from = 0n;
    for (let i = 0; i < this.#ranges.length; i += 2) {
      if (this.#ranges[i] > from) ranges.add(from, this.#ranges[i]);
      from = this.#ranges[i + 1];
    }
    const end = 12n << shiftOf(0);
    if (from < end) ranges.add(from, end);
    return new CellSet(ranges.finish());
  }

  /** The cells of `order` that hold a part of the set, as a set: its edges are coarser, it is larger. */
  degrade(order: number): CellSet {
    const shift = shiftOf(order);
    const ranges = new Merger();
    for (const [first, last] of this.rangesAt(order)) ranges.add(first << shift, (last + 1n) << shift);
    return new CellSet(ranges.finish());
  }

  /**
   * Ranges of nested ids of `order`, both ends included, ascending and apart, of the cells that hold a
   * part of the set: the form that SQL's BETWEEN takes.
   */
  *rangesAt(order: number): Generator<[first: bigint, last: bigint]> {
    checkOrder(order);
    const shift = shiftOf(order);
    let open: [bigint, bigint] | undefined;
    for (let i = 0; i < this.#ranges.length; i += 2) {
      const first = this.#ranges[i] >> shift;
      const last = (this.#ranges[i + 1] - 1n) >> shift;
      if (open !== undefined && first <= open[1] + 1n) open[1] = last;
      else {
        if (open !== undefined) yield open;
        open = [first, last];
      }
    }
    if (open !== undefined) yield open;
  }

  /** How many cells of `order` hold a part of the set. */
  countAt(order: number): bigint {
    let count = 0n;
    for (const [first, last] of this.rangesAt(order)) count += last - first + 1n;
    return count;
  }

  /**
   * Nested ids, ascending, of the cells of `order` that hold a part of the set.
   *
   * @throws RangeError for more than 50 million.
   */
  cellsAt(order: number): BigUint64Array {
    const cells = new BigUint64Array(this.#listable(order));
    let at = 0;
    for (const [first, last] of this.rangesAt(order)) {
      for (let cell = first; cell <= last; cell++) cells[at++] = cell;
    }
    return cells;
  }

  /** As {@linkcode cellsAt}, as exact Numbers; orders 0 to 24. */
  numbersAt(order: number): Float64Array {
    checkOrder(order, MAX_NUMBER_ORDER);
    const cells = new Float64Array(this.#listable(order));
    let at = 0;
    for (const [first, last] of this.rangesAt(order)) {
      for (let cell = Number(first); cell <= Number(last); cell++) cells[at++] = cell;
    }
    return cells;
  }

  #listable(order: number): number {
    const count = this.countAt(order);
    if (count > MAX_LISTED_CELLS) {
      throw new RangeError(
        `${count} cells of order ${order} are too many to list (at most ${MAX_LISTED_CELLS})`,
      );
    }
    return Number(count);
  }

  /** The fewest cells that make up the set, of mixed orders, ascending. */
  *mixedCells(): Generator<OrderedCell> {
    for (let i = 0; i < this.#ranges.length; i += 2) {
      const end = this.#ranges[i + 1];
      for (let first = this.#ranges[i]; first < end;) {
        let order = MAX_ORDER;
        while (order > 0) {
          const size = 1n << shiftOf(order - 1);
          if (first % size !== 0n || first + size > end) break;
          order -= 1;
        }
        yield { order, nested: first >> shiftOf(order) };
        first += 1n << shiftOf(order);
      }
    }
  }

  /** The cells of `order` (0 to 24) of the set with `rings` rings of neighbours around them. */
  dilate(order: number, rings: number): CellSet {
    return CellSet.fromCells(order, dilateCells(this.numbersAt(order), order, rings));
  }

  /**
   * The authalic cells of `order` in which points may lie whose cells are of this set when their latitude
   * is read as geodetic, and the other way around.
   */
  dilateForGeodetic(order: number): CellSet {
    return this.dilate(order, ringsForGeodetic(order));
  }
}

/** Joins ascending ranges that touch or overlap. */
class Merger {
  readonly #ranges: bigint[] = [];

  add(first: bigint, end: bigint): void {
    const last = this.#ranges.length - 1;
    if (last > 0 && first <= this.#ranges[last]) {
      if (end > this.#ranges[last]) this.#ranges[last] = end;
    } else this.#ranges.push(first, end);
  }

  finish(): BigUint64Array {
    return BigUint64Array.from(this.#ranges);
  }
}
