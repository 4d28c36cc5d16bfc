/** Decoded blocks of stores, within a budget of bytes: those that were used last are kept. */
import type { BlockCache } from "../../core/store/cell_values.ts";

export class StoreBlocks implements BlockCache {
  readonly #blocks = new Map<string, Float64Array>();
  #used = 0;

  constructor(readonly capacityBytes: number) {}

  get usedBytes(): number {
    return this.#used;
  }

  get(key: string): Float64Array | undefined {
    const block = this.#blocks.get(key);
    if (block === undefined) return undefined;
    // The map's order is the order of use.
    this.#blocks.delete(key);
    this.#blocks.set(key, block);
    return block;
  }

  put(key: string, block: Float64Array): void {
    const former = this.#blocks.get(key);
    if (former !== undefined) this.#used -= former.byteLength;
    this.#blocks.delete(key);
    if (block.byteLength > this.capacityBytes) return;
    this.#blocks.set(key, block);
    this.#used += block.byteLength;
    for (const [oldest, { byteLength }] of this.#blocks) {
      if (this.#used <= this.capacityBytes) break;
      this.#blocks.delete(oldest);
      this.#used -= byteLength;
    }
  }
}
