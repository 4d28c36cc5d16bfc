/** Fetches ranges of data: neighbours by one request, and what will be read soon all at once. */
import type { ByteRange, SyncSource } from "../../../catalog/access/source.ts";

/** Ranges this near to each other are fetched by one request. */
const GAP_BYTES = 4096;

/** The longest request that ranges are joined to. */
const JOINED_BYTES = 8 << 20;

/** Bytes that are fetched ahead and held; what would pass it is fetched when it is read. */
const AHEAD_BYTES = 64 << 20;

/** The data of one file, by range. */
export class Fetcher {
  readonly #source: SyncSource;
  readonly #ahead = new Map<number, Uint8Array>();

  constructor(source: SyncSource) {
    this.#source = source;
  }

  /** Fetches ranges that will be asked for soon; a remote source then has all of them in flight together. */
  ahead(ranges: readonly ByteRange[]): void {
    this.#ahead.clear();
    const chosen: ByteRange[] = [];
    let held = 0;
    for (const range of ranges) {
      held += range.length;
      if (held > AHEAD_BYTES) break;
      chosen.push(range);
    }
    const parts = this.#fetch(chosen);
    chosen.forEach(({ offset }, i) => this.#ahead.set(offset, parts[i]!));
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
      const fetched = this.#fetch(missing.map((i) => ranges[i]!));
      missing.forEach((at, i) => parts[at] = fetched[i]!);
    }
    return parts;
  }

  #fetch(ranges: readonly ByteRange[]): Uint8Array[] {
    const order = ranges.map((_, i) => i).sort((a, b) => ranges[a]!.offset - ranges[b]!.offset);
    const requests: { offset: number; length: number }[] = [];
    const within = new Uint32Array(ranges.length);
    for (const i of order) {
      const { offset, length } = ranges[i]!;
      const last = requests.at(-1);
      const joined = last ? Math.max(last.length, offset + length - last.offset) : 0;
      if (last && offset - (last.offset + last.length) <= GAP_BYTES && joined <= JOINED_BYTES) {
        last.length = joined;
      } else requests.push({ offset, length });
      within[i] = requests.length - 1;
    }
    const bytes = this.#source.readMany(requests);
    return ranges.map(({ offset, length }, i) => {
      const from = offset - requests[within[i]!]!.offset;
      return bytes[within[i]!]!.subarray(from, from + length);
    });
  }
}
