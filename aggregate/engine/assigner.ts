/** Cells of observations, one group after the other. */
import { assignCells } from "../../core/cells/assign.ts";
import type { KernelMemory } from "../../core/kernels/memory.ts";
import type { GroupRuns, RowSpan } from "../../core/observations/row_runs.ts";
import type { LatitudeConvention } from "../../core/cells/convention.ts";

/** Of each row the id of its parent, and the index of its cell in the parent. Scratch: good until the next call. */
interface CellsOfRows {
  parent: Float64Array;
  child: Uint32Array;
}

/** Writes the cells of places. */
export type Assign = (longitude: Float64Array, latitude: Float64Array, cells: CellsOfRows) => void;

/** Bytes of a row's cell. */
export const CELL_BYTES = 12;

/** Parent ids and child indices of rows, by one grid: HEALPix's, or a projected one. */
export class CellAssigner {
  readonly cellsPerParent: number;
  readonly #assign: Assign;
  #parent = new Float64Array(0);
  #child = new Uint32Array(0);
  /** The longitudes that the scratch holds the cells of. */
  #assigned: Float64Array | undefined;

  constructor(
    readonly parentOrder: number,
    readonly childOrder: number,
    convention: LatitudeConvention,
    /** Of another grid than HEALPix. */
    assign?: Assign,
  ) {
    this.cellsPerParent = 4 ** (childOrder - parentOrder);
    this.#assign = assign ?? healpix({ parentOrder, childOrder, convention });
  }

  /**
   * Has the cells of so many rows at most lie in `memory` until the next call; without one they get arrays of their own
   * when there are rows: so many may be stated where none can be read.
   */
  layOut(rows: number, memory: KernelMemory | undefined): void {
    this.#assigned = undefined;
    if (memory === undefined) this.#allot(0);
    else {
      this.#parent = new Float64Array(memory.buffer, memory.place(8 * rows), rows);
      this.#child = new Uint32Array(memory.buffer, memory.place(4 * rows), rows);
    }
  }

  #allot(rows: number): void {
    this.#parent = new Float64Array(rows);
    this.#child = new Uint32Array(rows);
  }

  /** The cells of places; a place that is none on Earth has the parent -1. */
  assign(longitude: Float64Array, latitude: Float64Array, rows: number): CellsOfRows {
    if (this.#parent.length < rows) this.#allot(rows);
    const cells = { parent: this.#parent, child: this.#child };
    if (this.#assigned === longitude) return cells;
    this.#assigned = longitude;
    this.#assign(longitude.subarray(0, rows), latitude.subarray(0, rows), cells);
    return cells;
  }

  /**
   * The same from runs of a row index at the children's order instead of coordinates, for the rows of
   * `spans`, one span after the other. Rows in no run get a parent beyond all parents.
   */
  place(runs: GroupRuns, spans: readonly RowSpan[], rows: number): CellsOfRows {
    this.#assigned = undefined;
    if (this.#parent.length < rows) this.#allot(rows);
    const parent = this.#parent.fill(12 * 4 ** this.parentOrder, 0, rows), child = this.#child;
    let run = 0, start = 0;
    for (const span of spans) {
      while (run < runs.first.length && runs.first[run] < span.start + span.count) {
        const from = start + runs.first[run] - span.start, to = from + runs.rows[run];
        const cell = runs.cell[run], own = Math.floor(cell / this.cellsPerParent);
        parent.fill(own, from, to);
        child.fill(cell - own * this.cellsPerParent, from, to);
        run += 1;
      }
      start += span.count;
    }
    return { parent, child };
  }

  /** Nested ids, at an order no finer than the children's, of the rows assigned last; -1 for no place. */
  lastCells(rows: number, order: number): Float64Array {
    const cells = new Float64Array(rows);
    const children = this.cellsPerParent, coarser = 4 ** (this.childOrder - order);
    for (let i = 0; i < rows; i++) {
      const parent = this.#parent[i];
      cells[i] = parent < 0 ? -1 : Math.floor((parent * children + this.#child[i]) / coarser);
    }
    return cells;
  }
}

function healpix(grid: Parameters<typeof assignCells>[2]): Assign {
  return (longitude, latitude, cells) => void assignCells(longitude, latitude, grid, cells);
}
