/** Rectangles of an array copied to another, row by row. */
import { Buffer } from "node:buffer";
import { type KernelMemory, memoryOf } from "./memory.ts";

interface CellArray extends ArrayBufferView {
  readonly BYTES_PER_ELEMENT: number;
}

/** Rows of cells within an array. */
interface Rows {
  readonly values: CellArray;
  /** Index of the first cell. */
  readonly start: number;
  /** From one row to the next, in cells; negative where they run backwards. */
  readonly stride: number;
}

/** Copies `rows` rows of `width` cells between arrays of one type that do not overlap. */
export function copyRows(from: Rows, to: Rows, width: number, rows: number): void {
  copyByteRows(byteRows(from), byteRows(to), width * from.values.BYTES_PER_ELEMENT, rows);
}

function byteRows({ values, start, stride }: Rows): ByteRows {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: size } = values;
  const bytes = values instanceof Uint8Array ? values : new Uint8Array(buffer, byteOffset, byteLength);
  return { bytes, start: start * size, stride: stride * size };
}

/** The same in bytes. */
interface ByteRows {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly stride: number;
}

/** Copies `rows` rows of `length` bytes: by a kernel where they go to its memory. */
export function copyByteRows(from: ByteRows, to: ByteRows, length: number, rows: number): void {
  const memory = memoryOf(to.bytes);
  if (memory === undefined) copyByCalls(from, to, length, rows);
  else if (memoryOf(from.bytes) === memory) {
    memory.kernels.copyRows(placeOf(from), from.stride, placeOf(to), to.stride, length, rows);
  } else copyInParts(memory, from, to, length, rows);
}

function placeOf({ bytes, start }: ByteRows): number {
  return bytes.byteOffset + start;
}

/** As many rows at a time as there is room for within the kernel's memory. */
function copyInParts(memory: KernelMemory, from: ByteRows, to: ByteRows, length: number, rows: number): void {
  const room = memory.part;
  const most = from.stride >= length ? Math.floor(room.length / from.stride) : 0;
  if (most < 2) {
    copyByCalls(from, to, length, rows);
    return;
  }
  for (let row = 0; row < rows; row += most) {
    const count = Math.min(most, rows - row);
    const start = from.start + row * from.stride;
    room.set(from.bytes.subarray(start, start + (count - 1) * from.stride + length));
    const target = placeOf(to) + row * to.stride;
    memory.kernels.copyRows(room.byteOffset, from.stride, target, to.stride, length, count);
  }
}

/** Buffers copy without an array made for each row. */
function copyByCalls(from: ByteRows, to: ByteRows, length: number, rows: number): void {
  const source = bufferOf(from.bytes), target = bufferOf(to.bytes);
  for (let row = 0; row < rows; row++) {
    const start = from.start + row * from.stride;
    source.copy(target, to.start + row * to.stride, start, start + length);
  }
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
