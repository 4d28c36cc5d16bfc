/**
 * What a file of GDAL's layout promises of every block, held against its bytes: blocks in the order of rows,
 * their length before them, their last four bytes again behind them, a mask's block behind its image's.
 * Readers fetch by these promises.
 */
import type { ByteRange } from "../../access/source.ts";
import { readRanges, storedPlaces } from "../blocks.ts";
import { damagedTiff } from "../damaged.ts";
import type { TiffImage } from "../image.ts";
import type { TiffFile } from "../tiff_file.ts";
import type { CogFault } from "./rules.ts";
import type { CogStructure } from "./structure.ts";

/** Blocks that are looked at together. */
const BATCH = 2048;
/** Faults of one kind and image that are reported; one is reason enough. */
const REPORTED = 3;

interface Promises {
  readonly rowOrder: boolean;
  readonly leader: boolean;
  readonly trailer: boolean;
  readonly maskBehind: boolean;
}

/** Throws for a file of which a block lies beyond its end: it was cut short. */
export async function checkBlockPlaces(structure: CogStructure, signal?: AbortSignal): Promise<void> {
  const { file, main, overviews, masks } = structure;
  for (const { image } of [main, ...overviews, ...masks]) {
    const { count } = image.offsets;
    for (let start = 0; start < count; start += BATCH) {
      const indices = Array.from({ length: Math.min(BATCH, count - start) }, (_, i) => start + i);
      await storedPlaces(file, image, indices, signal);
    }
  }
}

/**
 * Reads what lies around every block; of a file that promises nothing, only where they lie. Throws for one that was
 * cut short.
 */
export async function blockFaults(structure: CogStructure, signal?: AbortSignal): Promise<CogFault[]> {
  const { file, main, overviews, masks } = structure;
  const text = file.layoutText ?? "";
  const promises: Promises = {
    rowOrder: text.includes("BLOCK_ORDER=ROW_MAJOR"),
    leader: text.includes("BLOCK_LEADER=SIZE_AS_UINT4"),
    trailer: text.includes("BLOCK_TRAILER=LAST_4_BYTES_REPEATED"),
    maskBehind: text.includes("MASK_INTERLEAVED_WITH_IMAGERY=YES"),
  };
  if (!Object.values(promises).includes(true)) {
    await checkBlockPlaces(structure, signal);
    return [];
  }
  const faults: CogFault[] = [];
  for (const [index, { image }] of [main, ...overviews].entries()) {
    const called = index === 0 ? "the image" : `overview ${index - 1}`;
    const mask = masks.find(({ image: { width, height } }) =>
      width === image.width && height === image.height
    )
      ?.image;
    faults.push(...await imageFaults(file, image, mask, called, promises, signal));
    if (mask !== undefined) {
      faults.push(
        ...await imageFaults(file, mask, undefined, `the mask of ${called}`, promises, signal),
      );
    }
  }
  return faults;
}

async function imageFaults(
  file: TiffFile,
  image: TiffImage,
  mask: TiffImage | undefined,
  called: string,
  promises: Promises,
  signal?: AbortSignal,
): Promise<CogFault[]> {
  const found: CogFault[] = [];
  const counts = new Map<string, number>();
  const fault = (rule: string, message: string) => {
    const count = (counts.get(rule) ?? 0) + 1;
    counts.set(rule, count);
    if (count <= REPORTED) found.push({ rule, message: `${called}: ${message}` });
  };
  const blocks = image.across * image.down * (image.separate ? image.samples : 1);
  const maskBlocks = mask !== undefined && promises.maskBehind && sameBlocks(image, mask) ? mask : undefined;
  let last = 0;
  for (let start = 0; start < blocks; start += BATCH) {
    const indices = Array.from({ length: Math.min(BATCH, blocks - start) }, (_, i) => start + i);
    const places = await storedPlaces(file, image, indices, signal);
    const maskPlaces = maskBlocks === undefined
      ? null
      : await storedPlaces(file, maskBlocks, indices, signal);
    const around = await bytesAround(file, places, promises, signal);
    places.forEach(({ offset, length }, i) => {
      const index = indices[i];
      if (length === 0) return;
      if (promises.rowOrder && offset < last) {
        fault("block-order", `block ${index} lies at byte ${offset}, before the block that precedes it`);
      }
      last = offset;
      const { leader, trailer } = around[i];
      if (leader !== null && leader !== length) {
        fault(
          "block-leader",
          `before block ${index} stands the length ${leader}, and it has ${length} bytes`,
        );
      }
      if (trailer === false) fault("block-trailer", `behind block ${index} its last bytes are not repeated`);
      const maskPlace = maskPlaces?.[i];
      if (maskPlace === undefined || maskPlace.length === 0) return;
      const wanted = offset + length + (promises.leader ? 4 : 0) + (promises.trailer ? 4 : 0);
      if (maskPlace.offset !== wanted) {
        fault(
          "mask-place",
          `the mask's block ${index} lies at byte ${maskPlace.offset}, and not behind the image's at ${wanted}`,
        );
      }
    });
  }
  return found;
}

function sameBlocks(a: TiffImage, b: TiffImage): boolean {
  return !a.separate && a.blockWidth === b.blockWidth && a.blockHeight === b.blockHeight;
}

interface Around {
  readonly leader: number | null;
  readonly trailer: boolean | null;
}

async function bytesAround(
  file: TiffFile,
  places: readonly ByteRange[],
  { leader, trailer }: Promises,
  signal?: AbortSignal,
): Promise<Around[]> {
  const { sizeBytes, name } = file.source;
  const ranges = places.flatMap(({ offset, length }): ByteRange[] => {
    if (length === 0) return [];
    if (offset < 4) throw damagedTiff(name, `a block lies at byte ${offset}`);
    const end = offset + length;
    return [
      ...(leader ? [{ offset: offset - 4, length: 4 }] : []),
      // A block at the end of the file has nothing behind it.
      ...(trailer && length >= 4 ? [{ offset: end - 4, length: Math.min(8, sizeBytes - end + 4) }] : []),
    ];
  });
  const bytes = await readRanges(file.source, ranges, signal);
  let next = 0;
  return places.map(({ length }) => {
    const found: { leader: number | null; trailer: boolean | null } = { leader: null, trailer: null };
    if (length === 0) return found;
    if (leader) {
      const four = bytes[next++];
      found.leader = new DataView(four.buffer, four.byteOffset, 4).getUint32(0, true);
    }
    if (trailer && length >= 4) {
      const eight = bytes[next++];
      found.trailer = eight.length === 8 && [0, 1, 2, 3].every((i) => eight[i] === eight[i + 4]);
    }
    return found;
  });
}
