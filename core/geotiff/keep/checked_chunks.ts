/** A file's bytes as they are, in chunks that hold whole blocks, which are decoded as they pass: it is read once. */
import type { Hash } from "node:crypto";
import { storedPlaces } from "../blocks.ts";
import type { TiffImage } from "../image.ts";
import type { CogStructure } from "../validate/structure.ts";
import type { BlockCheck } from "./check_blocks.ts";

const CHUNK_BYTES = 8 * 1024 * 1024;
/** Blocks whose places are read together. */
const BATCH_BLOCKS = 2048;

interface PlacedBlock {
  readonly image: TiffImage;
  readonly index: number;
  readonly offset: number;
  readonly length: number;
}

/** What gives the chunks in order. It throws for a block that cannot be decoded; this throws for one of no right length. */
export async function checkedChunks(
  structure: CogStructure,
  check: BlockCheck,
  signal?: AbortSignal,
): Promise<(hash: Hash, signal?: AbortSignal) => AsyncGenerator<Uint8Array>> {
  const { source } = structure.file;
  const blocks = await blocksInOrder(structure, check, signal);
  return async function* (hash, signal) {
    let next = 0;
    for (let start = 0; start < source.sizeBytes;) {
      const [end, after] = cut(blocks, next, start, source.sizeBytes);
      const chunk = await source.read(start, end - start, signal);
      for (const { image, index, offset, length } of blocks.slice(next, after)) {
        // Blocks that share bytes with those before may begin in the last chunk.
        const bytes = offset >= start
          ? chunk.subarray(offset - start, offset - start + length)
          : await source.read(offset, length, signal);
        await check.decode(image, index, bytes);
      }
      hash.update(chunk);
      yield chunk;
      [start, next] = [end, after];
    }
  };
}

/** Where the chunk from `start` ends, behind its last whole block, and the first block that is beyond. */
function cut(
  blocks: readonly PlacedBlock[],
  first: number,
  start: number,
  sizeBytes: number,
): [end: number, after: number] {
  const wanted = Math.min(start + CHUNK_BYTES, sizeBytes);
  let end = start, after = first;
  while (after < blocks.length && (end <= start || blocks[after].offset + blocks[after].length <= wanted)) {
    if (blocks[after].offset >= wanted) break;
    end = Math.max(end, blocks[after].offset + blocks[after].length);
    after++;
  }
  const nothingCut = after === blocks.length || blocks[after].offset >= wanted;
  return [nothingCut ? Math.max(end, wanted) : end, after];
}

/** The stored blocks that are decoded, by their places in the file. */
async function blocksInOrder(
  { file, main, overviews, masks }: CogStructure,
  check: BlockCheck,
  signal?: AbortSignal,
): Promise<PlacedBlock[]> {
  const found: PlacedBlock[] = [];
  for (const { image } of [main, ...overviews, ...masks]) {
    const count = image.across * image.down * (image.separate ? image.samples : 1);
    for (let start = 0; start < count; start += BATCH_BLOCKS) {
      const indices = Array.from({ length: Math.min(BATCH_BLOCKS, count - start) }, (_, i) => start + i);
      for (const [i, { offset, length }] of (await storedPlaces(file, image, indices, signal)).entries()) {
        const index = indices[i];
        check.length(image, index, length);
        if (length > 0 && check.decodes(image)) found.push({ image, index, offset, length });
      }
    }
  }
  return found.sort((a, b) => a.offset - b.offset);
}
