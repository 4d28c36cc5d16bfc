/**
 * Memory for files that are held whole, used again and again: pages that are new to a process cost it more time than
 * copying what lies in them.
 */

/** New memory is so much longer than its file, for the next ones are never of one length. */
const LONGER = 1.1;
/** Memory that is more than so many times as long as a file is not used for it. */
const TOO_LONG = 1.5;
/** Memory that waits for its next file. */
const MOST_IDLE = 8;

export class WholeMemory {
  readonly #idle: Uint8Array[] = [];
  #usedBytes = 0;

  /** Memory for `bytes`, or more; undefined where all that is in use would then pass `mostBytes`. */
  take(bytes: number, mostBytes: number): Uint8Array | undefined {
    const at = this.#idle.findIndex(({ length }) => length >= bytes && length <= bytes * TOO_LONG);
    const length = at < 0 ? Math.ceil(bytes * LONGER) : this.#idle[at].length;
    if (this.#usedBytes + length > mostBytes) return undefined;
    this.#usedBytes += length;
    return at < 0 ? new Uint8Array(length) : this.#idle.splice(at, 1)[0];
  }

  /** Memory that was taken and that nothing writes to any more. */
  give(memory: Uint8Array): void {
    this.#usedBytes -= memory.length;
    this.#idle.push(memory);
    if (this.#idle.length > MOST_IDLE) this.#idle.shift();
  }
}
