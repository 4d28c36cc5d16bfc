/**
 * One inner chunk: elements as little-endian bytes, then zstd. A chunk of fill alone is not stored.
 *
 * The bytes must be the same on every runtime. Deno and Bun carry zstd 1.5.7 or near it, and give
 * equal frames when the size is pledged and the input is one block (128 KiB at most); beyond that one
 * streams and the other does not, and the blocks are cut differently. So layout.ts never makes an
 * inner chunk of more than {@linkcode MAX_CHUNK_CELLS}, and a test compares the two.
 */
import zlib from "node:zlib";
import { packZstd } from "../zstd.ts";
import { type ArrayDtype, type Elements, makeElements } from "./element.ts";
import { packCells } from "./pack_cells.ts";

/** 16,384 elements of 8 bytes are 128 KiB, one zstd block. A power of 4, so it divides a parent. */
export const MAX_CHUNK_CELLS = 4 ** 7;

/**
 * Chosen by measurement on sparse chunks of 4,096 float32 (5 % of cells set): levels 1 to 3 give the
 * same size within 0.1 %, at 700 MB/s; level 5 gains nothing at 400 MB/s. On dense chunks level 1
 * runs at 230 MB/s against 115 of level 3, for the same size. Raising it would change every store's bytes.
 */
export const ZSTD_LEVEL = 1;

/** Whether every element from `from` on equals `fill`; NaN equals NaN, and 0 equals -0 only in bits. */
function isAllFill(values: Elements, fill: number | bigint, from: number): boolean {
  if (fill !== fill) {
    for (let i = from; i < values.length; i++) if (values[i] === values[i]) return false;
    return true;
  }
  if (fill === 0 && (values instanceof Float32Array || values instanceof Float64Array)) {
    for (let i = from; i < values.length; i++) if (!Object.is(values[i], 0)) return false;
    return true;
  }
  for (let i = from; i < values.length; i++) if (values[i] !== fill) return false;
  return true;
}

/** The encoded chunk, or undefined when every element is the fill value, as those before `from` are known to be. */
export function encodeChunk(values: Elements, fill: number | bigint, from = 0): Uint8Array | undefined {
  return isAllFill(values, fill, from) ? undefined : packCells(values, fill) ?? compressChunk(values);
}

/** The encoded chunk, fill or not. Equal elements give equal bytes. */
export function compressChunk(values: Elements): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return packZstd(bytes, ZSTD_LEVEL);
}

/** The elements of an encoded chunk. Throws where it does not hold so many. */
export function decodeChunk(encoded: Uint8Array, dtype: ArrayDtype, cells: number): Elements {
  const elements = makeElements(dtype, cells);
  const bytes = zlib.zstdDecompressSync(encoded, { maxOutputLength: elements.byteLength });
  if (bytes.length !== elements.byteLength) {
    throw new RangeError(`a chunk holds ${bytes.length} bytes (wanted ${elements.byteLength})`);
  }
  new Uint8Array(elements.buffer).set(bytes);
  return elements;
}
