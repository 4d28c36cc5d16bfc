/** The one way to make a zlib stream (RFC 1950) of what is at hand: by libdeflate where it is, else by node:zlib. */
import zlib from "node:zlib";
import { adler32 } from "./kernels/adler32.ts";
import { type Libdeflate, runtimeLibdeflate } from "./libdeflate.ts";

/** Returns a zlib stream in parts, which are not worth the time of putting them together; `level` is 1 to 9. */
type Deflate = (bytes: Uint8Array, level: number) => Uint8Array[];

/** Room for what does not shrink: zlib's worst case is within it. */
export const DEFLATE_SLACK_BYTES = 1024;

/**
 * libdeflate's level for each of zlib's, by what comes out: its first is about as small as zlib's fourth, in half the
 * time, and nothing of it is faster.
 */
const LIBDEFLATE_LEVELS = [1, 1, 1, 1, 1, 4, 6, 7, 8, 9];

export const deflate: Deflate = deflateBy(runtimeLibdeflate());

/** Deflating by `libdeflate`. A runtime gives the same bytes every time; another runtime may give others. */
export function deflateBy(libdeflate: Libdeflate | undefined): Deflate {
  if (libdeflate === undefined) {
    return (
      bytes,
      level,
    ) => [zlib.deflateSync(bytes, { level, chunkSize: bytes.length + DEFLATE_SLACK_BYTES })];
  }
  return (bytes, level) => {
    const raw = libdeflate.deflateSync(bytes, { library: "libdeflate", level: LIBDEFLATE_LEVELS[level] });
    return [bigEndian(headerOf(level), 2), raw, bigEndian(adler32(bytes), 4)];
  };
}

/** Deflate with a window of 32 KiB, and how much was tried (FLEVEL). */
function headerOf(level: number): number {
  if (level === 1) return 0x7801;
  if (level < 6) return 0x785e;
  return level === 6 ? 0x789c : 0x78da;
}

function bigEndian(value: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => value >>> 8 * (bytes - 1 - i));
}
