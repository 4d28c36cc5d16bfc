/** Rectangles of cells from one array to another. */
import { Buffer } from "node:buffer";
import type { NumberValues } from "../element_types.ts";
import { memoryOf } from "./memory.ts";

/** Rows of cells within an array. */
interface Rows {
  readonly values: NumberValues;
  /** Index of the first cell. */
  readonly start: number;
  /** From one row to the next, in cells; negative where they run backwards. */
  readonly stride: number;
}

/** Copies `rows` rows of `width` cells between arrays of one type that do not overlap: by a kernel where both lie in its memory. */
export function copyRows(from: Rows, to: Rows, width: number, rows: number): void {
  const size = from.values.BYTES_PER_ELEMENT;
  const bytes = width * size;
  const [fromStride, toStride] = [from.stride * size, to.stride * size];
  const memory = memoryOf(from.values, to.values);
  if (memory !== undefined) {
    const [at, target] = [from, to].map(({ values, start }) => values.byteOffset + start * size);
    memory.kernels.copyRows(at, fromStride, target, toStride, bytes, rows);
    return;
  }
  // Buffers copy without an array made for each row.
  const source = bufferOf(from.values), target = bufferOf(to.values);
  for (let row = 0, at = from.start * size, out = to.start * size; row < rows; row++) {
    source.copy(target, out, at, at + bytes);
    at += fromStride;
    out += toStride;
  }
}

function bufferOf({ buffer, byteOffset, byteLength }: NumberValues): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
