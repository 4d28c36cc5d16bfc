/** Bytes in memory as sources that count. */
import { checkRange } from "../../core/access/range.ts";
import type { ByteRange, Source, SourceCounters, SyncSource } from "../../core/access/source.ts";

/** `bytes` as a source, with its counters and the ranges that were read, in order. */
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

/** Bytes as a source that counts: `log` holds every range that was read, in order. */
export function countingSource(
  name: string,
  bytes: Uint8Array,
): Source & { readonly log: ByteRange[]; closed: boolean } {
  const log: ByteRange[] = [];
  return {
    name,
    sizeBytes: bytes.length,
    log,
    closed: false,
    read(offset, length) {
      return Promise.resolve().then(() => {
        checkRange(name, bytes.length, offset, length);
        log.push({ offset, length });
        return bytes.slice(offset, offset + length);
      });
    },
    close() {
      this.closed = true;
      return Promise.resolve();
    },
  };
}
