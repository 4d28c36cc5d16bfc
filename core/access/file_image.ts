/**
 * A file that comes whole, in a few long requests side by side, and is read from memory. What has not come is waited
 * for.
 */
import { copyOverlap, mergeRanges } from "./read_plan.ts";
import type { ByteRange } from "./source.ts";

interface Part extends ByteRange {
  readonly bytes: Promise<Uint8Array>;
}

export class FileImage {
  readonly #parts: readonly Part[];

  /** `fetch` begins at once to bring what is behind `first`, by requests of at most `longestBytes`. */
  constructor(
    sizeBytes: number,
    first: Uint8Array,
    longestBytes: number,
    fetch: (span: ByteRange) => Promise<Uint8Array>,
  ) {
    const rest = { offset: first.length, length: sizeBytes - first.length };
    const spans = mergeRanges([rest], 0, longestBytes);
    this.#parts = [
      { offset: 0, length: first.length, bytes: Promise.resolve(first) },
      ...spans.map((span) => ({ ...span, bytes: fetch(span) })),
    ];
    // A failure is met by those who read what did not come.
    for (const { bytes } of this.#parts) bytes.catch(() => undefined);
  }

  /** Copies the bytes from `offset` on into `memory`, as many as it has. Rejects with what a fetch failed with. */
  async copy(offset: number, memory: Uint8Array): Promise<void> {
    for (const part of this.#parts) {
      if (part.offset + part.length <= offset) continue;
      if (part.offset >= offset + memory.length) break;
      copyOverlap(part, await part.bytes, offset, memory);
    }
  }
}
