/**
 * Successive 64-bit integers as a zstd frame (RFC 8878) that is written without a search for repetitions: where they
 * lie is known. 4,096 cell ids take 518 bytes, where a search finds 4,200 and costs more than that of nine variables.
 *
 * The first 256 integers differ from the one before in their lowest byte: a literal, and 7 bytes copied from 8 back.
 * In each following 256 only the second byte is new to who looks 256 integers back: a literal, which is the same in all
 * of them, and 7 bytes copied from 2,048 back, to the lowest byte of the next integer. So frames of as many integers
 * differ where bytes of the first one stand, and only there.
 */

/** Integers that differ in no byte but the lowest. */
const GROUP = 256;
const ID_BYTES = 8;
/** What is copied for each: all bytes but the literal. */
const COPIED = ID_BYTES - 1;
/** Integers of which all bytes above the second are equal. */
const MOST = 65_536;

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** Of the frame's header: content of one segment, whose size follows in 4 bytes. */
const SINGLE_SEGMENT = 0xa0;
const RAW_BLOCK = 0;
const COMPRESSED_BLOCK = 2;
const RAW_LITERALS = 0;
const RLE_LITERALS = 1;
/** Of the codes of sequences: each of the three has one value throughout, which is stated and takes no bits. */
const ALL_RLE = 0x54;
/** The shortest copy, whose code is 0. */
const LEAST_MATCH = 3;
/** An offset as it is coded: the one of the copy before, or `n + 3` for n bytes back. */
const SAME_OFFSET = 1;
const offsetBack = (bytes: number): number => bytes + 3;

/** Whether {@linkcode packSuccessive} takes `count` integers from `first`. */
export function isSuccessive(first: bigint, count: number): boolean {
  const low = Number(first % BigInt(MOST));
  return count >= 2 * GROUP && count % GROUP === 0 && low % GROUP === 0 && low + count <= MOST;
}

/** The frame of `first`, `first + 1`, … as little-endian integers of 64 bits. */
export function packSuccessive(first: bigint, count: number): Uint8Array {
  if (!isSuccessive(first, count)) throw new RangeError(`${count} integers from ${first} are not packed so`);
  if (template?.count !== count) template = { count, ...frameFromZero(count) };
  const frame = template.frame.slice();
  const bytes = new Uint8Array(BigUint64Array.of(first).buffer);
  for (const { at, byte } of template.places) frame[at] += bytes[byte];
  return frame;
}

/** A frame, and where bytes of the first integer are to be added, by their numbers in it. */
interface Template {
  frame: Uint8Array;
  places: Place[];
}

interface Place {
  at: number;
  byte: number;
}

/** What was packed last: nearly all chunks of a store have one size. */
let template: (Template & { count: number }) | undefined;

function frameFromZero(count: number): Template {
  const groups = count / GROUP;
  const writer = new FrameWriter(count * ID_BYTES);
  writer.raw([0, 0, 0, 0, 0, 0, 0, 0, 1], [0, 1, 2, 3, 4, 5, 6, 7]);
  writer.copies({ literals: [], copies: 1, offset: offsetBack(ID_BYTES) });
  const lowest = Array.from({ length: GROUP - 2 }, (_, i) => i + 2);
  writer.copies({ literals: lowest, copies: lowest.length, offset: SAME_OFFSET });
  writer.raw([0, 1], [0, 1]);
  writer.copies({ literals: [], copies: 1, offset: offsetBack(GROUP * ID_BYTES) });
  for (let group = 1; group < groups; group++) {
    // Of the first of these groups an integer is copied already; behind the last there is no next one.
    const copies = GROUP - (group === 1 ? 1 : 0) - (group === groups - 1 ? 1 : 0);
    writer.copies({ literals: group, copies, offset: SAME_OFFSET });
  }
  writer.raw([groups - 1, 0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7], true);
  return writer.finish();
}

/** Copies of one offset: each after one literal, or, where there are none, after none. */
interface Copies {
  /** Of each copy, or one for all of them, to which the second byte of the first integer is added. */
  literals: readonly number[] | number;
  copies: number;
  offset: number;
}

class FrameWriter {
  readonly #bytes: number[] = [...MAGIC, SINGLE_SEGMENT];
  readonly #places: Place[] = [];

  constructor(contentBytes: number) {
    this.#number(contentBytes, 4);
  }

  /** A block of bytes as they are; to the first of them bytes of the first integer are added. */
  raw(bytes: readonly number[], added: readonly number[], last = false): void {
    this.#number((bytes.length << 3) | (RAW_BLOCK << 1) | (last ? 1 : 0), 3);
    added.forEach((byte, i) => this.#places.push({ at: this.#bytes.length + i, byte }));
    this.#bytes.push(...bytes);
  }

  /** A block of copies. */
  copies({ literals, copies, offset }: Copies): void {
    const start = this.#bytes.length;
    this.#number(0, 3); // the header, when the size is known
    if (typeof literals === "number") {
      this.#literalsHeader(RLE_LITERALS, copies);
      this.#places.push({ at: this.#bytes.length, byte: 1 });
      this.#bytes.push(literals);
    } else {
      this.#literalsHeader(RAW_LITERALS, literals.length);
      this.#bytes.push(...literals);
    }
    if (copies < 128) this.#bytes.push(copies);
    else this.#bytes.push((copies >> 8) + 128, copies & 255);
    const literalsACopy = typeof literals !== "number" && literals.length === 0 ? 0 : 1;
    const offsetCode = 31 - Math.clz32(offset);
    this.#bytes.push(ALL_RLE, literalsACopy, offsetCode, COPIED - LEAST_MATCH);
    // The bits of a single offset under the mark of the stream's end, which together are the offset itself.
    this.#number(offset, (offsetCode >> 3) + 1);
    const header = ((this.#bytes.length - start - 3) << 3) | (COMPRESSED_BLOCK << 1);
    for (let i = 0; i < 3; i++) this.#bytes[start + i] = (header >> (8 * i)) & 255;
  }

  #literalsHeader(type: number, size: number): void {
    if (size < 32) this.#number((size << 3) | type, 1);
    else this.#number((size << 4) | 4 | type, 2);
  }

  #number(value: number, bytes: number): void {
    for (let i = 0; i < bytes; i++) this.#bytes.push((value >>> (8 * i)) & 255);
  }

  finish(): Template {
    return { frame: Uint8Array.from(this.#bytes), places: this.#places };
  }
}
