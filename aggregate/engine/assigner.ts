/** Cells of observations, with scratch that is reused from group to group. */
import { assignCells } from "../../catalog/cells/assign.ts";
import type { LatitudeConvention } from "../../catalog/cells/convention.ts";

/** Parent ids and child indices of rows, by one grid. */
export class CellAssigner {
  readonly cellsPerParent: number;
  #parent = new Float64Array(0);
  #child = new Uint32Array(0);

  constructor(
    readonly parentOrder: number,
    readonly childOrder: number,
    readonly convention: LatitudeConvention,
  ) {
    this.cellsPerParent = 4 ** (childOrder - parentOrder);
  }

  /**
   * For each row the nested id of its parent (-1 where the place is none on Earth) and the index of its
   * cell in the parent. The arrays are scratch, good until the next call.
   */
  assign(
    longitude: Float64Array,
    latitude: Float64Array,
    rows: number,
  ): { parent: Float64Array; child: Uint32Array } {
    if (this.#parent.length < rows) {
      this.#parent = new Float64Array(Math.ceil(rows * 1.25));
      this.#child = new Uint32Array(this.#parent.length);
    }
    const out = { parent: this.#parent, child: this.#child };
    assignCells(longitude.subarray(0, rows), latitude.subarray(0, rows), {
      parentOrder: this.parentOrder,
      childOrder: this.childOrder,
      convention: this.convention,
    }, out);
    return out;
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
