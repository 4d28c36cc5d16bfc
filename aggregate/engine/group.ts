/** Grouping of one parent's observations by child cell: a stable counting sort, no comparison. */
import { ALIGNMENT, type KernelMemory, roundUp } from "../../core/kernels/memory.ts";
import type { ChildIndices } from "./segment.ts";

/** The cells of one level that hold observations, ascending, and where each one's rows start. */
interface CellGroups {
  /** Index of the cell in its parent. */
  cells: Uint32Array;
  /** `cells.length + 1` row numbers. */
  starts: Uint32Array;
}

/** Scratch for parents of one size, reused from parent to parent. */
export class CellGrouper {
  #slots = new Uint32Array(0);
  #order = new Uint32Array(0);
  #cells = new Uint32Array(0);
  #starts = new Uint32Array(0);
  #memory: KernelMemory | undefined;
  /** The rows in the order of the last {@linkcode group}; a view that is good until the next. */
  order: Uint32Array = new Uint32Array(0);

  constructor(readonly cellsPerParent: number) {}

  /** Bytes of a memory for parents of so many rows. */
  bytesFor(rows: number): number {
    const cells = this.#mostCells(rows);
    return roundUp(4 * this.cellsPerParent + ALIGNMENT) + roundUp(4 * rows) + 2 * roundUp(4 * (cells + 1));
  }

  /** Makes room for parents of so many rows: in a memory, where kernels group the children that lie there too. */
  layOut(rows: number, memory: KernelMemory | undefined): void {
    const isPlain = memory === undefined && this.#memory === undefined;
    if (isPlain && this.#order.length >= rows) return;
    const make = (length: number) =>
      memory === undefined
        ? new Uint32Array(length)
        : new Uint32Array(memory.buffer, memory.place(4 * length), length);
    // A kernel clears a vector more.
    this.#slots = make(this.cellsPerParent + ALIGNMENT / 4);
    this.#order = make(rows);
    this.#cells = make(this.#mostCells(rows) + 1);
    this.#starts = make(this.#mostCells(rows) + 1);
    this.#memory = memory;
  }

  #mostCells(rows: number): number {
    return Math.min(rows, this.cellsPerParent);
  }

  /**
   * The groups of the finest level. Afterwards {@linkcode order} lists the rows in that order. The
   * views are good until the next call.
   */
  group(children: ChildIndices, rows: number): CellGroups {
    if (this.#order.length < rows) this.layOut(Math.ceil(1.25 * rows), undefined);
    const distinct = this.#memory !== undefined && children.buffer === this.#memory.buffer
      ? this.#groupByKernel(this.#memory, children, rows)
      : this.#group(children, rows);
    this.order = this.#order.subarray(0, rows);
    return { cells: this.#cells.subarray(0, distinct), starts: this.#starts.subarray(0, distinct + 1) };
  }

  #groupByKernel({ kernels }: KernelMemory, children: ChildIndices, rows: number): number {
    const group = children.BYTES_PER_ELEMENT === 2 ? kernels.groupHalves : kernels.groupWords;
    return group(
      children.byteOffset,
      rows,
      this.#slots.byteOffset,
      this.cellsPerParent,
      this.#order.byteOffset,
      this.#cells.byteOffset,
      this.#starts.byteOffset,
    );
  }

  #group(children: ChildIndices, rows: number): number {
    const slots = this.#slots, order = this.#order, cells = this.#cells, starts = this.#starts;
    slots.fill(0);
    for (let i = 0; i < rows; i++) slots[children[i]] += 1;
    let row = 0, distinct = 0;
    for (let cell = 0; cell < this.cellsPerParent; cell++) {
      const count = slots[cell];
      if (count === 0) continue;
      cells[distinct] = cell;
      starts[distinct++] = row;
      slots[cell] = row;
      row += count;
    }
    starts[distinct] = rows;
    for (let i = 0; i < rows; i++) order[slots[children[i]]++] = i;
    return distinct;
  }

  /** The groups of the finest level and, by `steps`, of levels so many orders coarser, in that order. */
  groupLevels(children: ChildIndices, rows: number, steps: readonly number[]): CellGroups[] {
    const finest = this.group(children, rows);
    return steps.map((count) => count === 0 ? finest : coarsen(finest, count));
  }
}

/** The groups `steps` orders coarser: 4^steps cells become one. */
export function coarsen({ cells, starts }: CellGroups, steps: number): CellGroups {
  const shift = 2 * steps;
  const coarseCells = new Uint32Array(cells.length);
  const coarseStarts = new Uint32Array(cells.length + 1);
  let n = 0;
  for (let k = 0; k < cells.length; k++) {
    const cell = cells[k] >>> shift;
    if (n > 0 && coarseCells[n - 1] === cell) continue;
    coarseCells[n] = cell;
    coarseStarts[n++] = starts[k];
  }
  coarseStarts[n] = starts[cells.length];
  return { cells: coarseCells.subarray(0, n), starts: coarseStarts.subarray(0, n + 1) };
}
