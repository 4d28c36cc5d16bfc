/** Bytes in memory as sources: small files that came whole, and tests that count. */
import { checkRange } from "./range.ts";
import type { ByteRange, Source, SourceCounters, SyncSource } from "./source.ts";

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

/** `bytes` as a {@linkcode SyncSource}, with its counters and the ranges that were read, in order. */
export function memorySyncSource(
  name: string,
  bytes: Uint8Array,
): SyncSource & { readonly log: ByteRange[] } {
  const counters: SourceCounters = { opens: 1, requests: 0, bytes: 0 };
  const log: ByteRange[] = [];
  const read = (offset: number, length: number): Uint8Array => {
    checkRange(name, bytes.length, offset, length);
    counters.requests += 1;
    counters.bytes += length;
    log.push({ offset, length });
    return bytes.slice(offset, offset + length);
  };
  return {
    name,
    sizeBytes: bytes.length,
    counters,
    log,
    read,
    readMany: (ranges) => ranges.map(({ offset, length }) => read(offset, length)),
    close: () => {},
  };
}
