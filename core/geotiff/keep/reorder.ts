/**
 * A TIFF's directories and blocks in the order of a cloud-optimized one: all directories first, the image's
 * before those of its overviews, each before that of its mask; then the blocks of the smallest overview, the
 * image's last. The bytes of every block stay as they are, and so do all fields but those of places.
 */
import type { Hash } from "node:crypto";
import { readRanges, storedPlaces } from "../blocks.ts";
import { damagedTiff } from "../damaged.ts";
import type { TiffImage } from "../image.ts";
import { TAG } from "../tags.ts";
import type { TiffFile } from "../tiff_file.ts";
import type { CogStructure } from "../validate/structure.ts";
import type { BlockCheck } from "./check_blocks.ts";
import type { Packed } from "../write/compress.ts";
import { type Directory, type Field, headerBytes, writeHeader } from "../write/directory.ts";
import type { TilePlaces } from "../write/fields.ts";
import { CLASSIC_LIMIT_BYTES, framedTiles, placeTiles } from "../write/framed_tiles.ts";

/** Blocks that are read together, and bytes of them. */
const BATCH_BLOCKS = 512;
const BATCH_BYTES = 16 * 1024 * 1024;
/** The length before a block has 32 bits. */
const LONGEST_BLOCK = 2 ** 32 - 1;

/** Lists of space that nobody uses, of a file that lay otherwise. */
const DROPPED = [288, 289];
const OFFSETS: readonly number[] = [TAG.TileOffsets, TAG.StripOffsets];
const BYTE_COUNTS: readonly number[] = [TAG.TileByteCounts, TAG.StripByteCounts];

interface ReorderedTiff {
  readonly sizeBytes: number;
  readonly bigTiff: boolean;
  /** The file's bytes in order. Each chunk is valid until the next is asked for. */
  chunks(hash: Hash, signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/**
 * Says where everything will lie. Throws for places of blocks outside of the file; the chunks throw for blocks
 * that cannot be decoded.
 */
export async function reorderTiff(
  structure: CogStructure,
  check: BlockCheck,
  signal?: AbortSignal,
): Promise<ReorderedTiff> {
  const { file } = structure;
  const levels = levelsOf(structure);
  const images = levels.flat();
  const from = new Map<TiffImage, Float64Array>();
  const to = new Map<TiffImage, TilePlaces>();
  for (const image of images) {
    const { offsets, lengths } = await placesOf(file, image, check, signal);
    from.set(image, offsets);
    to.set(image, { lengths, offsets: new Float64Array(lengths.length) });
  }
  const directories: Directory[] = [];
  for (const image of images) directories.push(await fieldsOf(file, image, placed(to, image), signal));
  const order = [...levels].reverse().flat();
  const size = (big: boolean) =>
    placeTiles(order.map((image) => placed(to, image)), headerBytes(directories, big));
  // Fields of a BigTIFF may be of types that a classic TIFF has not.
  const bigTiff = file.bigTiff || size(false) > CLASSIC_LIMIT_BYTES;
  const sizeBytes = size(bigTiff);
  return {
    sizeBytes,
    bigTiff,
    chunks: (hash, signal) => {
      const blocks = blocksOf(
        file,
        order.map((image) => ({
          image,
          offsets: placed(from, image),
          lengths: placed(to, image).lengths,
        })),
        check,
        signal,
      );
      return framedTiles(writeHeader(directories, bigTiff), blocks, hash, signal);
    },
  };
}

function placed<T>(places: ReadonlyMap<TiffImage, T>, image: TiffImage): T {
  const found = places.get(image);
  if (found === undefined) throw new Error("an image without places");
  return found;
}

/** The image and its overviews from fine to coarse, each followed by its mask. */
function levelsOf({ main, overviews, masks }: CogStructure): TiffImage[][] {
  const sorted = [...overviews].sort((a, b) => b.image.width - a.image.width);
  return [main, ...sorted].map(({ image }) => {
    const own = masks.filter(({ image: { width, height } }) =>
      width === image.width && height === image.height
    );
    return [image, ...own.map((mask) => mask.image)];
  });
}

async function placesOf(
  file: TiffFile,
  image: TiffImage,
  check: BlockCheck,
  signal?: AbortSignal,
): Promise<TilePlaces> {
  const count = image.across * image.down * (image.separate ? image.samples : 1);
  const offsets = new Float64Array(count), lengths = new Uint32Array(count);
  for (let start = 0; start < count; start += BATCH_BLOCKS) {
    const indices = Array.from({ length: Math.min(BATCH_BLOCKS, count - start) }, (_, i) => start + i);
    for (const [i, { offset, length }] of (await storedPlaces(file, image, indices, signal)).entries()) {
      if (length > LONGEST_BLOCK) throw damagedTiff(file.source.name, `a block has ${length} bytes`);
      check.length(image, start + i, length);
      offsets[start + i] = offset;
      lengths[start + i] = length;
    }
  }
  return { offsets, lengths };
}

/** All fields as they are; those of places are filled in when the header is written. */
async function fieldsOf(
  file: TiffFile,
  { directory }: TiffImage,
  places: TilePlaces,
  signal?: AbortSignal,
): Promise<Directory> {
  const fields: Field[] = [];
  for (const { tag, type, count } of [...directory.fields.values()].sort((a, b) => a.tag - b.tag)) {
    if (DROPPED.includes(tag)) continue;
    if (OFFSETS.includes(tag)) fields.push({ tag, type: "offsets", values: places.offsets });
    else if (BYTE_COUNTS.includes(tag)) fields.push({ tag, type: "counts", values: places.lengths });
    else {
      const bytes = await file.bytes(directory, tag, signal) ?? new Uint8Array(0);
      fields.push({ tag, type: "raw", code: type, count, bytes });
    }
  }
  return fields;
}

/** The stored blocks of all images in turn, some of them read at a time, each decoded on its way. */
async function* blocksOf(
  file: TiffFile,
  images: readonly ({ readonly image: TiffImage } & TilePlaces)[],
  check: BlockCheck,
  signal?: AbortSignal,
): AsyncIterable<Packed> {
  for (const { image, offsets, lengths } of images) {
    const decodes = check.decodes(image);
    for (let start = 0; start < lengths.length;) {
      let end = start, bytes = 0;
      while (
        end < lengths.length && end - start < BATCH_BLOCKS &&
        (end === start || bytes + lengths[end] <= BATCH_BYTES)
      ) bytes += lengths[end++];
      const ranges = Array.from({ length: end - start }, (_, i) => ({
        offset: offsets[start + i],
        length: lengths[start + i],
      }));
      for (const [i, block] of (await readRanges(file.source, ranges, signal)).entries()) {
        if (decodes) await check.decode(image, start + i, block);
        if (block.length > 0) yield [block];
      }
      start = end;
    }
  }
}
