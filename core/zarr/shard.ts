/**
 * A Zarr shard: inner chunks one after another, then the index, as the codec `sharding_indexed` with
 * `index_location: end` has it (Zarr v3, "Sharding codec (version 1.0)").
 */
import { GranaryError } from "../errors.ts";
import { crc32c } from "./crc32c.ts";

/** Offset and size of a chunk that is not stored. */
const EMPTY = 2n ** 64n - 1n;

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

/**
 * The encoded inner chunks of a shard, all `undefined` where there is no shard. Throws an io error that names `key`
 * where the index is not whole or points outside.
 */
export function chunksOfShard(
  shard: Uint8Array | undefined,
  chunks: number,
  key: string,
): (Uint8Array | undefined)[] {
  if (shard === undefined) return new Array(chunks).fill(undefined);
  const start = shard.length - shardIndexBytes(chunks);
  const damaged = () =>
    new GranaryError("io", `${key}: the index of the shard is damaged (write the store again)`);
  if (start < 0) throw damaged();
  const index = new DataView(shard.buffer, shard.byteOffset + start, shardIndexBytes(chunks));
  if (crc32c(shard.subarray(start, shard.length - 4)) !== index.getUint32(16 * chunks, true)) throw damaged();
  return Array.from({ length: chunks }, (_, i) => {
    const offset = index.getBigUint64(16 * i, true), bytes = index.getBigUint64(16 * i + 8, true);
    if (offset === EMPTY && bytes === EMPTY) return undefined;
    if (offset + bytes > BigInt(start)) throw damaged();
    return shard.subarray(Number(offset), Number(offset + bytes));
  });
}

function setUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 0x100000000), true);
}
