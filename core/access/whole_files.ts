/**
 * Whether the files that a run opens next are worth reading whole. What was asked of those before tells: where it was
 * nearly all, a few long requests ahead of the reader cost little more bytes than its many short ones, and no waiting.
 */
export class WholeFiles {
  /** Of the files that were closed last. */
  readonly #shares: number[] = [];

  /** A file was read to its end, and `share` of it was asked for, 0 to 1. */
  seen(share: number): void {
    this.#shares.push(share);
    if (this.#shares.length > REMEMBERED) this.#shares.shift();
  }

  get areWorthwhile(): boolean {
    return this.#shares.length > 0 && this.#shares.every((share) => share >= NEARLY_ALL);
  }
}

/** Reading whole files then takes a quarter more bytes at most. */
const NEARLY_ALL = 0.8;
const REMEMBERED = 8;
