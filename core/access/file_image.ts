/**
 * A file that comes whole, by requests side by side, and is read from memory. What has not come is waited for.
 */
import { mergeRanges } from "./read_plan.ts";

interface Part {
  readonly offset: number;
  readonly length: number;
  readonly come: Promise<void>;
}

export class FileImage {
  readonly #memory: Uint8Array;
  readonly #parts: readonly Part[];
  readonly #unused: () => void;
  /** Parts that come into the memory, and readers that copy from it. */
  #users = 0;
  #closed = false;

  /**
   * `fetch` begins at once to fill `memory`, which is as long as the file, behind the bytes `first`, by requests of at
   * most `longestBytes`. `unused` hears when nothing writes to the memory or reads it any more, once it is closed.
   */
  constructor(
    memory: Uint8Array,
    first: Uint8Array,
    longestBytes: number,
    fetch: (offset: number, part: Uint8Array) => Promise<void>,
    unused: () => void,
  ) {
    this.#memory = memory;
    this.#unused = unused;
    memory.set(first);
    const rest = { offset: first.length, length: memory.length - first.length };
    this.#parts = mergeRanges([rest], 0, longestBytes).map(({ offset, length }) => {
      return {
        offset,
        length,
        come: this.#use(() => fetch(offset, memory.subarray(offset, offset + length))),
      };
    });
    // A failure is met by those who read what did not come.
    for (const { come } of this.#parts) come.catch(() => undefined);
  }

  async #use(work: () => Promise<void>): Promise<void> {
    this.#users += 1;
    try {
      await work();
    } finally {
      this.#users -= 1;
      if (this.#closed && this.#users === 0) this.#unused();
    }
  }

  /** Fills each of `targets` with the bytes from its offset on. Rejects with what a fetch failed with. */
  async copy(offsets: readonly number[], targets: readonly Uint8Array[]): Promise<void> {
    if (this.#closed) throw new Error("a file's image is read after it was closed");
    await this.#use(async () => {
      for (let i = 0; i < targets.length; i++) await this.#fill(offsets[i], targets[i]);
    });
  }

  async #fill(offset: number, target: Uint8Array): Promise<void> {
    const end = offset + target.length;
    let done = offset;
    const copyTo = (to: number) => {
      target.set(this.#memory.subarray(done, to), done - offset);
      done = to;
    };
    for (const part of this.#parts) {
      if (part.offset + part.length <= offset) continue;
      if (part.offset >= end) break;
      await part.come;
      copyTo(Math.min(end, part.offset + part.length));
    }
    if (done < end) copyTo(end);
  }

  /** Ends what may be read; those who read go on to their end. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#users === 0) this.#unused();
  }
}
