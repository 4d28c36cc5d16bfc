/**
 * The one way to make a zstd frame (RFC 8878) that states its content's size: by the runtime's own call where it has
 * one, which takes half the time of node:zlib for what is small.
 */
import process from "node:process";
import zlib from "node:zlib";

/** The call of the runtime that is used, as it documents it. */
interface RuntimeZstd {
  zstdCompressSync(bytes: Uint8Array, options: { level: number }): Uint8Array;
}

/** Returns a frame. Of at most {@linkcode ONE_BLOCK_BYTES} every runtime makes the same one. */
type Pack = (bytes: Uint8Array, level: number) => Uint8Array;

/** A block of zstd. Of more, one runtime streams and another does not, and the blocks are cut differently. */
export const ONE_BLOCK_BYTES = 2 ** 17;

export const packZstd: Pack = packZstdBy((globalThis as { Bun?: RuntimeZstd }).Bun);

/** Packing by the call of the runtime; by node:zlib without one. */
export function packZstdBy(runtime: RuntimeZstd | undefined): Pack {
  if (runtime !== undefined) return (bytes, level) => runtime.zstdCompressSync(bytes, { level });
  if (process.versions.node === undefined || typeof zlib.zstdCompressSync !== "function") {
    throw new Error("granary needs a runtime whose node:zlib has zstd");
  }
  return (bytes, level) =>
    zlib.zstdCompressSync(bytes, {
      params: { [zlib.constants.ZSTD_c_compressionLevel]: level },
      pledgedSrcSize: bytes.length,
      chunkSize: compressBound(bytes.length),
    });
}

/** ZSTD_COMPRESSBOUND: with room for the worst case, the frame is made in one step. */
function compressBound(length: number): number {
  return length + (length >> 8) + (length < ONE_BLOCK_BYTES ? (ONE_BLOCK_BYTES - length) >> 11 : 0);
}
