/** Where the blocks of an image lie, and their bytes. */
import { readMerged } from "../access/merged_reads.ts";
import type { ByteRange, Source } from "../access/source.ts";
import { damagedTiff } from "./damaged.ts";
import { type BlockLayout, decodedBytes, rowBytes } from "./decode/layout.ts";
import type { TiffImage } from "./image.ts";
import { COMPRESSION } from "./tags.ts";
import type { TiffFile } from "./tiff_file.ts";

/** Ranges this near to each other are asked for by one request. */
const GAP_BYTES = 32 * 1024;
const LONGEST_REQUEST = 8 * 1024 * 1024;
/** Places of blocks that lie side by side in the file up to this are read at once. */
const LONGEST_SPAN = 512 * 1024;
/** Rows of a strip that is a whole, uncompressed image are read by parts of about this size. */
const CUT_BYTES = 256 * 1024;

/** An image and how it is decoded. */
export interface ReadableImage {
  readonly file: TiffFile;
  readonly image: TiffImage;
  readonly layout: BlockLayout;
  /** Rows of a part where the one strip of the image is cut into parts; 0 where blocks are the file's own. */
  readonly cutRows: number;
}

export function readableImage(file: TiffFile, image: TiffImage, layout: BlockLayout): ReadableImage {
  const { compression, tiled, down, across, height, bits } = image;
  const bytes = rowBytes(layout);
  const whole = compression === COMPRESSION.none && !tiled && down === 1 && across === 1 && bits >= 8;
  const rows = Math.max(1, Math.floor(CUT_BYTES / bytes));
  if (!whole || rows >= height) return { file, image, layout, cutRows: 0 };
  return {
    file,
    image: { ...image, blockHeight: rows, down: Math.ceil(height / rows) },
    layout: { ...layout, height: rows },
    cutRows: rows,
  };
}

/** How the blocks of one row of blocks are decoded: the last strip may have fewer rows. */
export function layoutOfRow({ image, layout }: ReadableImage, row: number): BlockLayout {
  if (image.tiled) return layout;
  const height = Math.min(image.blockHeight, image.height - row * image.blockHeight);
  return height === layout.height ? layout : { ...layout, height };
}

/**
 * The places of blocks, by their numbers in ascending order; a length of 0 for a block that is not stored.
 * Throws for places outside of the file.
 */
export async function blockPlaces(
  readable: ReadableImage,
  indices: readonly number[],
  signal?: AbortSignal,
): Promise<ByteRange[]> {
  const { file, image, cutRows } = readable;
  if (cutRows > 0) return await partsOfStrip(readable, indices, signal);
  return await storedPlaces(file, image, indices, signal);
}

/** The same of the blocks that the file itself has. */
export async function storedPlaces(
  file: TiffFile,
  image: TiffImage,
  indices: readonly number[],
  signal?: AbortSignal,
): Promise<ByteRange[]> {
  if (indices.length === 0) return [];
  const [offsets, lengths] = await Promise.all([
    numbersAt(file, image.offsets, indices, signal),
    numbersAt(file, image.byteCounts, indices, signal),
  ]);
  return indices.map((index, i) => {
    const place = { offset: offsets[i], length: offsets[i] === 0 ? 0 : lengths[i] };
    checkPlace(file, index, place);
    return place;
  });
}

function checkPlace(file: TiffFile, index: number, { offset, length }: ByteRange): void {
  const { name, sizeBytes } = file.source;
  if (length > 0 && !(offset + length <= sizeBytes)) {
    throw damagedTiff(
      name,
      `its block ${index} lies at bytes ${offset} to ${offset + length} of ${sizeBytes}`,
    );
  }
}

async function partsOfStrip(
  { file, image, layout, cutRows }: ReadableImage,
  indices: readonly number[],
  signal?: AbortSignal,
): Promise<ByteRange[]> {
  if (indices.length === 0) return [];
  const planes = image.separate ? image.samples : 1;
  const starts = await file.part(image.offsets, 0, planes, signal);
  const bytes = rowBytes(layout);
  return indices.map((index) => {
    const plane = Math.floor(index / image.down), row = (index % image.down) * cutRows;
    const start = starts[plane];
    const rows = Math.min(cutRows, image.height - row);
    const place = { offset: start + row * bytes, length: start === 0 ? 0 : rows * bytes };
    checkPlace(file, index, place);
    return place;
  });
}

/** Elements of a field: by one read where they lie near to each other, else by one for each run. */
async function numbersAt(
  file: TiffFile,
  field: TiffImage["offsets"],
  indices: readonly number[],
  signal?: AbortSignal,
): Promise<number[]> {
  const size = field.sizeBytes / field.count;
  const longest = Math.max(1, Math.floor(LONGEST_SPAN / size));
  const found: number[] = [];
  const spans: { start: number; end: number }[] = [];
  for (const index of indices) {
    const last = spans.at(-1);
    if (last !== undefined && index < last.start + longest) last.end = index + 1;
    else spans.push({ start: index, end: index + 1 });
  }
  const parts = await Promise.all(
    spans.map(({ start, end }) => file.part(field, start, end - start, signal)),
  );
  let at = 0;
  for (const index of indices) {
    while (index >= spans[at].end) at++;
    found.push(parts[at][index - spans[at].start]);
  }
  return found;
}

/** The bytes of every range, in their order, not to be changed: neighbours by one request, requests side by side. */
export async function readRanges(
  source: Source,
  ranges: readonly ByteRange[],
  signal?: AbortSignal,
): Promise<Uint8Array[]> {
  if (source.readMany !== undefined) return await source.readMany(ranges, signal);
  const read = (offset: number, length: number) => source.read(offset, length, signal);
  return await readMerged(read, ranges, { gapBytes: GAP_BYTES, longestBytes: LONGEST_REQUEST });
}

/** Bytes that a stored block may have at most: more than its values by what compression may add. */
export function longestStored(layout: BlockLayout): number {
  return decodedBytes(layout) * 2 + 1024 * 1024;
}
