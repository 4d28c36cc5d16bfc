/** Grouping of one parent's observations by child cell: a stable counting sort, no comparison. */
import type { Values } from "../../core/values.ts";
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
  #slots: Uint32Array;
  #positions = new Uint32Array(0);
  #cells = new Uint32Array(0);
  #starts = new Uint32Array(1);

  constructor(readonly cellsPerParent: number) {
    this.#slots = new Uint32Array(cellsPerParent);
  }

  /**
   * The groups of the finest level. Afterwards {@linkcode place} puts each column in that order. The
   * views are good until the next call.
   */
  group(children: ChildIndices, rows: number): CellGroups {
    if (this.#positions.length < rows) this.#positions = new Uint32Array(Math.ceil(rows * 1.25));
    const slots = this.#slots, positions = this.#positions;
    slots.fill(0);
    for (let i = 0; i < rows; i++) slots[children[i]] += 1;
    let distinct = 0;
    for (let cell = 0; cell < slots.length; cell++) if (slots[cell] !== 0) distinct += 1;
    if (this.#cells.length < distinct) {
      this.#cells = new Uint32Array(Math.ceil(distinct * 1.25));
      this.#starts = new Uint32Array(this.#cells.length + 1);
    }
    const cells = this.#cells, starts = this.#starts;
    let row = 0;
    for (let cell = 0, k = 0; cell < slots.length; cell++) {
      const count = slots[cell];
      if (count === 0) continue;
      cells[k] = cell;
      starts[k++] = row;
      slots[cell] = row;
      row += count;
    }
    starts[distinct] = rows;
    for (let i = 0; i < rows; i++) positions[i] = slots[children[i]]++;
    return { cells: cells.subarray(0, distinct), starts: starts.subarray(0, distinct + 1) };
  }

  /** The groups of the finest level and, by `steps`, of levels so many orders coarser, in that order. */
  groupLevels(children: ChildIndices, rows: number, steps: readonly number[]): CellGroups[] {
    const finest = this.group(children, rows);
    return steps.map((count) => count === 0 ? finest : coarsen(finest, count));
  }

  /** Puts one column into the order of the last {@linkcode group}. */
  place(from: Values, into: Values, rows: number): void {
    const positions = this.#positions;
    for (let i = 0; i < rows; i++) into[positions[i]] = from[i];
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
