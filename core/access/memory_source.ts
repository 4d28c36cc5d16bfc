/** Bytes in memory as a source: small files that came whole. */
import { checkRange } from "./range.ts";
import type { Source } from "./source.ts";

/** `bytes` as a {@linkcode Source}. What `read` gives is a copy. */
export function memorySource(name: string, bytes: Uint8Array, versionTag?: string): Source {
  return {
    name,
    sizeBytes: bytes.length,
    versionTag,
    read(offset, length, signal) {
      return Promise.resolve().then(() => {
        signal?.throwIfAborted();
        checkRange(name, bytes.length, offset, length);
        return bytes.slice(offset, offset + length);
      });
    },
    close: () => Promise.resolve(),
  };
}
