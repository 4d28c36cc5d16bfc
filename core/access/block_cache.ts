/**
 * Blocks over a remote source. HDF5 reads its metadata in many small pieces: those are read in blocks and
 * kept, with read-ahead while reading goes forward. Metadata may also be scattered: in real ATL06 granules of
 * 2 to 4 MB it lies in every block of 32 kB, a hundred round trips one after the other. So a miss fetches the
 * more around it the more misses there were, within bounds. Larger ranges (chunks of data, read once) are
 * asked for exactly, neighbours merged, several in flight, and not kept.
 */
import type { CacheBudget } from "./cache_budget.ts";
import { FileImage } from "./file_image.ts";
import { checkRange } from "./range.ts";
import { copyOverlap, firstSpan, mergeRanges } from "./read_plan.ts";
import { abortError } from "./retry.ts";
import type { ByteRange, Source, SourceCounters } from "./source.ts";

export interface CacheSettings {
  blockBytes: number;
  /** Ranges this near to each other are asked for by one request; what lies between is thrown away. */
  gapBytes: number;
  /** Longer spans are cut and asked for side by side. */
  longestRequestBytes: number;
  /** A file that is read whole comes by requests of this length, so that the first of many files is there before the rest. */
  wholePartBytes: number;
  /** Read-ahead doubles while reading goes forward, up to this; so does what a miss elsewhere fetches. */
  longestReadAheadBytes: number;
  /** Misses after which the next ones fetch twice as much. */
  missesToWiden: number;
  /** Files up to this are worth fetching whole: misses in them widen without an end. */
  wholeBytes: number;
  /** In larger ones misses widen until blocks of this share of the file were fetched. */
  widenedShare: number;
}

export const DEFAULT_CACHE: Readonly<CacheSettings> = {
  blockBytes: 32 * 1024,
  gapBytes: 32 * 1024,
  longestRequestBytes: 8 * 1024 * 1024,
  wholePartBytes: 2 * 1024 * 1024,
  longestReadAheadBytes: 512 * 1024,
  missesToWiden: 2,
  wholeBytes: 4 * 1024 * 1024,
  widenedShare: 1 / 16,
};

/** A source that reads many ranges at once and counts what reached the disk or the network. */
export interface RangedSource extends Source {
  readonly counters: SourceCounters;
  /** Copies all of the file, where it is fetched whole anyway; undefined where it is not. */
  readonly readWhole?: ((memory: Uint8Array) => Promise<void>) | undefined;
  /** The bytes of every range, in their order. */
  readMany(ranges: readonly ByteRange[], signal?: AbortSignal): Promise<Uint8Array[]>;
  /** `askedBytes` were asked of a copy of the file. */
  close(askedBytes?: number): Promise<void>;
}

interface KeptBlock {
  offset: number;
  bytes: Uint8Array | Promise<Uint8Array>;
}

let sources = 0;

export class CachedSource implements RangedSource {
  readonly name: string;
  readonly sizeBytes: number;
  readonly versionTag: string | undefined;
  readonly counters: SourceCounters;
  readonly #inner: Source;
  readonly #onClose: (source: CachedSource) => void;
  readonly #budget: CacheBudget;
  readonly #settings: CacheSettings;
  readonly #prefix = `${++sources}:`;
  /** The file's first bytes, until they are kept as blocks or stand in the image. */
  #first: Uint8Array;
  readonly #kept = new Set<number>();
  readonly #coming = new Map<number, Promise<Uint8Array>>();
  /** The block after the last one asked for, and how many are asked for ahead when it comes next. */
  #next = -1;
  #ahead = 0;
  #misses = 0;
  #fetchedByBlocks = 0;
  #asked = 0;
  #image: FileImage | undefined;
  #closed = false;

  constructor(
    inner: Source,
    counters: SourceCounters,
    budget: CacheBudget,
    settings: CacheSettings = DEFAULT_CACHE,
    first: Uint8Array = new Uint8Array(0),
    onClose: (source: CachedSource) => void = () => {},
  ) {
    this.#inner = inner;
    this.#onClose = onClose;
    this.name = inner.name;
    this.sizeBytes = inner.sizeBytes;
    this.versionTag = inner.versionTag;
    this.counters = counters;
    this.#budget = budget;
    this.#settings = settings;
    this.#first = first;
  }

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    return (await this.readMany([{ offset, length }], signal))[0];
  }

  /** What is longer than a block passes by, and is not copied where the source can spare that. */
  async readInto(offset: number, memory: Uint8Array, signal?: AbortSignal): Promise<void> {
    const { length } = memory;
    if (
      this.#image !== undefined || this.#inner.readInto === undefined || length <= this.#settings.blockBytes
    ) {
      return memory.set(await this.read(offset, length, signal));
    }
    if (this.#closed) throw new Error(`${this.name}: read after close`);
    await this.#fetchInto(offset, memory, signal);
  }

  /** Ranges as they are; a single one that is no longer than a block is read like metadata. */
  async readMany(ranges: readonly ByteRange[], signal?: AbortSignal): Promise<Uint8Array[]> {
    if (signal?.aborted) throw abortError(signal);
    if (this.#closed) throw new Error(`${this.name}: read after close`);
    for (const { offset, length } of ranges) {
      checkRange(this.name, this.sizeBytes, offset, length);
      this.#asked += length;
    }
    if (this.#image === undefined) this.#keepFirst();
    const small = ranges.length === 1 && ranges[0].length <= this.#settings.blockBytes;
    const work = this.#image !== undefined
      ? this.#readImage(this.#image, ranges)
      : small
      ? this.#readBlocks(ranges[0])
      : this.#readExactly(ranges);
    return await (signal === undefined ? work : unlessAborted(work, signal));
  }

  /** How much of the file its reader has asked for, 0 to 1. */
  get askedShare(): number {
    return Math.min(1, this.#asked / Math.max(1, this.sizeBytes));
  }

  /** Whether it is small: real granules of this size have metadata in every block, and are best read whole. */
  get isSmall(): boolean {
    return this.sizeBytes <= this.#settings.wholeBytes;
  }

  /**
   * Begins to read the file whole, where there is room for it, by requests that cost less than many round trips. One whose
   * reader waits is given more room than one ahead of its reader. Says whether the file comes whole now.
   */
  warm(isAwaited: boolean): boolean {
    if (this.#image !== undefined) return true;
    const memory = this.#closed ? undefined : this.#budget.takeWhole(this.sizeBytes, isAwaited);
    if (memory === undefined) return false;
    this.#image = new FileImage(
      memory.subarray(0, this.sizeBytes),
      this.#first,
      this.#settings.wholePartBytes,
      (offset, part) => this.#fetchInto(offset, part),
      () => this.#budget.giveWhole(memory),
    );
    this.#first = new Uint8Array(0);
    return true;
  }

  get readWhole(): ((memory: Uint8Array) => Promise<void>) | undefined {
    const image = this.#image;
    if (image === undefined) return undefined;
    return async (memory) => {
      await this.#ofImage(image, () => image.copy([0], [memory]));
      // Its reader has all of it: the memory is for the next file.
      this.#giveUpImage();
    };
  }

  async close(askedBytes = 0): Promise<void> {
    this.#asked += askedBytes;
    if (!this.#closed) this.#onClose(this);
    this.#closed = true;
    this.#giveUpImage();
    for (const block of this.#kept) this.#budget.delete(this.#prefix + block);
    this.#kept.clear();
    await this.#inner.close();
  }

  #giveUpImage(): void {
    this.#image?.close();
    this.#image = undefined;
  }

  async #readImage(image: FileImage, ranges: readonly ByteRange[]): Promise<Uint8Array[]> {
    const parts = ranges.map(({ length }) => new Uint8Array(length));
    await this.#ofImage(image, () => image.copy(ranges.map(({ offset }) => offset), parts));
    return parts;
  }

  /** A file that did not come whole is read by ranges from then on. */
  async #ofImage(image: FileImage, read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      if (this.#image === image) this.#giveUpImage();
      throw error;
    }
  }

  #keepFirst(): void {
    const first = this.#first;
    this.#first = new Uint8Array(0);
    const { blockBytes } = this.#settings;
    for (let block = 0; block * blockBytes < first.length; block++) {
      const end = Math.min((block + 1) * blockBytes, this.sizeBytes);
      if (end > first.length) break;
      this.#keep(block, first.slice(block * blockBytes, end));
      this.#next = block + 1;
    }
  }

  #keep(block: number, bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#budget.put(this.#prefix + block, bytes);
    this.#kept.add(block);
  }

  async #readBlocks({ offset, length }: ByteRange): Promise<Uint8Array[]> {
    const out = new Uint8Array(length);
    if (length === 0) return [out];
    const { blockBytes } = this.#settings;
    const from = Math.floor(offset / blockBytes);
    const to = Math.floor((offset + length - 1) / blockBytes);
    let missing = -1;
    for (let block = from; block <= to + 1; block++) {
      const there = block > to || this.#known(block);
      if (!there && missing < 0) missing = block;
      if (!there || missing < 0) continue;
      const run = this.#extend(missing, block - 1);
      this.#fetchBlocks(run.from, run.to);
      missing = -1;
    }
    const wanted: (Uint8Array | Promise<Uint8Array>)[] = [];
    for (let block = from; block <= to; block++) {
      wanted.push(this.#budget.get(this.#prefix + block) ?? this.#coming.get(block)!);
    }
    // All are awaited, so that a failure of one leaves no rejection unheard.
    const blocks = await Promise.all(wanted);
    blocks.forEach((bytes, i) => {
      const at = (from + i) * blockBytes;
      copyOverlap({ offset: at, length: bytes.length }, bytes, offset, out);
    });
    return [out];
  }

  /** The blocks to ask for when `from` to `to` are missing: read-ahead, or more around a scattered miss. */
  #extend(from: number, to: number): { from: number; to: number } {
    const { blockBytes, longestReadAheadBytes, missesToWiden, wholeBytes, widenedShare } = this.#settings;
    const longest = Math.floor(longestReadAheadBytes / blockBytes);
    const forward = from === this.#next;
    this.#ahead = forward ? Math.min(longest, this.#ahead * 2 + 1) : 0;
    this.#misses += 1;
    const wide = Math.min(longest, 2 ** Math.floor((this.#misses - 1) / missesToWiden));
    const allowed = this.sizeBytes <= wholeBytes ? this.sizeBytes : this.sizeBytes * widenedShare;
    let within = wide;
    while (within > 1 && this.#fetchedByBlocks + within * blockBytes > allowed) {
      within = Math.floor(within / 2);
    }
    // A window that is aligned to its own length meets the next ones without gaps.
    let first = Math.min(from, Math.floor(from / within) * within);
    let last = Math.max(to + this.#ahead, Math.floor(from / within) * within + within - 1);
    const end = Math.floor((this.sizeBytes - 1) / blockBytes);
    last = Math.min(last, end);
    while (first < from && !this.#free(first, from)) first += 1;
    let reach = to;
    while (reach < last && !this.#known(reach + 1)) reach += 1;
    this.#next = reach + 1;
    this.#fetchedByBlocks += (reach + 1 - first) * blockBytes;
    return { from: first, to: reach };
  }

  /** Whether no block from `first` up to `before` is there or coming. */
  #free(first: number, before: number): boolean {
    for (let block = first; block < before; block++) if (this.#known(block)) return false;
    return true;
  }

  #known(block: number): boolean {
    return this.#budget.has(this.#prefix + block) || this.#coming.has(block);
  }

  /** Asks for blocks `from` to `to` by one request; each is then in `#coming` until it is kept. */
  #fetchBlocks(from: number, to: number): void {
    const { blockBytes } = this.#settings;
    const offset = from * blockBytes;
    const span = { offset, length: Math.min((to + 1) * blockBytes, this.sizeBytes) - offset };
    const run = this.#fetch(span);
    for (let block = from; block <= to; block++) {
      const start = (block - from) * blockBytes;
      const one = run.then((bytes) => {
        const own = bytes.slice(start, Math.min(start + blockBytes, bytes.length));
        this.#keep(block, own);
        return own;
      }).finally(() => this.#coming.delete(block));
      // Those that were asked for ahead have no one who waits: a failure is met when they are wanted.
      one.catch(() => undefined);
      this.#coming.set(block, one);
    }
  }

  async #readExactly(ranges: readonly ByteRange[]): Promise<Uint8Array[]> {
    const { gapBytes, longestRequestBytes } = this.#settings;
    const parts = ranges.map((range) => this.#split(range));
    const spans = mergeRanges(parts.flatMap(({ missing }) => missing), gapBytes, longestRequestBytes);
    const [fetched, kept] = await Promise.all([
      allSettledOrThrow(spans.map((span) => this.#fetch(span))),
      allSettledOrThrow(parts.map((part) => allSettledOrThrow(part.kept.map(({ bytes }) => bytes)))),
    ]);
    const uses = new Map<number, number>();
    for (const { offset } of ranges) uses.set(offset, (uses.get(offset) ?? 0) + 1);
    return ranges.map((range, i) => {
      let s = firstSpan(spans, range.offset);
      // Bytes that belong to one range alone are handed over as they are.
      if (
        spans[s]?.offset === range.offset && spans[s].length === range.length && uses.get(range.offset) === 1
      ) {
        return fetched[s];
      }
      const bytes = new Uint8Array(range.length);
      for (; s < spans.length && spans[s].offset < range.offset + range.length; s++) {
        copyOverlap(spans[s], fetched[s], range.offset, bytes);
      }
      parts[i].kept.forEach(({ offset }, k) => {
        const block = kept[i][k];
        copyOverlap({ offset, length: block.length }, block, range.offset, bytes);
      });
      return bytes;
    });
  }

  /** What of a range is kept or coming, and what has to be asked for. */
  #split({ offset, length }: ByteRange): { kept: KeptBlock[]; missing: ByteRange[] } {
    const { blockBytes } = this.#settings;
    const kept: KeptBlock[] = [];
    const missing: { offset: number; length: number }[] = [];
    const end = offset + length;
    for (let at = offset; at < end;) {
      const block = Math.floor(at / blockBytes);
      const next = Math.min(end, (block + 1) * blockBytes);
      const bytes = this.#budget.get(this.#prefix + block) ?? this.#coming.get(block);
      const last = missing.at(-1);
      if (bytes !== undefined) kept.push({ offset: block * blockBytes, bytes });
      else if (last !== undefined && last.offset + last.length === at) last.length += next - at;
      else missing.push({ offset: at, length: next - at });
      at = next;
    }
    return { kept, missing };
  }

  async #fetchInto(offset: number, memory: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (this.#inner.readInto === undefined) {
      return memory.set(await this.#fetch({ offset, length: memory.length }));
    }
    const release = await this.#budget.underWay.acquire(memory.length);
    try {
      await this.#inner.readInto(offset, memory, signal);
    } finally {
      release();
    }
  }

  async #fetch({ offset, length }: ByteRange): Promise<Uint8Array> {
    const release = await this.#budget.underWay.acquire(length);
    try {
      return await this.#inner.read(offset, length);
    } finally {
      release();
    }
  }
}

/** All results, or the first failure once every one has ended. */
async function allSettledOrThrow<T>(work: readonly (T | Promise<T>)[]): Promise<T[]> {
  const settled = await Promise.allSettled(work);
  return settled.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}

/** `work`, or the interruption if that comes first; `work` goes on for others who wait for it. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(abortError(signal));
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
