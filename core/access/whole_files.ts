/**
 * Whether the files that a run opens next are worth reading whole. What was asked of those before tells: where it was
 * nearly all, a few long requests ahead of the reader cost little more bytes than its many short ones, and no waiting.
 * Before any was read, a run over many files guesses: one without a row index reads all coordinates at the least.
 */
export class WholeFiles {
  /** Of the files that were closed last. */
  readonly #shares: number[] = [];
  #guesses = 0;
  /** Files of which much was asked for on a guess before their sizes were known. */
  #firstParts = 0;

  /** A file was read to its end, and `share` of it was asked for, 0 to 1. */
  seen(share: number): void {
    this.#shares.push(share);
    if (this.#shares.length > REMEMBERED) this.#shares.shift();
  }

  /** Of the first of `expected` files nothing is known: they are, where they are few of all and not large. */
  areWorthwhile(sizeBytes: number, expected: number): boolean {
    if (this.#shares.length > 0) return this.#shares.every((share) => share >= NEARLY_ALL);
    return sizeBytes <= LARGEST_GUESS_BYTES && this.#guesses + 1 <= expected * GUESSED_SHARE;
  }

  /** Whether the next of `expected` files, of unknown size, is likely to be read whole. Asked once a file. */
  mayBegin(expected: number): boolean {
    if (this.#shares.length > 0) return this.areWorthwhile(0, expected);
    return ++this.#firstParts <= expected * GUESSED_SHARE;
  }

  /** A file is read whole because {@linkcode areWorthwhile} said so. */
  began(): void {
    if (this.#shares.length === 0) this.#guesses += 1;
  }
}

/** Reading whole files then takes a quarter more bytes at most. */
const NEARLY_ALL = 0.8;
const REMEMBERED = 8;
/** Of all files of a run so many are read whole on a guess, at most. */
const GUESSED_SHARE = 1 / 6;
const LARGEST_GUESS_BYTES = 32 * 1024 * 1024;
