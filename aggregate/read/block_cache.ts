/**
 * A block cache over a source: metadata is many small reads close together, so they are served from
 * blocks that were fetched once. Long reads (data) pass through and are not kept.
 */
import type { ByteRange, SyncSource } from "../../catalog/access/source.ts";

/** One fetch of metadata. */
export const BLOCK_BYTES = 64 * 1024;

/** Blocks kept; the least recently used goes first. */
const KEPT_BLOCKS = 256;

/** A run of misses that continues the last one doubles its fetch up to this many blocks. */
const MOST_BLOCKS_AHEAD = 8;

/** A {@linkcode SyncSource} whose reads below a block come from memory. Its counters are the source's. */
export function cachedSource(source: SyncSource): SyncSource {
  const { name, sizeBytes, counters } = source;
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
    const offset = index * BLOCK_BYTES;
    const bytes = source.read(offset, Math.min(last * BLOCK_BYTES, sizeBytes) - offset);
    for (let i = index; i < last && i * BLOCK_BYTES < sizeBytes; i += 1) {
      const from = (i - index) * BLOCK_BYTES;
      blocks.set(i, bytes.subarray(from, Math.min(from + BLOCK_BYTES, bytes.length)));
    }
    for (const oldest of blocks.keys()) {
      if (blocks.size <= KEPT_BLOCKS) break;
      if (oldest !== index) blocks.delete(oldest);
    }
    return blocks.get(index)!;
  };

  const read = (offset: number, length: number): Uint8Array => {
    const inside = offset >= 0 && length >= 0 && offset + length <= sizeBytes;
    if (!inside || length > BLOCK_BYTES) return source.read(offset, length);
    const first = Math.floor(offset / BLOCK_BYTES);
    const last = Math.floor((offset + Math.max(length, 1) - 1) / BLOCK_BYTES);
    const from = offset - first * BLOCK_BYTES;
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
