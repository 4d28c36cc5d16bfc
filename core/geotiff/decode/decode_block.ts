/** Blocks of a TIFF to values: decompressed, in this machine's byte order, predictors undone. */
import { zstdDecompressSync } from "node:zlib";
import { NUMBER_ARRAYS } from "../../element_types.ts";
import { inflate } from "../../inflate.ts";
import type { GridValues } from "../../raster/grid.ts";
import { COMPRESSION, compressionName } from "../tags.ts";
import { decodeJpeg, decodeWebp } from "./jpeg.ts";
import { type BlockLayout, decodedBytes, rowBytes } from "./layout.ts";
import { decodeLerc } from "./lerc.ts";
import { decodeLzw } from "./lzw.ts";
import { decodePackbits } from "./packbits.ts";
import { swapBytes, undoDifferences, undoFloatDifferences } from "./predictor.ts";

/** Whether blocks of this compression can be decoded. */
export function isDecoded(compression: number): boolean {
  return Object.values<number>(COMPRESSION).includes(compression);
}

/** How a block becomes values; {@linkcode decodeBlock}, or what does the same in a worker. */
export type DecodeBlock = (bytes: Uint8Array, layout: BlockLayout) => Promise<GridValues>;

/**
 * Decodes one block: `width * height * samples` values, row by row, the samples of a cell side by side.
 * `bytes` are left as they are; values that are stored as they are may be a view of them, not to be changed. Memory is bounded by the layout, whatever the bytes say. Throws an Error that says
 * what is wrong with damaged bytes, or what is not read.
 */
export async function decodeBlock(bytes: Uint8Array, layout: BlockLayout): Promise<GridValues> {
  switch (layout.compression) {
    case COMPRESSION.jpeg:
      return await decodeJpeg(bytes, layout);
    case COMPRESSION.webp:
      return await decodeWebp(bytes, layout);
    case COMPRESSION.lerc:
      return await decodeLerc(outerBytes(bytes, layout), layout);
    default:
      return elements(decompress(bytes, layout), layout);
  }
}

function decompress(bytes: Uint8Array, layout: BlockLayout): Uint8Array {
  const length = decodedBytes(layout);
  switch (layout.compression) {
    case COMPRESSION.none:
      if (bytes.length < length) throw new Error(`it has ${bytes.length} of ${length} bytes`);
      return isStoredAsRead(layout) ? bytes.subarray(0, length) : bytes.slice(0, length);
    case COMPRESSION.deflate:
    case COMPRESSION.oldDeflate:
      return unpacked("deflate", () => inflate(bytes, { size: length, most: mostBytes(length) }), length);
    case COMPRESSION.zstd:
      return unpacked("zstd", () => zstdDecompressSync(bytes, zstdOptions(length)), length);
    case COMPRESSION.lzw:
      return decodeLzw(bytes, length);
    case COMPRESSION.packbits:
      return decodePackbits(bytes, length);
    default:
      throw new Error(`compression ${compressionName(layout.compression)} is not read`);
  }
}

/** Writers may pad a last strip by some rows. */
function mostBytes(length: number): number {
  return length * 2 + 4096;
}

/** One buffer of the right length. */
function zstdOptions(length: number) {
  return { maxOutputLength: mostBytes(length), chunkSize: Math.max(length, 64) };
}

/** What LERC's own bytes are packed in. They are no longer than the values, but for their header and mask. */
function outerBytes(bytes: Uint8Array, layout: BlockLayout): Uint8Array {
  const longest = decodedBytes(layout) * 2 + 65_536;
  switch (layout.outerCompression) {
    case COMPRESSION.deflate:
      return unpacked("deflate", () => inflate(bytes, { size: decodedBytes(layout), most: longest }), 0);
    case COMPRESSION.zstd:
      return unpacked("zstd", () => zstdDecompressSync(bytes, { maxOutputLength: longest }), 0);
    default:
      return bytes;
  }
}

function unpacked(name: string, run: () => Uint8Array, length: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = run();
  } catch (error) {
    throw new Error(
      `its ${name} stream is damaged (${error instanceof Error ? error.message : String(error)})`,
      {
        cause: error,
      },
    );
  }
  if (bytes.length < length) throw new Error(`its ${name} stream has ${bytes.length} of ${length} bytes`);
  return length === 0 ? bytes : bytes.subarray(0, length);
}

/** Whether the bytes are this machine's elements once decompressed. */
export function isStoredAsRead({ predictor, littleEndian, bits }: BlockLayout): boolean {
  return predictor === 1 && (littleEndian || bits <= 8);
}

function elements(raw: Uint8Array, layout: BlockLayout): GridValues {
  const { dtype, bits, predictor, littleEndian } = layout;
  if (bits < 8) return smallElements(raw, layout);
  const Values = NUMBER_ARRAYS[dtype];
  const size = Values.BYTES_PER_ELEMENT;
  if (predictor === 3) {
    return new Values(undoFloatDifferences(raw, layout).buffer, 0, raw.length / size);
  }
  // Elements begin at a multiple of their size in memory.
  const bytes = raw.byteOffset % (predictor === 2 ? 8 : size) === 0 ? raw : raw.slice();
  if (!littleEndian && size > 1) swapBytes(bytes, size);
  if (predictor === 2) undoDifferences(bytes, layout);
  return new Values(bytes.buffer, bytes.byteOffset, bytes.length / size);
}

/** Samples of 1, 2 and 4 bits, the first highest. */
function smallElements(raw: Uint8Array, layout: BlockLayout): Uint8Array {
  const { width, height, samples, bits } = layout;
  const row = width * samples;
  const bytes = rowBytes(layout);
  const output = new Uint8Array(row * height);
  const highest = (1 << bits) - 1;
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < row; i++) {
      const bit = i * bits;
      output[y * row + i] = raw[y * bytes + (bit >> 3)] >> (8 - bits - (bit & 7)) & highest;
    }
  }
  return output;
}
