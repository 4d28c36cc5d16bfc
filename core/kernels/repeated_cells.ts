/** Runs of one value, which large parts of many grids are. */
import { memoryOf } from "./memory.ts";

interface CellArray extends ArrayBufferView {
  readonly BYTES_PER_ELEMENT: number;
  readonly length: number;
}

/** How many cells from the begin on have the bits of the first, which counts. */
export function repeatedCells(values: CellArray): number {
  const { buffer, byteOffset, byteLength, length, BYTES_PER_ELEMENT: size } = values;
  if (length === 0) return 0;
  const memory = memoryOf(values);
  if (memory !== undefined) {
    return Math.floor(memory.kernels.repeatedBytes(byteOffset, byteLength, size) / size);
  }
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let i = size;
  while (i < byteLength && bytes[i] === bytes[i - size]) i++;
  return Math.floor(i / size);
}
