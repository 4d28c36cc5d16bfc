/**
 * How many requests one host is given at the same time, by what it makes of them. While all that are allowed are under
 * way, more are tried, and kept where the host then carries more; else the number goes back. A host that asks for
 * fewer (429, 503) gets half as many. So it stays low where the line is full, and rises where every request only waits.
 */

/** A request costs a server about as much as so many bytes. */
const REQUEST_BYTES = 64 * 1024;
/** Growth that is worth it. */
const BETTER = 1.1;
const GROWTH = 1.5;
/** A round lasts so long, and after each place was used twice. */
const ROUND_MS = 100;
/** Rounds after a try that brought nothing, or after the host asked for less, before the next. */
const REST_ROUNDS = 8;

export class AdaptiveLimit {
  readonly #most: number;
  #allowed: number;
  /** What was allowed before the try that is under way; 0 where there is none. */
  #before = 0;
  /** Work a second at that. */
  #rate = 0;
  #rest = 0;
  #cutAt = -Infinity;
  /** The round: since when, requests, those that ended while no place was free, and their work. */
  #since: number | undefined;
  #ended = 0;
  #full = 0;
  #work = 0;

  /** Begins at `start` and never passes `most`; times are milliseconds of any clock. */
  constructor(start: number, most: number) {
    this.#most = Math.max(1, most);
    this.#allowed = Math.min(Math.max(1, start), this.#most);
  }

  get allowed(): number {
    return this.#allowed;
  }

  /** A request ended that moved `bytes`; `full` where no place was free while it was under way. */
  ended(now: number, bytes: number, full: boolean): void {
    if (this.#since === undefined) {
      this.#since = now;
      return;
    }
    this.#ended += 1;
    this.#full += full ? 1 : 0;
    this.#work += bytes + REQUEST_BYTES;
    const elapsed = now - this.#since;
    if (elapsed < ROUND_MS || this.#ended < 2 * this.#allowed) return;
    if (this.#full * 2 >= this.#ended) this.#compare(this.#work / elapsed);
    this.#begin(now);
  }

  /** The host asked for fewer requests, in answer to one that began at `startedAt`. */
  throttled(now: number, startedAt: number): void {
    // Those that were under way at the last cut say the same thing once more.
    if (startedAt < this.#cutAt) return;
    this.#cutAt = now;
    this.#allowed = Math.max(1, Math.floor(this.#allowed / 2));
    this.#before = 0;
    this.#rest = REST_ROUNDS;
    this.#begin(now);
  }

  #begin(now: number): void {
    this.#since = now;
    this.#ended = 0;
    this.#full = 0;
    this.#work = 0;
  }

  #compare(rate: number): void {
    if (this.#rest > 0) {
      this.#rest -= 1;
      return;
    }
    if (this.#before > 0 && rate < this.#rate * BETTER) {
      this.#allowed = this.#before;
      this.#before = 0;
      this.#rest = REST_ROUNDS;
      return;
    }
    const more = Math.min(this.#most, Math.ceil(this.#allowed * GROWTH));
    this.#before = more > this.#allowed ? this.#allowed : 0;
    this.#rate = rate;
    this.#allowed = more;
  }
}
