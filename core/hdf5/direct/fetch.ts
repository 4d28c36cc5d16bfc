/** Fetches ranges of data: neighbours by one request, and what will be read soon all at once. */
import type { ByteRange, SyncSource } from "../../access/source.ts";

/** Ranges this near to each other are fetched by one request. */
const GAP_BYTES = 4096;

/** The longest request that ranges are joined to. */
const JOINED_BYTES = 8 << 20;

/** Bytes that are fetched ahead and held; what would pass it is fetched when it is read. */
const AHEAD_BYTES = 64 << 20;

/** Memory of closed files for the next ones: pages that are touched already cost nothing. */
const idle: Uint8Array[] = [];

/** The data of one file, by range. */
export class Fetcher {
  readonly #source: SyncSource;
  #memory: Uint8Array | undefined;
  readonly #ahead = new Map<number, Uint8Array>();

  constructor(source: SyncSource) {
    this.#source = source;
  }

  /**
   * Fetches ranges that will be asked for soon; a remote source then has all of them in flight together. What is held of
   * them is not fetched again; where none is, what else is held is given up for them.
   */
  ahead(ranges: readonly ByteRange[]): void {
    const missing = ranges.filter(({ offset, length }) => this.#ahead.get(offset)?.length !== length);
    if (missing.length === 0) return;
    const isFresh = missing.length === ranges.length;
    if (isFresh) this.#ahead.clear();
    const chosen: ByteRange[] = [];
    let held = 0;
    for (const range of missing) {
      held += range.length;
      if (held > AHEAD_BYTES) break;
      chosen.push(range);
    }
    const parts = this.#fetch(chosen, isFresh);
    chosen.forEach(({ offset }, i) => this.#ahead.set(offset, parts[i]));
  }

  /** The bytes of each range. What was fetched ahead is given once. */
  read(ranges: readonly ByteRange[]): Uint8Array[] {
    const parts = new Array<Uint8Array>(ranges.length);
    const missing: number[] = [];
    ranges.forEach(({ offset, length }, i) => {
      const held = this.#ahead.get(offset);
      if (held?.length === length) {
        parts[i] = held;
        this.#ahead.delete(offset);
      } else missing.push(i);
    });
    if (missing.length > 0) {
      const fetched = this.#fetch(missing.map((i) => ranges[i]), false);
      missing.forEach((at, i) => parts[at] = fetched[i]);
    }
    return parts;
  }

  /** Ends the use of what was fetched ahead. */
  close(): void {
    this.#ahead.clear();
    if (this.#memory !== undefined) idle.push(this.#memory);
    this.#memory = undefined;
  }

  /**
   * Memory for `bytes` and a little more, in place of what was used before: nobody who reads into it holds all of it, and
   * gives it back as his own.
   */
  #reserve(bytes: number): Uint8Array {
    this.#memory ??= idle.pop();
    if (this.#memory === undefined || this.#memory.length <= bytes) {
      this.#memory = new Uint8Array(Math.ceil(bytes * 1.25));
    }
    return this.#memory;
  }

  /** `own` reads into this fetcher's memory, where the source can; what stood there is gone then. */
  #fetch(ranges: readonly ByteRange[], own: boolean): Uint8Array[] {
    const order = ranges.map((_, i) => i).sort((a, b) => ranges[a].offset - ranges[b].offset);
    const requests: { offset: number; length: number }[] = [];
    const within = new Uint32Array(ranges.length);
    for (const i of order) {
      const { offset, length } = ranges[i];
      const last = requests.at(-1);
      const joined = last ? Math.max(last.length, offset + length - last.offset) : 0;
      if (last && offset - (last.offset + last.length) <= GAP_BYTES && joined <= JOINED_BYTES) {
        last.length = joined;
      } else requests.push({ offset, length });
      within[i] = requests.length - 1;
    }
    const total = requests.reduce((sum, { length }) => sum + length, 0);
    const bytes = own && this.#source.readManyInto !== undefined
      ? this.#source.readManyInto(requests, this.#reserve(total))
      : this.#source.readMany(requests);
    return ranges.map(({ offset, length }, i) => {
      const from = offset - requests[within[i]].offset;
      return bytes[within[i]].subarray(from, from + length);
    });
  }
}
