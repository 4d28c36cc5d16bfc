/** Arrays for the cells of one file at a time: where kernels work on them or, where they are too large, anywhere. */
import { elementBytes, makeValues } from "../../element_types.ts";
import { giveBack, type KernelMemory, roundUp, takeMemory } from "../../kernels/memory.ts";
import type { GridDtype, GridValues } from "../../raster/grid.ts";

/** What is made of such arrays has the same bytes as what is made by kernels, but later. */
const MOST_KERNEL_BYTES = 512 << 20;

export class CellMemory {
  readonly #dtype: GridDtype;
  readonly #memory: KernelMemory | undefined;

  /** @param lengths of the arrays that will be asked for, in cells of `dtype` */
  constructor(dtype: GridDtype, lengths: readonly number[]) {
    this.#dtype = dtype;
    const bytes = lengths.reduce((sum, length) => sum + roundUp(length * elementBytes(dtype)), 0);
    this.#memory = bytes <= MOST_KERNEL_BYTES ? takeMemory(bytes) : undefined;
  }

  /** An array of so many cells, whatever they are. */
  cells(length: number): GridValues {
    const dtype = this.#dtype, memory = this.#memory;
    if (memory === undefined) return makeValues(dtype, length);
    return makeValues(dtype, memory.buffer, memory.place(length * elementBytes(dtype)), length);
  }

  /** Ends the use of all arrays. */
  close(): void {
    if (this.#memory !== undefined) giveBack(this.#memory);
  }
}
