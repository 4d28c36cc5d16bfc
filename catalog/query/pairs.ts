/** Pairs of parent cell and row as they are found, and as lists. */
import { release } from "../../core/release.ts";

/**
 * Pairs as lists by group, `size` of them: a counting sort, then each list ascending and every member in it once. A
 * pair whose group or member is negative is in none.
 */
export function groupPairs(
  pairs: number,
  size: number,
  groupOf: (pair: number) => number,
  memberOf: (pair: number) => number,
): Uint32Array[] {
  const groups = new Int32Array(pairs);
  const ends = new Float64Array(size + 1);
  for (let i = 0; i < pairs; i++) {
    groups[i] = memberOf(i) < 0 ? -1 : groupOf(i);
    if (groups[i] >= 0) ends[groups[i] + 1] += 1;
  }
  for (let group = 0; group < size; group++) ends[group + 1] += ends[group];
  const members = new Uint32Array(ends[size]);
  const next = ends.slice();
  for (let i = 0; i < pairs; i++) if (groups[i] >= 0) members[next[groups[i]]++] = memberOf(i);
  release([groups]);
  return Array.from({ length: size }, (_, group) => {
    const list = members.subarray(ends[group], ends[group + 1]).sort();
    // A row whose cells came in two chunks may have named a parent twice.
    let end = 0;
    for (let i = 0; i < list.length; i++) if (i === 0 || list[i] !== list[i - 1]) list[end++] = list[i];
    return list.subarray(0, end);
  });
}

/** Up to this order a table of all cells is smaller than a hash of some. */
const TABLE_ORDER = 9;

export function distinctSorted(values: Wholes, order: number): Float64Array {
  if (order > TABLE_ORDER) return Float64Array.from(new Set(values)).sort();
  const there = new Uint8Array(12 * 4 ** order);
  for (let i = 0; i < values.length; i++) there[values[i]] = 1;
  const found: number[] = [];
  for (let cell = 0; cell < there.length; cell++) if (there[cell] === 1) found.push(cell);
  return Float64Array.from(found);
}

/** A function from a cell to its place in `sorted`, -1 when it is not there. */
export function rankIn(sorted: Float64Array, order: number): (cell: number) => number {
  if (order > TABLE_ORDER) {
    const places = new Map<number, number>();
    for (let i = 0; i < sorted.length; i++) places.set(sorted[i], i);
    return (cell) => places.get(cell) ?? -1;
  }
  const places = new Int32Array(12 * 4 ** order).fill(-1);
  for (let i = 0; i < sorted.length; i++) places[sorted[i]] = i;
  return (cell) => places[cell];
}

/** How many different values the lists hold. */
export function countDistinct(lists: readonly Uint32Array[]): number {
  let most = -1;
  for (const list of lists) if (list.length > 0) most = Math.max(most, list[list.length - 1]);
  const there = new Uint8Array(most + 1);
  let count = 0;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      if (there[list[i]] === 1) continue;
      there[list[i]] = 1;
      count += 1;
    }
  }
  return count;
}

/** Whole numbers: four bytes each where all are below 2^32. */
type Wholes = Uint32Array | Float64Array;

/** Whole numbers up to `most`, of which there come more by doubling the memory. */
export class GrowingArray {
  length = 0;
  #values: Wholes;

  constructor(readonly most: number) {
    this.#values = this.#ofLength(1024);
  }

  push(value: number): void {
    if (this.length === this.#values.length) {
      const wider = this.#ofLength(this.length * 2);
      wider.set(this.#values);
      release([this.#values]);
      this.#values = wider;
    }
    this.#values[this.length++] = value;
  }

  view(): Wholes {
    return this.#values.subarray(0, this.length);
  }

  /** Gives the memory back; there are no numbers any more. */
  free(): void {
    release([this.#values]);
    this.#values = this.#ofLength(1024);
    this.length = 0;
  }

  #ofLength(length: number): Wholes {
    return this.most < 2 ** 32 ? new Uint32Array(length) : new Float64Array(length);
  }
}
