/**
 * Whether the blocks of a TIFF that stays as it is can be decoded. Its directories say where they lie, and
 * nothing of what they hold: a file that was damaged on its way looks whole by them.
 */
import { layoutOfRow, longestStored, type ReadableImage } from "../blocks.ts";
import { damagedTiff } from "../damaged.ts";
import { decodeBlock } from "../decode/decode_block.ts";
import { type BlockLayout, decodedBytes } from "../decode/layout.ts";
import { blockLayout, type TiffImage } from "../image.ts";
import { Refusal } from "../refusal.ts";
import { COMPRESSION } from "../tags.ts";
import type { CogStructure } from "../validate/structure.ts";

export interface BlockCheck {
  /** Whether the image's blocks are to be decoded, and not only to be long enough. */
  decodes(image: TiffImage): boolean;
  /** Throws where a stored block of this number and length cannot hold what it should. */
  length(image: TiffImage, index: number, length: number): void;
  /** Throws for a block that cannot be decoded. */
  decode(image: TiffImage, index: number, bytes: Uint8Array): Promise<void>;
}

/** Of every image and mask; without `main`, of all but the first, which somebody else decodes. */
export async function blockCheck(
  { file, main, overviews, masks }: CogStructure,
  withMain: boolean,
  signal?: AbortSignal,
): Promise<BlockCheck> {
  const { name } = file.source;
  const readables = new Map<TiffImage, ReadableImage>();
  for (const { image } of [...withMain ? [main] : [], ...overviews, ...masks]) {
    const layout = await layoutOf(image);
    if (layout !== null) readables.set(image, { file, image, layout, cutRows: 0 });
  }
  return {
    decodes: (image) => readables.has(image) && image.compression !== COMPRESSION.none,
    length: (image, index, length) => {
      const layout = layoutAt(image, index);
      if (layout === null || length === 0) return;
      const least = image.compression === COMPRESSION.none ? decodedBytes(layout) : 1;
      if (length < least || length > longestStored(layout)) {
        throw damagedTiff(name, `its block ${index} has ${length} bytes`);
      }
    },
    decode: async (image, index, bytes) => {
      const layout = layoutAt(image, index);
      if (layout === null || bytes.length === 0) return;
      try {
        await decodeBlock(bytes, layout);
      } catch (error) {
        const what = error instanceof Error ? error.message : String(error);
        throw damagedTiff(name, `its block ${index} cannot be decoded: ${what}`, error);
      }
    },
  };

  /** Null for an overview of a kind that nothing here decodes. */
  async function layoutOf(image: TiffImage): Promise<BlockLayout | null> {
    try {
      return await blockLayout(file, image, signal);
    } catch (error) {
      if (error instanceof Refusal) return null;
      throw error;
    }
  }

  function layoutAt(image: TiffImage, index: number): BlockLayout | null {
    const readable = readables.get(image);
    if (readable === undefined) return null;
    const { across, down } = image;
    return layoutOfRow(readable, Math.floor(index % (across * down) / across));
  }
}
