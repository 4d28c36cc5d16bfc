/** Zstandard (RFC 8878) and zlib (RFC 1950) with bounded output. */
import zlib from "node:zlib";
import { inflate } from "../inflate.ts";
import { CodecFault } from "./bytes.ts";

/** The call of the runtime that is used where there is one: node:zlib takes thirty times as long for what is small. */
interface RuntimeZstd {
  zstdDecompressSync(bytes: Uint8Array): Uint8Array;
}

const runtime = (globalThis as { Bun?: RuntimeZstd }).Bun;

const MAGIC = 0xfd2fb528;

/** The bytes of Zstandard data, no more than `size`. @throws CodecFault */
export function unpackZstd(input: Uint8Array, size: number): Uint8Array {
  if (runtime !== undefined && statedSize(input) === size) {
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
}

/** What a frame says that it unpacks to; undefined where it says nothing, or is none. (RFC 8878, section 3.1.1.1.) */
function statedSize(frame: Uint8Array): number | undefined {
  if (frame.length < 6) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const descriptor = frame[4];
  const isOneSegment = (descriptor & 32) !== 0;
  const at = 5 + (isOneSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3];
  const width = [isOneSegment ? 1 : 0, 2, 4, 8][descriptor >> 6];
  if (view.getUint32(0, true) !== MAGIC || at + width > frame.length) return undefined;
  switch (width) {
    case 0:
      return undefined;
    case 1:
      return frame[at];
    case 2:
      return view.getUint16(at, true) + 256;
    case 4:
      return view.getUint32(at, true);
    default:
      return Number(view.getBigUint64(at, true));
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
