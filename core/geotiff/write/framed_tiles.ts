/**
 * Tiles of a cloud-optimized GeoTIFF in a row: before each its length, behind it its last bytes again. Readers
 * that get both know that it is whole.
 */
import { Buffer } from "node:buffer";
import type { Hash } from "node:crypto";
import { type Packed, packedLength } from "./compress.ts";
import type { TilePlaces } from "./fields.ts";

/** A classic TIFF ends at 4 GiB; a file that comes near is a BigTIFF. */
export const CLASSIC_LIMIT_BYTES = 4.0e9;

const LEADER_BYTES = 4;
const TRAILER_BYTES = 4;

/** Parts of tiles that are smaller are put together to chunks of at most so many bytes. */
const CHUNK_BYTES = 1024 * 1024;

/** Parts of tiles from this size on are handed over where they lie. */
const LARGE_PART_BYTES = 64 * 1024;

/** Sets the places of the tiles of all levels, which come in the order of the file, from `start` on. @returns where the file ends */
export function placeTiles(levels: readonly TilePlaces[], start: number): number {
  let at = start;
  for (const { offsets, lengths } of levels) {
    for (let i = 0; i < lengths.length; i++) {
      if (lengths[i] === 0) continue;
      offsets[i] = at + LEADER_BYTES;
      at += LEADER_BYTES + lengths[i] + TRAILER_BYTES;
    }
  }
  return at;
}

/** The file's bytes in order, in chunks of a few megabytes at most. Each is valid until the next is asked for. */
export async function* framedTiles(
  header: Uint8Array,
  tiles: Iterable<Packed> | AsyncIterable<Packed>,
  hash: Hash,
  signal?: AbortSignal,
): AsyncIterable<Uint8Array> {
  hash.update(header);
  yield header;
  // Of no use to the next file, and written before it is read.
  const chunk = new Uint8Array(Buffer.allocUnsafeSlow(CHUNK_BYTES).buffer);
  let used = 0;
  for await (const tile of tiles) {
    for (const part of framed(tile)) {
      const isLarge = part.length >= LARGE_PART_BYTES;
      if (used > 0 && (isLarge || used + part.length > chunk.length)) {
        signal?.throwIfAborted();
        const whole = chunk.subarray(0, used);
        hash.update(whole);
        yield whole;
        used = 0;
      }
      if (isLarge) {
        hash.update(part);
        yield part;
      } else {
        chunk.set(part, used);
        used += part.length;
      }
    }
  }
  hash.update(chunk.subarray(0, used));
  if (used > 0) yield chunk.subarray(0, used);
}

/** A tile's parts between its leader and its trailer. */
function framed(tile: Packed): Uint8Array[] {
  const leader = new Uint8Array(LEADER_BYTES);
  new DataView(leader.buffer).setUint32(0, packedLength(tile), true);
  const last = tile[tile.length - 1];
  const end = last.length < TRAILER_BYTES ? Buffer.concat([leader, ...tile]) : last;
  return [leader, ...tile, end.subarray(end.length - TRAILER_BYTES)];
}
