/** Zstandard (RFC 8878) and zlib (RFC 1950) with bounded output. */
import zlib from "node:zlib";
import { inflate } from "../inflate.ts";
import { CodecFault } from "./bytes.ts";

/** The bytes of Zstandard data, no more than `size`. @throws CodecFault */
export function unpackZstd(input: Uint8Array, size: number): Uint8Array {
  try {
    return zlib.zstdDecompressSync(input, { maxOutputLength: size + 65 });
  } catch (error) {
    throw new CodecFault(`is no Zstandard data (${(error as Error).message})`, { cause: error });
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
