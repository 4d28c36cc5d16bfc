/**
 * Very many ascending lists of row numbers in little memory: each number as its distance from the one before, seven
 * bits a byte (LEB128), in chained blocks. Lists grow side by side, in one pass over rows.
 */

/** Bytes of a block; the place of the next one stands at its end. */
const BLOCK_BYTES = 64;
const DATA_BYTES = BLOCK_BYTES - 4;
/** Memory comes in parts of 2^22 bytes; places count through all of them, below 2^32. */
const PART_BITS = 22;
const PART_BYTES = 1 << PART_BITS;

/** What is known of a list, side by side: its first block, where its next byte goes, its last row, its length. */
const STATE = 4;
const FIRST = 0, NEXT = 1, LAST = 2, LENGTH = 3;

export class RowLists {
  readonly #parts: Uint8Array[] = [];
  /** The same bytes, for the places of blocks. */
  readonly #words: Uint32Array[] = [];
  #states = new Uint32Array(1024 * STATE);
  #end = 0;

  /** How many there are. */
  size = 0;

  get sizeBytes(): number {
    return this.#parts.length * PART_BYTES;
  }

  /** Adds a list of one row and returns its number. */
  add(row: number): number {
    const list = this.size++;
    if (list * STATE === this.#states.length) {
      const wider = new Uint32Array(this.#states.length * 2);
      wider.set(this.#states);
      this.#states = wider;
    }
    const block = this.#newBlock();
    this.#states.set([block, block, 0, 0], list * STATE);
    this.#put(list * STATE, row);
    return list;
  }

  /** Puts `row` at the end of a list, unless it stands there. Rows of a list must come ascending. */
  append(list: number, row: number): void {
    const states = this.#states;
    const state = list * STATE;
    const gap = row - states[state + LAST];
    if (gap <= 0) return;
    const at = states[state + NEXT];
    if (gap > 127 || (at & (BLOCK_BYTES - 1)) === DATA_BYTES) return this.#put(state, gap);
    // Most rows: one byte, in a block that has room.
    this.#parts[at >>> PART_BITS][at & (PART_BYTES - 1)] = gap;
    states[state + NEXT] = at + 1;
    states[state + LAST] = row;
    states[state + LENGTH] += 1;
  }

  length(list: number): number {
    return this.#states[list * STATE + LENGTH];
  }

  /** Writes a list into `rows` from `offset` on. */
  read(list: number, rows: Uint32Array, offset: number): void {
    const end = offset + this.length(list);
    let at = this.#states[list * STATE + FIRST];
    let part = this.#parts[at >>> PART_BITS];
    let place = at & (PART_BYTES - 1);
    for (let row = 0, shift = 0; offset < end;) {
      if ((place & (BLOCK_BYTES - 1)) === DATA_BYTES) {
        at = this.#words[at >>> PART_BITS][place >>> 2];
        part = this.#parts[at >>> PART_BITS];
        place = at & (PART_BYTES - 1);
      }
      const byte = part[place++];
      row += (byte & 127) << shift;
      shift += 7;
      if (byte > 127) continue;
      rows[offset++] = row;
      shift = 0;
    }
  }

  #put(state: number, gap: number): void {
    const states = this.#states;
    states[state + LAST] += gap;
    states[state + LENGTH] += 1;
    let at = states[state + NEXT];
    for (let left = gap;; left >>>= 7) {
      if ((at & (BLOCK_BYTES - 1)) === DATA_BYTES) {
        const block = this.#newBlock();
        this.#words[at >>> PART_BITS][(at & (PART_BYTES - 1)) >>> 2] = block;
        at = block;
      }
      this.#parts[at >>> PART_BITS][at & (PART_BYTES - 1)] = left > 127 ? left & 127 | 128 : left;
      at += 1;
      if (left < 128) break;
    }
    states[state + NEXT] = at;
  }

  #newBlock(): number {
    if (this.#end === this.sizeBytes) {
      const part = new ArrayBuffer(PART_BYTES);
      this.#parts.push(new Uint8Array(part));
      this.#words.push(new Uint32Array(part));
    }
    const block = this.#end;
    this.#end += BLOCK_BYTES;
    return block;
  }
}
