/**
 * Packed tiles of a file that is being made, held in memory up to a budget and in a scratch file beyond it.
 * What is written first in a cloud-optimized file is made last, so all tiles wait here.
 */
import fs from "node:fs";
import { writeAllSync, writeError } from "../../files/atomic.ts";
import { type Packed, packedLength } from "./compress.ts";

/** Where a packed tile is: at hand, or in the scratch file. */
type Held = Packed | { readonly offset: number; readonly length: number };

/** Chunks of the scratch file that are read back at once. */
const READ_BYTES = 4 * 1024 * 1024;

export class TileStore {
  readonly #levels: (Held | null)[][];
  readonly #scratch: string;
  readonly #budgetBytes: number;
  #heldBytes = 0;
  #file: number | undefined;
  #fileBytes = 0;

  /** `tiles` are the counts of each level; `scratch` is a file that is made when the budget is passed. */
  constructor(tiles: readonly number[], scratch: string, budgetBytes: number) {
    this.#levels = tiles.map((count) => new Array<Held | null>(count).fill(null));
    this.#scratch = scratch;
    this.#budgetBytes = budgetBytes;
  }

  /** Keeps a packed tile; one that is never put is an empty one. */
  put(level: number, index: number, packed: Packed): void {
    this.#levels[level][index] = packed;
    this.#heldBytes += packedLength(packed);
    if (this.#heldBytes > this.#budgetBytes) this.#spill();
  }

  /** Lengths of a level's packed tiles in bytes, 0 for empty ones. */
  lengths(level: number): Uint32Array {
    return Uint32Array.from(this.#levels[level], (held) => held === null ? 0 : lengthOf(held));
  }

  /** The packed tiles of a level that are not empty, in their order. */
  *read(level: number): Iterable<Packed> {
    const tiles = this.#levels[level];
    let chunk: Uint8Array = new Uint8Array(0), chunkStart = 0;
    for (const held of tiles) {
      if (held === null) continue;
      if (isAtHand(held)) {
        yield held;
        continue;
      }
      const { offset, length } = held;
      if (offset < chunkStart || offset + length > chunkStart + chunk.length) {
        chunk = this.#readScratch(offset, Math.max(length, Math.min(READ_BYTES, this.#fileBytes - offset)));
        chunkStart = offset;
      }
      yield [chunk.subarray(offset - chunkStart, offset - chunkStart + length)];
    }
  }

  /** Ends the scratch file. */
  close(): void {
    if (this.#file === undefined) return;
    fs.closeSync(this.#file);
    this.#file = undefined;
    fs.rmSync(this.#scratch, { force: true });
  }

  #spill(): void {
    try {
      this.#file ??= fs.openSync(this.#scratch, "wx+", 0o600);
      for (const tiles of this.#levels) {
        for (let i = 0; i < tiles.length; i++) {
          const held = tiles[i];
          if (held === null || !isAtHand(held)) continue;
          for (const part of held) writeAllSync(this.#file, part);
          const length = packedLength(held);
          tiles[i] = { offset: this.#fileBytes, length };
          this.#fileBytes += length;
        }
      }
      this.#heldBytes = 0;
    } catch (error) {
      throw writeError(this.#scratch, error);
    }
  }

  #readScratch(offset: number, length: number): Uint8Array {
    const file = this.#file;
    if (file === undefined) throw new Error(`${this.#scratch}: is closed`);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const read = fs.readSync(file, bytes, done, length - done, offset + done);
      if (read === 0) throw new Error(`${this.#scratch}: ends at byte ${offset + done}`);
      done += read;
    }
    return bytes;
  }
}

function isAtHand(held: Held): held is Packed {
  return Array.isArray(held);
}

function lengthOf(held: Held): number {
  return isAtHand(held) ? packedLength(held) : held.length;
}
