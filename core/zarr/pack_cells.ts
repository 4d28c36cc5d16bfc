/**
 * Chunks of which most cells are the fill, as zstd frames (RFC 8878) that are written without a search for repetitions:
 * runs of fill are copied from earlier ones, all else is Huffman coded. This takes half the time of a search, and a few
 * hundredths less bytes, which are the same on every runtime. The kernel is kernels/pack_cells.ts.
 */
import { KernelMemory } from "../kernels/memory.ts";
import type { Elements } from "./element.ts";

/** Chunks of fewer cells are packed as fast by others, and no worse; of more there may be none. */
const LEAST_CELLS = 1024;
const MOST_CELLS = 16384;
const CELL_BYTES = 4;

/** What the kernel works in, made when the first chunk comes. */
interface Packer {
  memory: KernelMemory;
  bytes: Uint8Array;
  cells: number;
  frame: number;
  scratch: number;
}

let packer: Packer | undefined;

function makePacker(): Packer {
  const memory = new KernelMemory();
  const room = memory.kernels.PACK_BYTES.value;
  memory.reserve(4 * MOST_CELLS * CELL_BYTES + room);
  const cells = memory.place(MOST_CELLS * CELL_BYTES), frame = memory.place(3 * MOST_CELLS * CELL_BYTES);
  return { memory, bytes: new Uint8Array(memory.buffer), cells, frame, scratch: memory.place(room) };
}

/** A number as the bits of a cell. */
const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/**
 * The frame of a chunk; undefined where it is for others to pack: elements of another size than 4 bytes, too many or too
 * few of which are not the fill, or whose bytes repeat.
 */
export function packCells(values: Elements, fill: number | bigint): Uint8Array | undefined {
  const { length } = values;
  if (values.BYTES_PER_ELEMENT !== CELL_BYTES || length < LEAST_CELLS || length > MOST_CELLS) {
    return undefined;
  }
  packer ??= makePacker();
  const { memory, bytes, cells, frame, scratch } = packer;
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), cells);
  if (values instanceof Float32Array) float[0] = Number(fill);
  else bits[0] = Number(fill);
  const size = memory.kernels.packCells(frame, cells, length, bits[0], scratch);
  return size === 0 ? undefined : bytes.slice(frame, frame + size);
}
