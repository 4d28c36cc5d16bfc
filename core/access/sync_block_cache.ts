/**
 * A block cache over a source: metadata is many small reads close together, so they are served from
 * blocks that were fetched once. Long reads (data) pass through and are not kept.
 */
import type { ByteRange, SyncSource } from "./source.ts";

/** One fetch of metadata where the source does not say what suits it: a disk likes small reads. */
export const BLOCK_BYTES = 16 * 1024;

/** A source of up to this many blocks is fetched whole. */
const WHOLE_BLOCKS = 4;

/** Blocks kept; the least recently used goes first. */
const KEPT_BLOCKS = 256;

/** A run of misses that continues the last one doubles its fetch up to this many blocks. */
const MOST_BLOCKS_AHEAD = 8;

/** Memory of blocks of closed files for the next ones: pages that are touched already cost nothing. */
const idle: Uint8Array[] = [];
const MOST_IDLE = 64;

/** Bytes of `bytes`, from `start` on. */
export interface ByteView {
  readonly bytes: Uint8Array;
  readonly start: number;
}

export interface CachedSource extends SyncSource {
  /** What `read` gives, in memory that is the cache's: not to be changed, and good until the source is closed. */
  view(offset: number, length: number): ByteView;
}

/** A {@linkcode SyncSource} whose reads below a block come from memory. Its counters are the source's. */
export function cachedSource(source: SyncSource): CachedSource {
  const { name, sizeBytes, counters } = source;
  const preferred = source.blockBytes ?? BLOCK_BYTES;
  const blockBytes = sizeBytes <= WHOLE_BLOCKS * preferred ? Math.max(sizeBytes, 1) : preferred;
  const blocks = new Map<number, Uint8Array>();
  /** Of blocks that were read into memory that other files use after this one. */
  const reused = new Map<number, Uint8Array>();
  let nextBlock = -1;
  let ahead = 1;

  const block = (index: number): Uint8Array => {
    const kept = blocks.get(index);
    if (kept !== undefined) {
      blocks.delete(index);
      blocks.set(index, kept);
      return kept;
    }
    ahead = index === nextBlock ? Math.min(ahead * 2, MOST_BLOCKS_AHEAD) : 1;
    let last = index + 1;
    while (last < index + ahead && !blocks.has(last)) last += 1;
    nextBlock = last;
    const offset = index * blockBytes;
    const length = Math.min(last * blockBytes, sizeBytes) - offset;
    const bytes = last === index + 1 && length === BLOCK_BYTES && source.readManyInto !== undefined
      ? source.readManyInto([{ offset, length }], takeIdle(index))[0]
      : source.read(offset, length);
    for (let i = index; i < last && i * blockBytes < sizeBytes; i += 1) {
      const from = (i - index) * blockBytes;
      blocks.set(i, bytes.subarray(from, Math.min(from + blockBytes, bytes.length)));
    }
    for (const oldest of blocks.keys()) {
      if (blocks.size <= KEPT_BLOCKS) break;
      if (oldest === index) continue;
      blocks.delete(oldest);
      reused.delete(oldest); // somebody may still view it
    }
    return blocks.get(index)!;
  };

  const takeIdle = (index: number): Uint8Array => {
    const memory = idle.pop() ?? new Uint8Array(BLOCK_BYTES);
    reused.set(index, memory);
    return memory;
  };

  const view = (offset: number, length: number): ByteView => {
    const inside = offset >= 0 && length >= 0 && offset + length <= sizeBytes;
    if (!inside || length > blockBytes) return { bytes: source.read(offset, length), start: 0 };
    if (length === 0) return { bytes: new Uint8Array(0), start: 0 };
    const first = Math.floor(offset / blockBytes);
    const last = Math.floor((offset + length - 1) / blockBytes);
    const start = offset - first * blockBytes;
    if (first === last) return { bytes: block(first), start };
    const bytes = new Uint8Array(length);
    const head = block(first).subarray(start);
    bytes.set(head);
    bytes.set(block(last).subarray(0, length - head.length), head.length);
    return { bytes, start: 0 };
  };

  return {
    name,
    sizeBytes,
    counters,
    view,
    read: (offset: number, length: number) => {
      if (length > blockBytes) return source.read(offset, length);
      const { bytes, start } = view(offset, length);
      return bytes.slice(start, start + length);
    },
    readMany: (ranges: readonly ByteRange[]) => source.readMany(ranges),
    close: () => {
      blocks.clear();
      for (const memory of reused.values()) if (idle.length < MOST_IDLE) idle.push(memory);
      reused.clear();
      source.close();
    },
  };
}
