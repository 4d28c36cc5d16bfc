/** The rows of one group that are kept, with their values: found and put together by kernels, block by block. */
import { KernelMemory, roundUp } from "../../core/kernels/memory.ts";
import type { Values } from "../../core/values.ts";
import type { ChildIndices } from "./segment.ts";

/** Rows at a time: what is known of them fits a processor's second cache. */
const BLOCK = 8192;

/** Where the kernel says how many rows it found. */
const COUNTS = 0;

/** Rows of a group as they come. */
interface GroupRows {
  rows: number;
  parent: Float64Array;
  child: Uint32Array;
  columns: readonly Values[];
  passes: Uint8Array | null;
}

/** Scratch for groups, reused from one to the next: what it holds is good until the next {@linkcode take}. */
export class KeptRows {
  readonly #columnCount: number;
  readonly #allAlive: number;
  readonly #masks: Uint32Array;
  #made: KernelMemory | undefined;
  #parent = new Float64Array(0);
  #child = new Uint32Array(0);
  #passes = new Uint8Array(0);
  #alive = new Uint32Array(0);
  #list = new Uint32Array(0);
  #runParents = new Float64Array(0);
  #runStarts = new Uint32Array(0);
  /** Of each column its place, with room for 8 bytes a row. */
  #places: number[] = [];
  #gathered = 0;

  /** Rows without a place, of the others those that do not pass, of the others those without values. */
  misplaced = 0;
  filtered = 0;
  empty = 0;
  count = 0;
  /** Of each kept row its number in the group, where {@linkcode take} was asked for it. */
  numbers: Uint32Array = new Uint32Array(0);
  /** Of each kept row its child and its values. */
  children: ChildIndices;
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
    this.children = childBytes === 2 ? new Uint16Array(0) : new Uint32Array(0);
    this.#columnCount = columnCount;
    this.#allAlive = allAlive;
    this.#masks = masks;
  }

  /** Takes a group in. Numbers of rows are kept where they are asked for. */
  take(group: GroupRows, isNumbered: boolean): void {
    if (this.#made === undefined) this.#layOut();
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
    this.#parent.set(parent.subarray(begin, end));
    this.#child.set(child.subarray(begin, end));
    if (passes === null) this.#passes.fill(1);
    else this.#passes.set(passes.subarray(begin, end));
    this.#alive.fill(this.#allAlive);
    columns.forEach((column, c) => this.#takeColumn(column.subarray(begin, end), c));
    kernels.keepRows(
      this.#parent.byteOffset,
      this.#passes.byteOffset,
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
    const gather = this.children instanceof Uint16Array ? kernels.gatherHalves : kernels.gather4;
    this.#gather(gather, this.#child.byteOffset, kept, this.children);
    this.columns.forEach((column, c) =>
      this.#gather(
        column instanceof Float32Array ? kernels.gather4 : kernels.gather8,
        this.#places[c],
        kept,
        column,
      )
    );
    return kept;
  }

  #takeColumn(column: Values, c: number): void {
    const { kernels, buffer } = this.#memory;
    const at = this.#places[c], alive = this.#alive.byteOffset, mask = this.#masks[c];
    if (column instanceof Float32Array) {
      new Float32Array(buffer, at, column.length).set(column);
      if (mask !== 0) kernels.markFloat32(at, column.length, alive, mask);
    } else {
      new Float64Array(buffer, at, column.length).set(column);
      if (mask !== 0) kernels.markFloat64(at, column.length, alive, mask);
    }
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

  #gather(
    gather: (from: number, list: number, count: number, to: number) => void,
    from: number,
    kept: number,
    into: ChildIndices | Values,
  ): void {
    gather(from, this.#list.byteOffset, kept, this.#gathered);
    const size = into.BYTES_PER_ELEMENT;
    const gathered = new Uint8Array(this.#memory.buffer, this.#gathered, size * kept);
    new Uint8Array(into.buffer, into.byteOffset + size * this.count).set(gathered);
  }

  /** Makes room for all rows of a group. */
  #reserve({ rows, columns }: GroupRows, isNumbered: boolean): void {
    const size = Math.ceil(1.25 * rows);
    if (isNumbered && this.numbers.length < rows) this.numbers = new Uint32Array(size);
    if (this.children.length < rows) {
      this.children = this.children instanceof Uint16Array ? new Uint16Array(size) : new Uint32Array(size);
    }
    columns.forEach((column, c) => {
      const old = this.columns[c];
      if (old !== undefined && old.length >= rows && old.BYTES_PER_ELEMENT === column.BYTES_PER_ELEMENT) {
        return;
      }
      this.columns[c] = column instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
    });
  }

  get #memory(): KernelMemory {
    return this.#made ??= new KernelMemory();
  }

  #layOut(): void {
    const memory = this.#memory, quad = roundUp(4 * BLOCK), double = roundUp(8 * BLOCK);
    memory.reserve(3 * double + 3 * quad + roundUp(4 * (BLOCK + 1)) + BLOCK + this.#columnCount * double);
    const { buffer } = memory;
    this.#parent = new Float64Array(buffer, memory.place(double), BLOCK);
    this.#runParents = new Float64Array(buffer, memory.place(double), BLOCK);
    this.#gathered = memory.place(double);
    this.#child = new Uint32Array(buffer, memory.place(quad), BLOCK);
    this.#alive = new Uint32Array(buffer, memory.place(quad), BLOCK);
    this.#list = new Uint32Array(buffer, memory.place(quad), BLOCK);
    this.#runStarts = new Uint32Array(buffer, memory.place(4 * (BLOCK + 1)), BLOCK + 1);
    this.#passes = new Uint8Array(buffer, memory.place(BLOCK), BLOCK);
    this.#places = Array.from({ length: this.#columnCount }, () => memory.place(double));
  }
}
