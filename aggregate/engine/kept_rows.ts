/** The rows of one group that are kept, with their values: found and put together by kernels, block by block. */
import { ALIGNMENT, type KernelMemory } from "../../core/kernels/memory.ts";
import type { Values } from "../../core/values.ts";
import type { ChildIndices } from "./segment.ts";

/** Rows at a time: what is known of them fits a processor's second cache. */
const BLOCK = 8192;

/** Bytes a row of a block, besides its columns: three of 8, four of 4, and whether it passes. */
const ROW_BYTES = 8 + 8 + 8 + 4 + 4 + 4 + 4 + 1;

/** Where the kernel says how many rows it found. */
const COUNTS = 0;

/** Rows of a group as they come. Columns in the memory that is worked in are changed, the others are not. */
interface GroupRows {
  rows: number;
  parent: Float64Array;
  child: Uint32Array;
  columns: readonly Values[];
  passes: Uint8Array | null;
}

/** Values of rows, as they come or as they are kept. */
type RowArray = ChildIndices | Values;

/** What is found of one group is good until the next {@linkcode layOut}. */
export class KeptRows {
  readonly #childBytes: 2 | 4;
  readonly #columnCount: number;
  readonly #allAlive: number;
  readonly #masks: Uint32Array;
  #made: KernelMemory | undefined;
  /** Of a block, by the places of their arrays: what lies elsewhere is copied to there. */
  #parent = 0;
  #child = 0;
  #passes = 0;
  #columns: number[] = [];
  #gathered = 0;
  #alive = new Uint32Array(0);
  #list = new Uint32Array(0);
  #runParents = new Float64Array(0);
  #runStarts = new Uint32Array(0);

  /** Rows without a place, of the others those that do not pass, of the others those without values. */
  misplaced = 0;
  filtered = 0;
  empty = 0;
  count = 0;
  /** Of each kept row its number in the group, where {@linkcode take} was asked for it. */
  numbers: Uint32Array = new Uint32Array(0);
  /** Of each kept row its child and its values. */
  children: ChildIndices = new Uint16Array(0);
  columns: Values[] = [];
  runs = 0;
  /** Of each run of kept rows of one parent that parent, and where it begins; one more stands at the end. */
  runParents: Float64Array = new Float64Array(0);
  runStarts: Uint32Array = new Uint32Array(1);

  /**
   * A row starts with the bits of `allAlive` and loses those of a column's mask where its value is not finite; with none
   * left it is not kept.
   */
  constructor(childBytes: 2 | 4, columnCount: number, allAlive: number, masks: Uint32Array) {
    this.#childBytes = childBytes;
    this.#columnCount = columnCount;
    this.#allAlive = allAlive;
    this.#masks = masks;
  }

  /** Bytes of a memory for groups of so many rows. */
  bytesFor(rows: number): number {
    return (BLOCK + ALIGNMENT) * (ROW_BYTES + 8 * this.#columnCount) + 4 * (rows + ALIGNMENT);
  }

  /** Makes the memory that the next group is worked on in, its children too where they have room there. */
  layOut(rows: number, memory: KernelMemory, isHeld: boolean): void {
    const { buffer } = memory;
    this.#made = memory;
    [this.#parent, this.#gathered] = [memory.place(8 * BLOCK), memory.place(8 * BLOCK)];
    this.#runParents = new Float64Array(buffer, memory.place(8 * BLOCK), BLOCK);
    this.#runStarts = new Uint32Array(buffer, memory.place(4 * (BLOCK + 1)), BLOCK + 1);
    this.#child = memory.place(4 * BLOCK);
    this.#alive = new Uint32Array(buffer, memory.place(4 * BLOCK), BLOCK);
    // A kernel looks one row ahead.
    this.#list = new Uint32Array(buffer, memory.place(4 * (BLOCK + 1)), BLOCK);
    this.#passes = memory.place(BLOCK);
    this.#columns = Array.from({ length: this.#columnCount }, () => memory.place(8 * BLOCK));
    const elements = this.#childBytes === 2 ? Uint16Array : Uint32Array;
    this.children = isHeld
      ? new elements(buffer, memory.place(this.#childBytes * rows), rows)
      : new elements(0);
  }

  /** Takes a group in. Numbers of rows are kept where they are asked for. */
  take(group: GroupRows, isNumbered: boolean): void {
    this.#reserve(group, isNumbered);
    this.misplaced =
      this.filtered =
      this.empty =
      this.count =
      this.runs =
        0;
    for (let begin = 0; begin < group.rows; begin += BLOCK) {
      const kept = this.#takeBlock(group, begin, Math.min(begin + BLOCK, group.rows));
      if (isNumbered) {
        for (let i = 0; i < kept; i++) this.numbers[this.count + i] = begin + this.#list[i];
      }
      this.count += kept;
    }
    this.runStarts[this.runs] = this.count;
  }

  /** Keeps of the kept rows those at the first `count` of `positions`, which ascend. */
  select(positions: Uint32Array, count: number): void {
    for (const values of [this.children, ...this.columns]) {
      for (let i = 0; i < count; i++) values[i] = values[positions[i]];
    }
    this.count = count;
  }

  /** Returns how many rows of the block are kept. */
  #takeBlock({ parent, child, columns, passes }: GroupRows, begin: number, end: number): number {
    const { kernels, buffer } = this.#memory, rows = end - begin;
    const places = columns.map((column, c) => this.#placeOf(column, begin, end, this.#columns[c]));
    if (passes === null) new Uint8Array(buffer, this.#passes, rows).fill(1);
    this.#alive.fill(this.#allAlive, 0, rows);
    columns.forEach((column, c) => this.#mark(column, places[c], rows, this.#masks[c]));
    kernels.keepRows(
      this.#placeOf(parent, begin, end, this.#parent),
      passes === null ? this.#passes : this.#placeOf(passes, begin, end, this.#passes),
      this.#alive.byteOffset,
      rows,
      this.#list.byteOffset,
      this.#runParents.byteOffset,
      this.#runStarts.byteOffset,
      COUNTS,
    );
    const [misplaced, filtered, empty, kept, runs] = new Uint32Array(buffer, COUNTS, 5);
    this.misplaced += misplaced;
    this.filtered += filtered;
    this.empty += empty;
    this.#addRuns(runs);
    const gather = this.#childBytes === 2 ? kernels.gatherHalves : kernels.gather4;
    this.#gather(gather, this.#placeOf(child, begin, end, this.#child), kept, this.children);
    this.columns.forEach((column, c) =>
      this.#gather(
        column.BYTES_PER_ELEMENT === 4 ? kernels.gather4 : kernels.gather8,
        places[c],
        kept,
        column,
      )
    );
    return kept;
  }

  /** Where rows of an array lie in the memory: it is their own place, or they are copied to `room`. */
  #placeOf(array: RowArray | Uint8Array, begin: number, end: number, room: number): number {
    const { buffer } = this.#memory, size = array.BYTES_PER_ELEMENT;
    if (array.buffer === buffer) return array.byteOffset + size * begin;
    const bytes = new Uint8Array(array.buffer, array.byteOffset + size * begin, size * (end - begin));
    new Uint8Array(buffer, room, bytes.length).set(bytes);
    return room;
  }

  #mark(column: Values, place: number, rows: number, mask: number): void {
    if (mask === 0) return;
    const { markFloat32, markFloat64 } = this.#memory.kernels;
    const mark = column.BYTES_PER_ELEMENT === 4 ? markFloat32 : markFloat64;
    mark(place, rows, this.#alive.byteOffset, mask);
  }

  /** Joins a block's first run to the last before it where both are of one parent. */
  #addRuns(runs: number): void {
    while (this.runs + runs > this.runParents.length) this.#growRuns();
    for (let r = 0; r < runs; r++) {
      const parent = this.#runParents[r];
      if (r === 0 && this.runs > 0 && this.runParents[this.runs - 1] === parent) continue;
      this.runParents[this.runs] = parent;
      this.runStarts[this.runs] = this.count + this.#runStarts[r];
      this.runs += 1;
    }
  }

  #growRuns(): void {
    const size = Math.max(1024, 2 * this.runParents.length);
    const parents = new Float64Array(size), starts = new Uint32Array(size + 1);
    parents.set(this.runParents);
    starts.set(this.runStarts);
    this.runParents = parents;
    this.runStarts = starts;
  }

  /** Puts the listed rows behind those of the blocks before. No row goes further back than where it comes from. */
  #gather(
    gather: (from: number, list: number, count: number, to: number) => void,
    from: number,
    kept: number,
    into: RowArray,
  ): void {
    const { buffer } = this.#memory, size = into.BYTES_PER_ELEMENT, list = this.#list.byteOffset;
    if (into.buffer === buffer) {
      gather(from, list, kept, into.byteOffset + size * this.count);
      return;
    }
    gather(from, list, kept, this.#gathered);
    const gathered = new Uint8Array(buffer, this.#gathered, size * kept);
    new Uint8Array(into.buffer, into.byteOffset + size * this.count).set(gathered);
  }

  /** Makes room for all rows of a group: columns in the memory stay where they are. */
  #reserve({ rows, columns }: GroupRows, isNumbered: boolean): void {
    const { buffer } = this.#memory, size = Math.ceil(1.25 * rows);
    if (isNumbered && this.numbers.length < rows) this.numbers = new Uint32Array(size);
    if (this.children.length < rows) {
      this.children = this.#childBytes === 2 ? new Uint16Array(size) : new Uint32Array(size);
    }
    columns.forEach((column, c) => {
      const old = this.columns[c];
      if (column.buffer === buffer) this.columns[c] = column;
      else if (
        old === undefined || old.buffer === buffer || old.length < rows ||
        old.BYTES_PER_ELEMENT !== column.BYTES_PER_ELEMENT
      ) this.columns[c] = column instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
    });
  }

  get #memory(): KernelMemory {
    if (this.#made === undefined) throw new Error("rows are kept in a memory that was not laid out");
    return this.#made;
  }
}
