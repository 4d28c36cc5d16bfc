/** The checksum of zlib streams (RFC 1950). */
import { memoryFor } from "./memory.ts";

export function adler32(bytes: Uint8Array): number {
  const memory = memoryFor(bytes);
  let sum = 1;
  memory.eachPart(bytes, (at, length) => {
    sum = memory.kernels.adler32(at, length, sum);
  });
  return sum >>> 0;
}
