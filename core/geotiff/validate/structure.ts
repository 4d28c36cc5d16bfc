/** What of a TIFF's layout decides whether it is cloud-optimized. */
import type { Source } from "../../access/source.ts";
import { describeImage, type TiffImage } from "../image.ts";
import { Refusal } from "../refusal.ts";
import { MASK, REDUCED } from "../tags.ts";
import { TiffFile } from "../tiff_file.ts";

export interface CogImage {
  readonly image: TiffImage;
  /** Where its directory lies. */
  readonly directoryOffset: number;
  /** Where the first of its blocks that is stored lies; 0 where none is. */
  readonly firstBlock: number;
}

export interface CogStructure {
  readonly file: TiffFile;
  readonly main: CogImage;
  /** In the order of their directories. */
  readonly overviews: readonly CogImage[];
  readonly masks: readonly CogImage[];
  /** Images that are none of these. */
  readonly pages: number;
}

/** Places of blocks that are looked at together for the first that is stored. */
const LOOKED_AT = 4096;

/** Reads the structure. Throws for bytes that are no TIFF, or a damaged one. */
export async function readCogStructure(source: Source, signal?: AbortSignal): Promise<CogStructure> {
  const file = await TiffFile.open(source, signal);
  const images: CogImage[] = [];
  for (const directory of file.directories) {
    try {
      const image = await describeImage(file, directory, signal);
      images.push({
        image,
        directoryOffset: directory.offset,
        firstBlock: await firstBlock(file, image, signal),
      });
    } catch (error) {
      // A page of a kind that is no grid has no part in the layout; the first image must be one.
      if (!(error instanceof Refusal) || images.length === 0) throw error;
    }
  }
  const [main, ...others] = images;
  const is = (image: TiffImage, bit: number) => (image.subfileType & bit) !== 0;
  const masks = others.filter(({ image }) => is(image, MASK));
  const overviews = others.filter(({ image }) =>
    is(image, REDUCED) && !is(image, MASK) && image.samples === main.image.samples
  );
  const pages = file.directories.length - 1 - masks.length - overviews.length;
  return { file, main, overviews, masks, pages };
}

async function firstBlock(file: TiffFile, { offsets }: TiffImage, signal?: AbortSignal): Promise<number> {
  for (let start = 0; start < offsets.count; start += LOOKED_AT) {
    const places = await file.part(offsets, start, Math.min(LOOKED_AT, offsets.count - start), signal);
    const found = places.find((place) => place > 0);
    if (found !== undefined) return found;
  }
  return 0;
}
