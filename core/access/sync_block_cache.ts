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

/** A {@linkcode SyncSource} whose reads below a block come from memory. Its counters are the source's. */
export function cachedSource(source: SyncSource): SyncSource {
  const { name, sizeBytes, counters } = source;
  const preferred = source.blockBytes ?? BLOCK_BYTES;
  const blockBytes = sizeBytes <= WHOLE_BLOCKS * preferred ? Math.max(sizeBytes, 1) : preferred;
  const blocks = new Map<number, Uint8Array>();
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
    const bytes = source.read(offset, Math.min(last * blockBytes, sizeBytes) - offset);
    for (let i = index; i < last && i * blockBytes < sizeBytes; i += 1) {
      const from = (i - index) * blockBytes;
      blocks.set(i, bytes.subarray(from, Math.min(from + blockBytes, bytes.length)));
    }
    for (const oldest of blocks.keys()) {
      if (blocks.size <= KEPT_BLOCKS) break;
      if (oldest !== index) blocks.delete(oldest);
    }
    return blocks.get(index)!;
  };

  const read = (offset: number, length: number): Uint8Array => {
    const inside = offset >= 0 && length >= 0 && offset + length <= sizeBytes;
    if (!inside || length > blockBytes) return source.read(offset, length);
    const first = Math.floor(offset / blockBytes);
    const last = Math.floor((offset + Math.max(length, 1) - 1) / blockBytes);
    const from = offset - first * blockBytes;
    if (length === 0) return new Uint8Array(0);
    if (first === last) return block(first).slice(from, from + length);
    const bytes = new Uint8Array(length);
    const head = block(first).subarray(from);
    bytes.set(head);
    bytes.set(block(last).subarray(0, length - head.length), head.length);
    return bytes;
  };

  return {
    name,
    sizeBytes,
    counters,
    read,
    readMany: (ranges: readonly ByteRange[]) => source.readMany(ranges),
    close: () => source.close(),
  };
}
