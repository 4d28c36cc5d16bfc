/** Zstandard (RFC 8878) and zlib (RFC 1950) with bounded output. */
import zlib from "node:zlib";
import { inflate } from "../inflate.ts";
import { CodecFault } from "./bytes.ts";

/** The call of the runtime that is used where there is one: node:zlib takes thirty times as long for what is small. */
interface RuntimeZstd {
  zstdDecompressSync(bytes: Uint8Array): Uint8Array;
}

/** Returns the bytes of Zstandard data, no more than `size`. @throws CodecFault */
type Unpack = (input: Uint8Array, size: number) => Uint8Array;

export const unpackZstd: Unpack = unpackZstdBy((globalThis as { Bun?: RuntimeZstd }).Bun);

/** Unpacking by the call of the runtime, which knows no bound: of what is one frame and states its size. */
export function unpackZstdBy(runtime: RuntimeZstd | undefined): Unpack {
  return (input, size) => {
    if (runtime !== undefined && sizeOfFrame(input) === size) {
      try {
        return runtime.zstdDecompressSync(input);
      } catch {
        // What is wrong is told below, as everywhere.
      }
    }
    try {
      return zlib.zstdDecompressSync(input, { maxOutputLength: size + 65 });
    } catch (error) {
      throw new CodecFault(`is no Zstandard data (${(error as Error).message})`, { cause: error });
    }
  };
}

const MAGIC = 0xfd2fb528;
const CHECKSUM_BYTES = 4, BLOCK_HEADER_BYTES = 3;

/** A block of one byte that is repeated. */
const REPEATED = 1;

/**
 * What a frame says that it unpacks to; undefined where it says nothing, or where the bytes are no frame, or more than one.
 * (RFC 8878, sections 3.1.1.1 and 3.1.1.2.)
 */
function sizeOfFrame(bytes: Uint8Array): number | undefined {
  if (bytes.length < 6) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const descriptor = bytes[4];
  const isOneSegment = (descriptor & 32) !== 0;
  const place = 5 + (isOneSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3];
  const width = [isOneSegment ? 1 : 0, 2, 4, 8][descriptor >> 6];
  if (view.getUint32(0, true) !== MAGIC || width === 0) return undefined;
  let at = place + width;
  for (let isLast = false; !isLast;) {
    if (at + BLOCK_HEADER_BYTES > bytes.length) return undefined;
    const header = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16;
    isLast = (header & 1) === 1;
    at += BLOCK_HEADER_BYTES + ((header >> 1 & 3) === REPEATED ? 1 : header >> 3);
  }
  if (at + ((descriptor & 4) === 0 ? 0 : CHECKSUM_BYTES) !== bytes.length) return undefined;
  switch (width) {
    case 1:
      return bytes[place];
    case 2:
      return view.getUint16(place, true) + 256;
    case 4:
      return view.getUint32(place, true);
    default:
      return Number(view.getBigUint64(place, true));
  }
}

/** The bytes of zlib data, no more than `size`. @throws CodecFault */
export function unpackZlib(input: Uint8Array, size: number): Uint8Array {
  try {
    return inflate(input, { size, most: size + 65 });
  } catch (error) {
    throw new CodecFault(`is no zlib data (${(error as Error).message})`, { cause: error });
  }
}
