/** The rows of one group that are kept: found, and their values gathered, by kernels in a memory of their own. */
import { KernelMemory, roundUp } from "../../core/kernels/memory.ts";
import type { Values } from "../../core/values.ts";
import type { ChildIndices } from "./segment.ts";

/** Where the kernel says how many rows it found. */
const COUNTS = 0;

/** Rows of a group as they come to the kernels. */
interface GroupRows {
  rows: number;
  parent: Float64Array;
  child: Uint32Array;
  columns: readonly Values[];
  passes: Uint8Array | null;
}

interface KeptCounts {
  misplaced: number;
  filtered: number;
  empty: number;
  kept: number;
  runs: number;
}

/** Scratch for groups, reused from one to the next. Its arrays are good until the next {@linkcode take}. */
export class KeptRows {
  #made: KernelMemory | undefined;
  /** Rows that there is room for. */
  #room = 0;
  readonly #columnCount: number;
  #parent = new Float64Array(0);
  #child = new Uint32Array(0);
  #passes = new Uint8Array(0);
  #alive = new Uint32Array(0);
  /** Of each column its place, with room for 8 bytes a row. */
  #columns: number[] = [];
  /** Where what is gathered is put first. */
  #gathered = 0;
  /** Numbers of the kept rows, ascending. */
  list: Uint32Array = new Uint32Array(0);
  /** Of each run of kept rows of one parent that parent, and where the run begins in the list. */
  runParents: Float64Array = new Float64Array(0);
  runStarts: Uint32Array = new Uint32Array(0);

  constructor(columnCount: number) {
    this.#columnCount = columnCount;
  }

  /**
   * Takes a group in and finds the rows that have a place, that pass and that are alive: a row starts with the bits of
   * `allAlive`, and loses those of a column's mask where the column's value is not finite.
   */
  take(
    { rows, parent, child, columns, passes }: GroupRows,
    allAlive: number,
    masks: Uint32Array,
  ): KeptCounts {
    if (rows >= this.#room) this.#layOut(Math.ceil(rows * 1.25) + 1);
    this.#parent.set(parent.subarray(0, rows));
    this.#child.set(child.subarray(0, rows));
    if (passes === null) this.#passes.fill(1, 0, rows);
    else this.#passes.set(passes.subarray(0, rows));
    this.#alive.fill(allAlive, 0, rows);
    columns.forEach((column, c) => this.#takeColumn(column, c, rows, masks[c]));
    const { kernels, buffer } = this.#memory;
    kernels.keepRows(
      this.#parent.byteOffset,
      this.#passes.byteOffset,
      this.#alive.byteOffset,
      rows,
      this.list.byteOffset,
      this.runParents.byteOffset,
      this.runStarts.byteOffset,
      COUNTS,
    );
    const [misplaced, filtered, empty, kept, runs] = new Uint32Array(buffer, COUNTS, 5);
    return { misplaced, filtered, empty, kept, runs };
  }

  #takeColumn(column: Values, c: number, rows: number, mask: number): void {
    const { kernels, buffer } = this.#memory;
    const at = this.#columns[c], alive = this.#alive.byteOffset;
    if (column instanceof Float32Array) {
      new Float32Array(buffer, at, rows).set(column.subarray(0, rows));
      if (mask !== 0) kernels.markFloat32(at, rows, alive, mask);
    } else {
      new Float64Array(buffer, at, rows).set(column.subarray(0, rows));
      if (mask !== 0) kernels.markFloat64(at, rows, alive, mask);
    }
  }

  /** Gathers the children of the rows that the parts of the list name, given as pairs of begin and end. */
  gatherChildren(parts: readonly number[], into: ChildIndices): void {
    const { gather4, gatherHalves } = this.#memory.kernels;
    const gather = into instanceof Uint16Array ? gatherHalves : gather4;
    this.#gather(this.#child.byteOffset, gather, parts, into);
  }

  /** The same of the values of a column, which `into` has the type of. */
  gatherColumn(c: number, parts: readonly number[], into: Values): void {
    const { gather4, gather8 } = this.#memory.kernels;
    this.#gather(this.#columns[c], into instanceof Float32Array ? gather4 : gather8, parts, into);
  }

  #gather(
    from: number,
    gather: (from: number, list: number, count: number, to: number) => void,
    parts: readonly number[],
    into: ChildIndices | Values,
  ): void {
    const size = into.BYTES_PER_ELEMENT;
    let to = this.#gathered;
    for (let p = 0; p < parts.length; p += 2) {
      const count = parts[p + 1] - parts[p];
      gather(from, this.list.byteOffset + 4 * parts[p], count, to);
      to += size * count;
    }
    const gathered = new Uint8Array(this.#memory.buffer, this.#gathered, size * into.length);
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(gathered);
  }

  /** Made when it is first needed. */
  get #memory(): KernelMemory {
    return this.#made ??= new KernelMemory();
  }

  #layOut(room: number): void {
    const memory = this.#memory, quad = roundUp(4 * room), double = roundUp(8 * room);
    memory.reserve(3 * double + 4 * quad + roundUp(room) + this.#columnCount * double);
    const { buffer } = memory;
    this.#parent = new Float64Array(buffer, memory.place(double), room);
    this.runParents = new Float64Array(buffer, memory.place(double), room);
    this.#gathered = memory.place(double);
    this.#child = new Uint32Array(buffer, memory.place(quad), room);
    this.#alive = new Uint32Array(buffer, memory.place(quad), room);
    this.list = new Uint32Array(buffer, memory.place(quad), room);
    this.runStarts = new Uint32Array(buffer, memory.place(quad), room);
    this.#passes = new Uint8Array(buffer, memory.place(room), room);
    this.#columns = Array.from({ length: this.#columnCount }, () => memory.place(double));
    this.#room = room;
  }
}
