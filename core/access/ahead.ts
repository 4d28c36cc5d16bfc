/**
 * Opening ahead: a run knows which files it will open, and in which order. While some are read, the next are
 * opened, and small ones read whole, so that their latency is not waited for.
 */
import type { CachedSource } from "./block_cache.ts";
import type { SourceLocation } from "./location.ts";

/** Files that are opened and not yet asked for. */
const FILES_AHEAD = 8;

export class Ahead {
  readonly #open: (location: SourceLocation) => Promise<CachedSource>;
  readonly #depth: number;
  #list: SourceLocation[] = [];
  #next = 0;
  readonly #waiting = new Map<string, Promise<CachedSource>>();
  /** Of those that wait, the ones that are open. */
  readonly #opened = new Map<string, CachedSource>();
  readonly #taken = new Set<string>();
  #expected = new Set<string>();

  /** `open` opens a source and begins to read what will surely be needed of it. */
  constructor(open: (location: SourceLocation) => Promise<CachedSource>, depth: number = FILES_AHEAD) {
    this.#open = open;
    this.#depth = depth;
  }

  /** Whether a location is in the list: then it is opened to be read whole. */
  expects(location: SourceLocation): boolean {
    return this.#expected.size > 0 && this.#expected.has(keyOf(location));
  }

  /** How many locations the list has. */
  get expectedCount(): number {
    return this.#expected.size;
  }

  /** Replaces the list of what will be opened, and opens the first. What is open already and not in it is kept until `close`. */
  expect(locations: readonly SourceLocation[]): void {
    this.#list = locations.filter(({ kind }) => kind !== "local");
    this.#expected = new Set(this.#list.map(keyOf));
    this.#next = 0;
    this.#taken.clear();
    this.fill();
  }

  /** The source that was opened ahead, which is then the caller's; undefined where there is none. */
  take(location: SourceLocation): Promise<CachedSource> | undefined {
    const key = keyOf(location);
    const source = this.#waiting.get(key);
    this.#waiting.delete(key);
    this.#opened.delete(key);
    // Its turn to be opened may be to come.
    if (this.#next < this.#list.length) this.#taken.add(key);
    return source;
  }

  /** Opens the next ones, as many as may wait. To be called when one was taken. */
  fill(): void {
    while (this.#waiting.size < this.#depth && this.#next < this.#list.length) {
      const location = this.#list[this.#next++];
      const key = keyOf(location);
      if (this.#taken.delete(key) || this.#waiting.has(key)) continue;
      const source = this.#open(location);
      this.#waiting.set(key, source);
      source.then((opened) => {
        if (this.#waiting.get(key) === source) this.#opened.set(key, opened);
      }, () => {/* A failure is met by the one who takes it. */});
    }
    if (this.#next >= this.#list.length) this.#taken.clear();
  }

  /** Those that are open and not taken yet, in the order of their opening. */
  eachOpened(visit: (source: CachedSource) => void): void {
    this.#opened.forEach((source) => visit(source));
  }

  /** Closes what was not taken. */
  async close(): Promise<void> {
    this.#list = [];
    this.#expected.clear();
    const left = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#opened.clear();
    // One that could not be opened has nothing to close, and its reason is no longer needed.
    await Promise.allSettled(left.map(async (source) => (await source).close()));
  }
}

function keyOf({ kind, url, s3 }: SourceLocation): string {
  return JSON.stringify([kind, url, s3 ?? null]);
}
