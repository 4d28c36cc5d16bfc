/**
 * Tiles of a cloud-optimized GeoTIFF in a row: before each its length, behind it its last bytes again. Readers
 * that get both know that it is whole.
 */
import type { Hash } from "node:crypto";
import type { TilePlaces } from "./fields.ts";

/** A classic TIFF ends at 4 GiB; a file that comes near is a BigTIFF. */
export const CLASSIC_LIMIT_BYTES = 4.0e9;

const LEADER_BYTES = 4;
const TRAILER_BYTES = 4;

/** Chunks that are handed to the target at once. */
const CHUNK_BYTES = 4 * 1024 * 1024;

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

/** The file's bytes in order, in chunks of a few megabytes. Each is valid until the next is asked for. */
export async function* framedTiles(
  header: Uint8Array,
  tiles: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  hash: Hash,
  signal?: AbortSignal,
): AsyncIterable<Uint8Array> {
  hash.update(header);
  yield header;
  let chunk = new Uint8Array(CHUNK_BYTES);
  let view = new DataView(chunk.buffer);
  let used = 0;
  for await (const tile of tiles) {
    const wanted = LEADER_BYTES + tile.length + TRAILER_BYTES;
    if (used + wanted > chunk.length) {
      signal?.throwIfAborted();
      hash.update(chunk.subarray(0, used));
      yield chunk.subarray(0, used);
      used = 0;
      if (wanted > chunk.length) {
        chunk = new Uint8Array(wanted);
        view = new DataView(chunk.buffer);
      }
    }
    view.setUint32(used, tile.length, true);
    chunk.set(tile, used + LEADER_BYTES);
    const end = used + LEADER_BYTES + tile.length;
    chunk.set(chunk.subarray(end - TRAILER_BYTES, end), end);
    used = end + TRAILER_BYTES;
  }
  hash.update(chunk.subarray(0, used));
  if (used > 0) yield chunk.subarray(0, used);
}
