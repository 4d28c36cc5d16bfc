/**
 * Bitshuffle (Masui et al. 2015): bits of the same place of all elements of a block, put together again; and
 * the chunks of HDF5's filter 32008, alone or with LZ4 or Zstandard.
 */
import { CodecFault } from "./bytes.ts";
import { frameHeader, unpackBlocks, unpackLz4Block } from "./lz4.ts";
import { unpackZstd } from "./zstd.ts";

/** Bytes of a block, and its least elements, where the writer chose no size. */
const TARGET_BLOCK_BYTES = 8192;
const LEAST_BLOCK = 128;
/** Elements go by eights. */
const GROUP = 8;
/** A shuffled chunk says how its blocks are packed. */
const COMPRESSORS = { 0: "none", 2: "lz4", 3: "zstd" } as const;

/**
 * Undoes the shuffle of `count` elements (a multiple of eight) of `elementSize` bytes, from `input` into `out`.
 * In the input bit b of byte k of all elements is row 8k + b, a bit an element, the first lowest.
 */
export function unshuffleBits(input: Uint8Array, out: Uint8Array, count: number, elementSize: number): void {
  const row = count / GROUP;
  for (let k = 0; k < elementSize; k++) {
    const rows = 8 * k * row;
    for (let i = 0; i < row; i++) {
      const from = rows + i;
      let low = input[from] | input[from + row] << 8 | input[from + 2 * row] << 16 |
        input[from + 3 * row] << 24;
      let high = input[from + 4 * row] | input[from + 5 * row] << 8 | input[from + 6 * row] << 16 |
        input[from + 7 * row] << 24;
      // Eight bytes as a matrix of bits, transposed (Warren, Hacker's Delight, section 7-3).
      let t = (low ^ low >>> 7) & 0x00aa00aa;
      low ^= t ^ t << 7;
      t = (high ^ high >>> 7) & 0x00aa00aa;
      high ^= t ^ t << 7;
      t = (low ^ low >>> 14) & 0x0000cccc;
      low ^= t ^ t << 14;
      t = (high ^ high >>> 14) & 0x0000cccc;
      high ^= t ^ t << 14;
      t = (low ^ high << 4) & 0xf0f0f0f0;
      low ^= t;
      high ^= t >>> 4;
      let to = GROUP * i * elementSize + k;
      for (let j = 0; j < 32; j += 8, to += elementSize) out[to] = low >>> j;
      for (let j = 0; j < 32; j += 8, to += elementSize) out[to] = high >>> j;
    }
  }
}

/**
 * A chunk of the filter 32008, `size` bytes of it. `values` are the filter's: two versions, bytes of an element,
 * elements of a block (0 is the default), and the compressor.
 * @throws CodecFault
 */
export function unpackBitshuffle(input: Uint8Array, size: number, values: readonly number[]): Uint8Array {
  const elementSize = values[2] ?? 0;
  const code = (values[4] ?? 0) as keyof typeof COMPRESSORS;
  const compressor = COMPRESSORS[code];
  if (elementSize < 1 || compressor === undefined) throw new CodecFault("is shuffled in an unknown way");
  const packed = compressor !== "none";
  const stated = packed ? frameHeader(input, size) / elementSize : values[3] || defaultBlock(elementSize);
  const block = stated || defaultBlock(elementSize);
  if (!Number.isInteger(block) || block % GROUP !== 0) {
    throw new CodecFault(`has blocks of ${block} elements`);
  }
  const elements = Math.floor(size / elementSize);
  /** Elements of the block at a place, the last one's in eights; what remains is stored as it is. */
  const nextBlock = (left: number) => {
    const rest = Math.floor(left / elementSize);
    return (rest >= block ? block : rest - rest % GROUP) * elementSize;
  };
  const shuffled = new Uint8Array(size);
  let from: number;
  let end = (elements - elements % GROUP) * elementSize;
  if (packed) {
    const unpack = compressor === "lz4" ? unpackLz4Block : unpackZstd;
    const done = unpackBlocks(input, 12, shuffled, nextBlock, unpack, false);
    from = done.read;
    end = done.written;
  } else from = end;
  if (input.length - from !== size - end) throw new CodecFault(`has ${input.length} bytes for ${size}`);
  if (!packed) shuffled.set(input.subarray(0, end));
  const out = new Uint8Array(size);
  for (let at = 0; at < end;) {
    const bytes = nextBlock(size - at);
    unshuffleBits(
      shuffled.subarray(at, at + bytes),
      out.subarray(at, at + bytes),
      bytes / elementSize,
      elementSize,
    );
    at += bytes;
  }
  out.set(input.subarray(from), end);
  return out;
}

function defaultBlock(elementSize: number): number {
  const block = Math.floor(TARGET_BLOCK_BYTES / elementSize);
  return Math.max(LEAST_BLOCK, block - block % GROUP);
}
