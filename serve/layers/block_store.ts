/** Decoded blocks of all files together, within a budget of bytes: those that were used last are kept. */
import type { GridValues } from "../../core/raster/grid.ts";

/** One band of one block of a level. */
export interface Block {
  readonly values: GridValues;
  /** 0 where the file masks a cell; null for none. */
  readonly mask: Uint8Array | null;
}

export class BlockStore {
  readonly #blocks = new Map<string, Block>();
  #used = 0;
  hits = 0;
  misses = 0;

  constructor(readonly capacityBytes: number) {}

  get usedBytes(): number {
    return this.#used;
  }

  get(key: string): Block | undefined {
    const block = this.#blocks.get(key);
    if (block === undefined) {
      this.misses += 1;
      return undefined;
    }
    this.hits += 1;
    // The map's order is the order of use.
    this.#blocks.delete(key);
    this.#blocks.set(key, block);
    return block;
  }

  put(key: string, block: Block): void {
    this.delete(key);
    const bytes = bytesOf(block);
    if (bytes > this.capacityBytes) return;
    this.#blocks.set(key, block);
    this.#used += bytes;
    for (const oldest of this.#blocks.keys()) {
      if (this.#used <= this.capacityBytes) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const block = this.#blocks.get(key);
    if (block === undefined) return;
    this.#blocks.delete(key);
    this.#used -= bytesOf(block);
  }
}

function bytesOf({ values, mask }: Block): number {
  return values.byteLength + (mask?.byteLength ?? 0);
}
