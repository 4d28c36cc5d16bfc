/** The memory of all cached sources of a process: blocks that are kept, files that are held whole, bytes under way. */
import { Semaphore } from "../concurrency.ts";
import { WholeMemory } from "./whole_memory.ts";

/** Files that are held whole may take so many times the bytes of blocks: those ahead of their readers, and all. */
const WHOLE_AHEAD = 2;
const WHOLE_AWAITED = 3;

/** Memory that all cached sources share: blocks that are kept, and bytes that are under way. */
export class CacheBudget {
  readonly underWay: Semaphore;
  readonly #capacity: number;
  readonly #blocks = new Map<string, Uint8Array>();
  #used = 0;
  readonly #whole = new WholeMemory();

  /** Keeps at most `keptBytes` of blocks; at most `underWayBytes` are asked for at any time. */
  constructor(keptBytes: number, underWayBytes: number) {
    this.#capacity = keptBytes;
    this.underWay = new Semaphore(underWayBytes);
  }

  get usedBytes(): number {
    return this.#used;
  }

  /** Memory for a file that is held whole, beside the blocks; more of it for one whose reader waits. */
  takeWhole(bytes: number, isAwaited: boolean): Uint8Array | undefined {
    return this.#whole.take(bytes, this.#capacity * (isAwaited ? WHOLE_AWAITED : WHOLE_AHEAD));
  }

  giveWhole(memory: Uint8Array): void {
    this.#whole.give(memory);
  }

  get(key: string): Uint8Array | undefined {
    const block = this.#blocks.get(key);
    if (block !== undefined) {
      // The map's order is the order of use.
      this.#blocks.delete(key);
      this.#blocks.set(key, block);
    }
    return block;
  }

  has(key: string): boolean {
    return this.#blocks.has(key);
  }

  put(key: string, block: Uint8Array): void {
    this.delete(key);
    if (block.length > this.#capacity) return;
    this.#blocks.set(key, block);
    this.#used += block.length;
    for (const oldest of this.#blocks.keys()) {
      if (this.#used <= this.#capacity) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const block = this.#blocks.get(key);
    if (block === undefined) return;
    this.#blocks.delete(key);
    this.#used -= block.length;
  }
}
