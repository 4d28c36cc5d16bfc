/**
 * A Zarr shard: inner chunks one after another, then the index, as the codec `sharding_indexed` with
 * `index_location: end` has it (Zarr v3, "Sharding codec (version 1.0)").
 */
import { crc32c } from "./crc32c.ts";

/** Bytes of the index of a shard with `chunks` inner chunks: offset and size of each, and a checksum. */
function shardIndexBytes(chunks: number): number {
  return 16 * chunks + 4;
}

/**
 * Packs encoded inner chunks, in the order of their positions; `undefined` is a chunk of fill alone.
 * Returns undefined when all are, because such a shard is left out of the store.
 */
export function encodeShard(chunks: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  let dataBytes = 0;
  let present = false;
  for (const chunk of chunks) {
    if (chunk === undefined) continue;
    present = true;
    dataBytes += chunk.length;
  }
  if (!present) return undefined;
  const indexBytes = shardIndexBytes(chunks.length);
  const shard = new Uint8Array(dataBytes + indexBytes);
  const index = new DataView(shard.buffer, dataBytes);
  let offset = 0;
  for (let i = 0; i < chunks.length; i++) {
    const chunk = chunks[i];
    if (chunk === undefined) {
      for (let half = 0; half < 4; half++) index.setUint32(16 * i + 4 * half, 0xffffffff, true);
      continue;
    }
    shard.set(chunk, offset);
    setUint64(index, 16 * i, offset);
    setUint64(index, 16 * i + 8, chunk.length);
    offset += chunk.length;
  }
  const checksum = crc32c(shard.subarray(dataBytes, dataBytes + indexBytes - 4));
  index.setUint32(indexBytes - 4, checksum, true);
  return shard;
}

function setUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 0x100000000), true);
}
