/**
 * The bytes of a TIFF that tell of it: its front, and what lies elsewhere. They are kept, so that directories,
 * which a cloud-optimized file has side by side at its front, cost one read.
 */
import type { Source } from "../access/source.ts";
import { damagedTiff } from "./damaged.ts";

/** What the first read takes: the directories of most cloud-optimized files. */
export const FRONT_BYTES = 32 * 1024;
/** What a read elsewhere takes at least. */
const CHUNK_BYTES = 16 * 1024;
/** Beyond this much, chunks are not kept. */
const KEPT_BYTES = 8 * 1024 * 1024;

interface Chunk {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export class FrontBytes {
  readonly #source: Source;
  readonly #chunks: Chunk[] = [];
  #kept = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /**
   * The bytes, from what is kept or by one read of at least `atLeast` bytes. The result must not be changed.
   * Throws for bytes outside of the file.
   */
  async bytes(
    offset: number,
    length: number,
    signal?: AbortSignal,
    atLeast = CHUNK_BYTES,
  ): Promise<Uint8Array> {
    const { sizeBytes, name } = this.#source;
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > sizeBytes) {
      throw damagedTiff(name, `it points to bytes ${offset} to ${offset + length}, and has ${sizeBytes}`);
    }
    const known = this.kept(offset, length);
    if (known !== null) return known;
    const longer = Math.min(Math.max(length, atLeast), sizeBytes - offset);
    const bytes = await this.#source.read(offset, longer, signal);
    if (this.#kept + bytes.length <= KEPT_BYTES) {
      this.#chunks.push({ offset, bytes });
      this.#kept += bytes.length;
    }
    return bytes.subarray(0, length);
  }

  /** The bytes where they are kept, null where a read is needed. */
  kept(offset: number, length: number): Uint8Array | null {
    for (const chunk of this.#chunks) {
      const start = offset - chunk.offset;
      if (start >= 0 && start + length <= chunk.bytes.length) {
        return chunk.bytes.subarray(start, start + length);
      }
    }
    return null;
  }
}
