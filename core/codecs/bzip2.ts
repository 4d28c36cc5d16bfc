/**
 * bzip2 (its file format, as the bzip2 1.0.8 manual and its free description have it): HDF5's filter 307.
 * Blocks are Huffman-coded, moved to the front, and sorted by Burrows and Wheeler; each has a checksum.
 */
import { CodecFault } from "./bytes.ts";

const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
const MOST_BITS = 20;
const GROUP_SYMBOLS = 50;

/** Bits of bytes, the highest first. */
class Bits {
  #at = 0;
  #held = 0;
  #count = 0;
  constructor(private readonly bytes: Uint8Array) {}

  bit(): number {
    if (this.#count === 0) {
      if (this.#at === this.bytes.length) throw new CodecFault("ends too early");
      this.#held = this.bytes[this.#at++];
      this.#count = 8;
    }
    this.#count -= 1;
    return this.#held >> this.#count & 1;
  }

  /** A number of up to 48 bits. */
  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }
}

/** A code by the lengths of its symbols: of each length the first code, how many there are, and the symbols. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

/** The bytes of a stream, `size` of them. @throws CodecFault */
export function unpackBzip2(input: Uint8Array, size: number): Uint8Array {
  const bits = new Bits(input);
  const level = bits.read(24) === 0x425a68 ? bits.read(8) - 0x30 : 0;
  if (level < 1 || level > 9) throw new CodecFault("is no bzip2 data");
  const out = new Uint8Array(size);
  const sorted = new Uint32Array(100_000 * level);
  let at = 0;
  for (;;) {
    const magic = bits.read(48);
    const checksum = bits.read(32);
    if (magic === END_MAGIC) break;
    if (magic !== BLOCK_MAGIC) throw new CodecFault("has a damaged block");
    if (bits.bit() === 1) throw new CodecFault("has a randomised block, which writers of today do not make");
    const origin = bits.read(24);
    const count = readSorted(bits, sorted);
    if (origin >= count) throw new CodecFault("has a damaged block");
    const begin = at;
    at = unsort(sorted, count, origin, out, at);
    if (crcOf(out.subarray(begin, at)) !== checksum) throw new CodecFault("fails its checksum (bzip2)");
  }
  if (at !== size) throw new CodecFault(`makes ${at} bytes (wanted ${size})`);
  return out;
}

/** The block's last column, in the low bytes of `sorted`; returns its length. */
function readSorted(bits: Bits, sorted: Uint32Array): number {
  const used = readUsed(bits);
  const codes = bits.read(3);
  const groups = bits.read(15);
  if (used.length === 0 || codes < 2 || codes > 6 || groups === 0) {
    throw new CodecFault("has a damaged block");
  }
  const selectors = readSelectors(bits, groups, codes);
  const symbols = used.length + 2;
  const tables = Array.from({ length: codes }, () => readCode(bits, symbols));
  const front = used;
  let count = 0;
  let [run, weight] = [0, 1];
  for (let group = 0, left = 0, code = tables[0];;) {
    if (left === 0) {
      if (group === groups) throw new CodecFault("has a damaged block");
      code = tables[selectors[group++]];
      left = GROUP_SYMBOLS;
    }
    left -= 1;
    const symbol = readSymbol(bits, code);
    if (symbol < 2) {
      run += weight << symbol;
      weight *= 2;
      if (run > sorted.length) throw new CodecFault("has a block that is too long");
      continue;
    }
    if (run > 0) {
      if (count + run > sorted.length) throw new CodecFault("has a block that is too long");
      sorted.fill(front[0], count, count + run);
      count += run;
      [run, weight] = [0, 1];
    }
    if (symbol === symbols - 1) return count;
    if (count === sorted.length) throw new CodecFault("has a block that is too long");
    const place = symbol - 1;
    const byte = front[place];
    front.copyWithin(1, 0, place);
    front[0] = byte;
    sorted[count++] = byte;
  }
}

/** The bytes that occur in the block, ascending. */
function readUsed(bits: Bits): Uint8Array {
  const rows = bits.read(16);
  const used: number[] = [];
  for (let row = 0; row < 16; row++) {
    if ((rows >> (15 - row) & 1) === 0) continue;
    const columns = bits.read(16);
    for (let column = 0; column < 16; column++) {
      if ((columns >> (15 - column) & 1) === 1) used.push(16 * row + column);
    }
  }
  return Uint8Array.from(used);
}

/** Which code each group of symbols is written in. */
function readSelectors(bits: Bits, groups: number, codes: number): Uint8Array {
  const front = Uint8Array.from({ length: codes }, (_, i) => i);
  return Uint8Array.from({ length: groups }, () => {
    let place = 0;
    while (bits.bit() === 1) if (++place >= codes) throw new CodecFault("has a damaged block");
    const code = front[place];
    front.copyWithin(1, 0, place);
    return front[0] = code;
  });
}

function readCode(bits: Bits, symbols: number): Code {
  const lengths = new Uint8Array(symbols);
  const counts = new Uint16Array(MOST_BITS + 1);
  let length = bits.read(5);
  for (let symbol = 0; symbol < symbols; symbol++) {
    while (bits.bit() === 1) {
      length += bits.bit() === 0 ? 1 : -1;
      if (length < 1 || length > MOST_BITS) throw new CodecFault("has a damaged code");
    }
    if (length < 1 || length > MOST_BITS) throw new CodecFault("has a damaged code");
    lengths[symbol] = length;
    counts[length] += 1;
  }
  const order = Array.from(lengths.keys()).sort((a, b) => lengths[a] - lengths[b] || a - b);
  return { counts, symbols: Uint16Array.from(order) };
}

function readSymbol(bits: Bits, { counts, symbols }: Code): number {
  let [code, first, index] = [0, 0, 0];
  for (let length = 1; length <= MOST_BITS; length++) {
    code |= bits.bit();
    const count = counts[length];
    if (code - first < count) return symbols[index + code - first];
    index += count;
    first = first + count << 1;
    code <<= 1;
  }
  throw new CodecFault("has a damaged code");
}

/** Undoes the sorting, and the runs that went before it; returns the end of what is written. */
function unsort(sorted: Uint32Array, count: number, origin: number, out: Uint8Array, at: number): number {
  const starts = new Uint32Array(257);
  for (let i = 0; i < count; i++) starts[(sorted[i] & 255) + 1] += 1;
  for (let byte = 0; byte < 256; byte++) starts[byte + 1] += starts[byte];
  for (let i = 0; i < count; i++) sorted[starts[sorted[i] & 255]++] |= i << 8;
  let place = sorted[origin] >>> 8;
  let [last, repeats] = [-1, 0];
  for (let i = 0; i < count; i++) {
    const entry = sorted[place];
    place = entry >>> 8;
    const byte = entry & 255;
    const copies = repeats === 4 ? byte : 1;
    if (at + copies > out.length) throw new CodecFault("makes more than it states");
    if (repeats === 4) {
      out.fill(last, at, at + copies);
      [last, repeats] = [-1, 0];
    } else {
      out[at] = byte;
      repeats = byte === last ? repeats + 1 : 1;
      last = byte;
    }
    at += copies;
  }
  return at;
}

const CRC = Uint32Array.from({ length: 256 }, (_, i) => {
  let value = i << 24;
  for (let k = 0; k < 8; k++) value = value << 1 ^ (value < 0 ? 0x04c11db7 : 0);
  return value;
});

/** The checksum of a block: CRC-32 with the highest bit first. */
function crcOf(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = crc << 8 ^ CRC[(crc >>> 24) ^ byte];
  return ~crc >>> 0;
}
