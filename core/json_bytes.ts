/** JSON as bytes, in memory that is used again: of long lists of numbers no text is made. */

/** Digits of the largest whole number that is written, a comma, and some. */
const MOST_DIGITS = 20;

export class JsonBytes {
  #bytes = new Uint8Array(4096);
  #length = 0;

  /** Adds a text of characters below 128, as it is. */
  ascii(text: string): void {
    this.#room(text.length);
    encoder.encodeInto(text, this.#bytes.subarray(this.#length));
    this.#length += text.length;
  }

  /** Adds `values[from .. to)`, whole numbers of `less` and above, each less that, as a list. */
  wholes(values: ArrayLike<number>, from = 0, to = values.length, less = 0): void {
    this.#room(2);
    this.#bytes[this.#length++] = OPEN;
    for (let i = from; i < to; i++) {
      this.#room(MOST_DIGITS);
      if (i > from) this.#bytes[this.#length++] = COMMA;
      this.#whole(values[i] - less);
    }
    this.#room(1);
    this.#bytes[this.#length++] = CLOSE;
  }

  /** All that was added, until more is. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  #whole(value: number): void {
    const bytes = this.#bytes;
    let end = this.#length + 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) end += 1;
    this.#length = end;
    for (let rest = value; end > 0; rest = Math.floor(rest / 10)) {
      bytes[--end] = ZERO + rest % 10;
      if (rest < 10) return;
    }
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const wider = new Uint8Array(2 * (this.#length + more));
    wider.set(this.view());
    this.#bytes = wider;
  }
}

const encoder = new TextEncoder();

const [OPEN, CLOSE, COMMA, ZERO] = encoder.encode("[],0");
