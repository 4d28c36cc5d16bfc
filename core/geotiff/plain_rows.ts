/** Rows that a file stores as they are wanted: read to where they go, without a copy on the way. */
import type { GridValues } from "../raster/grid.ts";
import { blockPlaces, layoutOfRow, type ReadableImage } from "./blocks.ts";
import { isStoredAsRead } from "./decode/decode_block.ts";
import { rowBytes } from "./decode/layout.ts";
import { COMPRESSION } from "./tags.ts";

/** Where strips lie in more parts than this, each is read by itself as well. */
const MOST_PARTS = 64;

/**
 * Reads `count` whole rows from `first` on into `target`, where their bytes lie in few parts of the file and are this
 * machine's elements. @returns false, and nothing is read, where they do not
 */
export async function readPlainRows(
  readable: ReadableImage,
  first: number,
  count: number,
  target: GridValues,
  signal?: AbortSignal,
): Promise<boolean> {
  const { file: { source }, image, layout } = readable;
  if (source.readInto === undefined || count === 0 || !isPlain(readable)) return false;
  const { blockHeight } = image;
  const start = Math.floor(first / blockHeight), end = Math.floor((first + count - 1) / blockHeight);
  const blocks = Array.from({ length: end - start + 1 }, (_, i) => start + i);
  const places = await blockPlaces(readable, blocks, signal);
  const bytes = rowBytes(layout);
  const isWhole = places.every(({ length }, i) => length === layoutOfRow(readable, blocks[i]).height * bytes);
  // Where strips begin that do not follow on the one before.
  const begins = places.flatMap(({ offset }, i) =>
    i > 0 && offset === places[i - 1].offset + places[i - 1].length ? [] : [i]
  );
  if (!isWhole || begins.length > MOST_PARTS) return false;
  const memory = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  await Promise.all(begins.map((at, i) => {
    const top = blocks[at] * blockHeight;
    const from = Math.max(first, top);
    const to = i + 1 < begins.length ? blocks[begins[i + 1]] * blockHeight : first + count;
    const part = memory.subarray((from - first) * bytes, (to - first) * bytes);
    return source.readInto?.(places[at].offset + (from - top) * bytes, part, signal);
  }));
  return true;
}

function isPlain({ image, layout }: ReadableImage): boolean {
  return layout.compression === COMPRESSION.none && isStoredAsRead(layout) && layout.bits >= 8 &&
    !image.tiled && image.across === 1 && image.samples === 1;
}
