/** Blocks of rows: columns to float64, rows with missing values left out. */
import { type KernelMemory, roundUp } from "../../core/kernels/memory.ts";
import type { Values } from "../../core/values.ts";

/** Rows a block, unless one cell has more: some ten arrays of it fit a processor's second cache. */
export const BLOCK_ROWS = 4096;

/** What is reduced at once: cell k owns rows `starts[k]` to `starts[k + 1]`, `rows` in all. */
export interface Block {
  columns: readonly Float64Array[];
  starts: Uint32Array;
  cells: number;
  rows: number;
}

/** Room for `length` elements and some growth. */
export function capacity(length: number): number {
  return Math.max(BLOCK_ROWS, length + (length >>> 2));
}

/** Copies rows to float64. False if a value is not finite. */
function load(
  source: Values,
  order: Uint32Array | undefined,
  begin: number,
  rows: number,
  target: Float64Array,
): boolean {
  return source instanceof Float32Array
    ? loadSingle(source, order, begin, rows, target)
    : loadDouble(source, order, begin, rows, target);
}

function loadSingle(
  source: Float32Array,
  order: Uint32Array | undefined,
  begin: number,
  rows: number,
  target: Float64Array,
): boolean {
  // x - x is 0 for finite x and NaN for the rest: one sum tells whether all were finite.
  let check = 0;
  for (let i = 0; i < rows; i++) {
    const value = source[order === undefined ? begin + i : order[begin + i]];
    target[i] = value;
    check += value - value;
  }
  return check === 0;
}

function loadDouble(
  source: Float64Array,
  order: Uint32Array | undefined,
  begin: number,
  rows: number,
  target: Float64Array,
): boolean {
  let check = 0;
  for (let i = 0; i < rows; i++) {
    const value = source[order === undefined ? begin + i : order[begin + i]];
    target[i] = value;
    check += value - value;
  }
  return check === 0;
}

/** Marks the rows in which `values` is not finite. */
function markMissing(missing: Uint8Array, values: Float64Array, rows: number): void {
  for (let i = 0; i < rows; i++) if (values[i] - values[i] !== 0) missing[i] = 1;
}

/** Lists the rows that are not marked, and where each cell's begin in the list; returns how many. */
function listKept(
  kept: Uint32Array,
  keptStarts: Uint32Array,
  missing: Uint8Array,
  starts: Uint32Array,
  cells: number,
): number {
  let count = 0;
  keptStarts[0] = 0;
  for (let k = 0; k < cells; k++) {
    for (let i = starts[k]; i < starts[k + 1]; i++) {
      kept[count] = i;
      count += 1 - missing[i];
    }
    keptStarts[k + 1] = count;
  }
  return count;
}

function gather(into: Float64Array, from: Float64Array, kept: Uint32Array, count: number): void {
  for (let i = 0; i < count; i++) into[i] = from[kept[i]];
}

/** Statistics that use the same columns: they have the same valid rows. */
interface ColumnGroup {
  columns: readonly number[];
  /** Indices of the statistics that use exactly these columns. */
  statistics: number[];
}

/** Groups statistics by the columns that they need. */
export function groupByColumns(needs: readonly (readonly number[])[]): ColumnGroup[] {
  const groups = new Map<string, ColumnGroup>();
  needs.forEach((columns, index) => {
    const key = columns.join(",");
    const group = groups.get(key) ?? { columns, statistics: [] };
    group.statistics.push(index);
    groups.set(key, group);
  });
  return [...groups.values()];
}

/** Makes room in a memory for blocks of so many rows and cells, and for so many bytes more; see evaluate.ts. */
type MakeRoom = (room: number, bytes: number) => KernelMemory;

/** Holds the rows of one block, all of them and, for each group of columns, the valid ones: in a memory of kernels. */
export class BlockLoader {
  readonly #roomOf: MakeRoom;
  readonly #used: readonly number[];
  readonly #dense: Float64Array[];
  readonly #compacted: Float64Array[];
  readonly #finite: Uint8Array;
  #memory: KernelMemory | undefined;
  /** Rows, and cells, that there is room for. */
  #room = 0;
  #keptStarts = new Uint32Array(BLOCK_ROWS + 1);
  #missing = new Uint8Array(0);
  #kept = new Uint32Array(0);

  /** `used` are the indices of the columns that some statistic needs. */
  constructor(makeRoom: MakeRoom, columnCount: number, used: readonly number[]) {
    this.#roomOf = makeRoom;
    this.#used = used;
    this.#dense = Array.from({ length: columnCount }, () => new Float64Array(0));
    this.#compacted = Array.from({ length: columnCount }, () => new Float64Array(0));
    this.#finite = new Uint8Array(columnCount);
  }

  /** Makes room for blocks of so many rows and cells, and for so many bytes more, which are the next to be placed. */
  makeRoom(room: number, bytes: number): KernelMemory {
    const own = roundUp(8 * room);
    const memory = this.#roomOf(room, 2 * this.#used.length * own + bytes);
    for (const c of this.#used) {
      this.#dense[c] = new Float64Array(memory.buffer, memory.place(own), room);
      this.#compacted[c] = new Float64Array(memory.buffer, memory.place(own), room);
    }
    this.#memory = memory;
    this.#room = room;
    return memory;
  }

  /** Takes a block in, whose rows begin at row `begin` of the columns' order. True if every value is finite. */
  load(
    columns: readonly Values[],
    order: Uint32Array | undefined,
    begin: number,
    starts: Uint32Array,
    cells: number,
  ): boolean {
    const rows = starts[cells], room = Math.max(rows, cells + 1);
    if (room > this.#room) this.makeRoom(capacity(room), 0);
    let clean = true;
    for (const c of this.#used) {
      const isFinite = this.#load(columns[c], order, begin, rows, this.#dense[c]);
      this.#finite[c] = isFinite ? 1 : 0;
      if (!isFinite) clean = false;
    }
    return clean;
  }

  /** By a kernel where all lies in its memory. */
  #load(
    source: Values,
    order: Uint32Array | undefined,
    begin: number,
    rows: number,
    target: Float64Array,
  ): boolean {
    const memory = this.#memory!;
    if (order === undefined || order.buffer !== memory.buffer || source.buffer !== memory.buffer) {
      return load(source, order, begin, rows, target);
    }
    const { takeFloat32, takeFloat64 } = memory.kernels;
    const take = source.BYTES_PER_ELEMENT === 4 ? takeFloat32 : takeFloat64;
    return take(source.byteOffset, order.byteOffset + 4 * begin, rows, target.byteOffset) !== 0;
  }

  /** All rows, which must be valid. `starts` counts from 0. */
  all(starts: Uint32Array, cells: number): Block {
    return { columns: this.#dense, starts, cells, rows: starts[cells] };
  }

  /** The rows in which every one of `columns` is finite. Valid until the next call. */
  valid(columns: readonly number[], starts: Uint32Array, cells: number): Block {
    if (columns.every((c) => this.#finite[c] === 1)) return this.all(starts, cells);
    const rows = starts[cells];
    if (this.#keptStarts.length <= cells) this.#keptStarts = new Uint32Array(capacity(cells + 1));
    if (this.#missing.length < rows) {
      this.#missing = new Uint8Array(capacity(rows));
      this.#kept = new Uint32Array(this.#missing.length);
    }
    this.#missing.fill(0, 0, rows);
    for (const c of columns) if (this.#finite[c] === 0) markMissing(this.#missing, this.#dense[c], rows);
    const count = listKept(this.#kept, this.#keptStarts, this.#missing, starts, cells);
    for (const c of columns) gather(this.#compacted[c], this.#dense[c], this.#kept, count);
    return { columns: this.#compacted, starts: this.#keptStarts, cells, rows: count };
  }
}
