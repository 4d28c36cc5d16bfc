/**
 * A {@linkcode Source}, which must be waited for, under a reader that cannot wait: what the reader asks for
 * and has not come yet stops it, is fetched, and the reader begins again. So files of any place are read on
 * any thread, without shared memory. A step that is run must be one that may be begun again: it keeps
 * nothing of a try that was stopped.
 */
import { mapBounded } from "../concurrency.ts";
import { checkRange } from "./range.ts";
import type { ByteRange, Source, SourceCounters, SyncSource } from "./source.ts";

/** One fetch of metadata at least. */
const BLOCK_BYTES = 64 * 1024;

/** Fetches of metadata that go forward double up to this many blocks. */
const MOST_BLOCKS_AHEAD = 16;

/** Metadata may lie all over a file: in files up to this, misses after the first fetch twice as much each. */
const SCATTERED_BYTES = 4 * 1024 * 1024;
const MISSES_TO_WIDEN = 2;

/** Reads under way together, of a source that takes them one by one. */
const READS_AT_ONCE = 64;

/** Blocks of metadata that are kept between steps; a step that needs more holds them until it ends. */
const KEPT_BLOCKS = 128;

/** What stops a step: bytes that have not come yet. It must pass through all code that does not fetch. */
class BytesWanted extends Error {
  constructor(readonly missing: readonly ByteRange[]) {
    super("bytes are asked for that have not come yet");
  }
}

export class StagedSource implements SyncSource {
  readonly name: string;
  readonly sizeBytes: number;
  readonly blockBytes = BLOCK_BYTES;
  readonly counters: SourceCounters = { opens: 1, requests: 0, bytes: 0 };
  readonly #source: Source;
  readonly #blocks = new Map<number, Uint8Array>();
  /** Ranges of data that the step under way has fetched, by their place. */
  #data = new Map<string, Uint8Array>();
  #nextBlock = -1;
  #ahead = 1;
  #misses = 0;

  constructor(source: Source) {
    this.#source = source;
    this.name = source.name;
    this.sizeBytes = source.sizeBytes;
  }

  /**
   * Does one step: `work` reads this source as if all of it had come. Rejects with what `work` throws, with
   * what the source throws, and with the signal's reason.
   */
  async run<T>(work: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    const data = new Map<string, Uint8Array>();
    for (;;) {
      signal?.throwIfAborted();
      this.#data = data;
      let missing: readonly ByteRange[];
      try {
        const result = await work();
        this.#shrink();
        return result;
      } catch (error) {
        if (!(error instanceof BytesWanted)) throw error;
        missing = error.missing;
      }
      const source = this.#source;
      const fetched = source.readMany !== undefined && missing.length > 1
        ? await source.readMany(missing, signal)
        : await mapBounded(
          missing,
          READS_AT_ONCE,
          ({ offset, length }) => source.read(offset, length, signal),
        );
      missing.forEach((range, i) => this.#keep(range, fetched[i], data));
    }
  }

  read(offset: number, length: number): Uint8Array {
    checkRange(this.name, this.sizeBytes, offset, length);
    const bytes = new Uint8Array(length);
    const end = offset + length;
    for (let at = offset; at < end;) {
      const index = Math.floor(at / BLOCK_BYTES);
      const block = this.#blocks.get(index);
      if (block === undefined) throw new BytesWanted([this.#blocksFrom(index, end)]);
      const from = at - index * BLOCK_BYTES;
      const part = block.subarray(from, Math.min(block.length, from + end - at));
      bytes.set(part, at - offset);
      at += part.length;
    }
    return bytes;
  }

  readMany(ranges: readonly ByteRange[]): Uint8Array[] {
    const missing: ByteRange[] = [];
    const parts = ranges.map((range) => {
      checkRange(this.name, this.sizeBytes, range.offset, range.length);
      const held = this.#data.get(keyOf(range)) ?? this.#fromBlocks(range);
      if (held === undefined) missing.push(range);
      return held ?? new Uint8Array(0);
    });
    if (missing.length > 0) throw new BytesWanted(missing);
    // The reader may change what it is given, and a step that begins again reads it as it came.
    return parts.map((part) => part.slice());
  }

  /** A range that lies in blocks that are held. */
  #fromBlocks({ offset, length }: ByteRange): Uint8Array | undefined {
    const last = Math.floor((offset + Math.max(length, 1) - 1) / BLOCK_BYTES);
    for (let index = Math.floor(offset / BLOCK_BYTES); index <= last; index++) {
      if (!this.#blocks.has(index)) return undefined;
    }
    return this.read(offset, length);
  }

  /** Closing the source itself is the matter of its opener. */
  close(): void {
    this.#blocks.clear();
    this.#data = new Map();
  }

  /** The blocks from `index` to the one that holds the byte before `end`, more where reading goes forward. */
  #blocksFrom(index: number, end: number): ByteRange {
    this.#ahead = index === this.#nextBlock ? Math.min(this.#ahead * 2, MOST_BLOCKS_AHEAD) : 1;
    this.#misses += 1;
    const widened = this.sizeBytes <= SCATTERED_BYTES && this.#misses > MISSES_TO_WIDEN
      ? 2 ** (this.#misses - MISSES_TO_WIDEN)
      : 1;
    const needed = Math.ceil(end / BLOCK_BYTES);
    const blocks = Math.ceil(this.sizeBytes / BLOCK_BYTES);
    const most = Math.max(Math.min(blocks, index + Math.max(this.#ahead, widened)), needed);
    let last = needed;
    while (last < most && !this.#blocks.has(last)) last += 1;
    let first = index;
    while (first > 0 && last - first < widened && !this.#blocks.has(first - 1)) first -= 1;
    const offset = first * BLOCK_BYTES;
    this.#nextBlock = last;
    return { offset, length: Math.min(last * BLOCK_BYTES, this.sizeBytes) - offset };
  }

  #keep(range: ByteRange, bytes: Uint8Array, data: Map<string, Uint8Array>): void {
    this.counters.requests += 1;
    this.counters.bytes += bytes.length;
    const first = range.offset / BLOCK_BYTES;
    const whole = Number.isInteger(first) &&
      (range.length % BLOCK_BYTES === 0 || range.offset + range.length === this.sizeBytes);
    if (whole) {
      for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
        this.#blocks.set(first + at / BLOCK_BYTES, bytes.subarray(at, at + BLOCK_BYTES));
      }
    }
    data.set(keyOf(range), bytes);
  }

  #shrink(): void {
    this.#data = new Map();
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= KEPT_BLOCKS) break;
      this.#blocks.delete(oldest);
    }
  }
}

function keyOf({ offset, length }: ByteRange): string {
  return `${offset}:${length}`;
}
