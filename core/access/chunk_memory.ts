/**
 * Memory for chunks of files that come over the network, used again and again by all downloads of a process: what is
 * under way is bounded by it, and nothing waits for the garbage collector.
 */
import { abortError } from "./retry.ts";

export class ChunkMemory {
  readonly #free: Uint8Array[] = [];
  readonly #waiting: ((memory: Uint8Array) => void)[] = [];
  #made = 0;

  /** `count` chunks of `chunkBytes`, made when they are first wanted. */
  constructor(readonly chunkBytes: number, readonly count: number) {}

  /** A chunk's memory, in the order of asking; whatever was in it is still there. */
  async take(signal?: AbortSignal): Promise<Uint8Array> {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#made < this.count) {
      this.#made += 1;
      return new Uint8Array(this.chunkBytes);
    }
    return await new Promise((resolve, reject) => {
      const stop = () => {
        const at = this.#waiting.indexOf(taken);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(abortError(signal!));
      };
      const taken = (memory: Uint8Array) => {
        signal?.removeEventListener("abort", stop);
        resolve(memory);
      };
      if (signal?.aborted) return reject(abortError(signal));
      signal?.addEventListener("abort", stop, { once: true });
      this.#waiting.push(taken);
    });
  }

  give(memory: Uint8Array): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(memory);
    else next(memory);
  }
}
