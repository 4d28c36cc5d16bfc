/** The literals of a zstd block (RFC 8878, sections 3.1.1.3.1 and 4.2): as they are, or by Huffman codes. */
import {
  bitsBefore,
  clearCoder,
  CODER_BYTES,
  firstState,
  kindsOf,
  makeCoder,
  stateBefore,
  tableLog,
  writeTable,
} from "./finite_state";
import { total } from "./lanes";

/** The longest code. */
const LONGEST: i32 = 11;
const SYMBOLS: usize = 256;
/** Of weights, which are 0 to {@linkcode LONGEST}. */
const WEIGHTS: usize = 12;

/** Of cells that were seen, by some of their bits, the last. */
const SEEN_BITS: i32 = 10, SEEN_BYTES: usize = 4 << SEEN_BITS;
/**
 * Counts of bytes in four lists, which are one in the end, and cells that were seen; then codes: a byte's code, and from
 * bit 16 on its length; and what is stated of that.
 */
const COUNTS: usize = 0, SEEN: usize = 4096, CODES: usize = SEEN + SEEN_BYTES, STATED: usize = CODES + 1024;
/** Bytes by how often they come, the rarest first; how often, and then their codes' lengths; how many codes have a length. */
const SORTED: usize = STATED + 256, LENGTHS: usize = SORTED + 528, OF_LENGTH: usize = LENGTHS + 1040;
const CODER: usize = OF_LENGTH + 64;
export const LITERALS_BYTES: usize = CODER + CODER_BYTES + 15 & ~15;

/** In {@linkcode SORTED}: all rare bytes as one. */
const RARE: u32 = 256;
/** Where bytes come fewer times than this on average, how often each rare one does is mostly chance. */
const MEAN_OF_CHANCE: i32 = 24;
const LEAST_RARE: i32 = 8;

/** Fewer are not worth a table. */
const LEAST: i32 = 64;
/** From so many on they stand in four streams, which are read side by side. */
const LEAST_OF_FOUR: i32 = 256;

/** So many different first bytes, or half as many as cells, do not let cells repeat much. */
const MANY: i32 = 16;

/**
 * Writes the section of `count` literals at `from`, cells of 4 bytes; returns its end. Returns 0 where first bytes, a
 * number's last digits, repeat, or whole cells that take many bits: then a search finds more than there is in codes.
 */
export function writeLiterals(to: usize, from: usize, count: i32, scratch: usize): usize {
  const repeated = countBytes(from, count, scratch);
  if (kindsUpTo(scratch, count) < min(MANY, count >> 3)) return 0;
  addCounts(scratch);
  let end: usize = count >= LEAST ? writeCoded(to, from, count, scratch) : 0;
  if (end == 0 || <i32>(end - to) >= count) end = writeRaw(to, from, count);
  return isForSearch(repeated, equalNeighbours(from, count), count >> 2, <i32>(end - to)) ? 0 : end;
}

/**
 * Whether a search makes less than `bytes` of so many cells, most likely: where five in eight repeat one before them, and
 * have more than 16 bits each; or where those that equal their neighbour take more than the 20 bits that each copy does.
 */
function isForSearch(repeated: i32, neighbours: i32, cells: i32, bytes: i32): bool {
  if (8 * repeated > 5 * cells && bytes > 2 * cells) return true;
  return 8 * <i64>bytes * neighbours > 20 * <i64>cells * (cells - neighbours);
}

/** How many cells equal the one before them. */
function equalNeighbours(from: usize, count: i32): i32 {
  const end = from + count;
  let at = from + 4, equal = 0;
  for (; at + 16 <= end; at += 16) {
    equal += <i32>popcnt(i32x4.bitmask(i32x4.eq(v128.load(at), v128.load(at - 4))));
  }
  for (; at < end; at += 4) equal += i32(load<u32>(at) == load<u32>(at - 4));
  return equal;
}

function writeRaw(to: usize, from: usize, count: i32): usize {
  if (count < 32) {
    store<u8>(to++, <u8>(count << 3));
  } else if (count < 4096) {
    store<u16>(to, <u16>(count << 4 | 1 << 2));
    to += 2;
  } else {
    store<u32>(to, count << 4 | 3 << 2);
    to += 3;
  }
  memory.copy(to, from, count);
  return to + count;
}

/** Returns 0 where it cannot be, as of bytes that are all the same. */
function writeCoded(to: usize, from: usize, count: i32, scratch: usize): usize {
  const kinds = kindsUpTo(scratch, count);
  if (kinds < 2) return 0;
  const most = count < MEAN_OF_CHANCE * kinds ? rareCount(scratch, count / kinds) : 0;
  const rare = most == 0 ? 0 : kindsUpTo(scratch, most);
  if (rare < LEAST_RARE) makeLengths(scratch, 0, 0);
  else makeLengths(scratch, most, rare);
  makeCodes(scratch);
  const isFour = count >= LEAST_OF_FOUR;
  const sizeBytes: usize = !isFour || count < 1024 ? 3 : count < 16384 ? 4 : 5;
  const start = to + sizeBytes;
  let at = writeLengths(start, scratch);
  if (at == 0) return 0;
  if (isFour) {
    const part = (count + 3) >> 2, sizes = at;
    at += 6;
    for (let i = 0; i < 4; i++) {
      const begin = at;
      at = writeStream(at, from + i * part, i == 3 ? count - 3 * part : part, scratch + CODES);
      if (i < 3) store<u16>(sizes + (i << 1), <u16>(at - begin));
    }
  } else {
    at = writeStream(at, from, count, scratch + CODES);
  }
  const size = <u64>(at - start);
  // Both sizes have as many bits.
  const width: u64 = sizeBytes == 3 ? 10 : sizeBytes == 4 ? 14 : 18;
  if (size >> width != 0) return 0;
  const format: u64 = !isFour ? 0 : width == 10 ? 1 : width == 14 ? 2 : 3;
  const header = 2 | format << 2 | <u64>count << 4 | size << (4 + width);
  store<u8>(to, <u8>header);
  store<u16>(to, <u16>(header >> 8), 1);
  if (sizeBytes > 3) store<u8>(to, <u8>(header >> 24), 3);
  if (sizeBytes > 4) store<u8>(to, <u8>(header >> 32), 4);
  return at;
}

/**
 * Counts the first bytes of cells, the second ones, and so on, each in a list of its own. Returns how many cells are as one
 * before them, of those that share a place among the seen the last.
 */
function countBytes(from: usize, count: i32, scratch: usize): i32 {
  memory.fill(scratch + COUNTS, 0, SEEN + SEEN_BYTES);
  let repeated = 0;
  for (const end = from + count; from < end; from += 4) {
    const cell = load<u32>(from);
    const seen = scratch + (<usize>(cell * 0x9e3779b1 >> (32 - SEEN_BITS)) << 2);
    repeated += i32(load<u32>(seen, SEEN) == cell);
    store<u32>(seen, cell, SEEN);
    countByte(scratch, cell & 255);
    countByte(scratch + 1024, cell >> 8 & 255);
    countByte(scratch + 2048, cell >> 16 & 255);
    countByte(scratch + 3072, cell >> 24);
  }
  return repeated;
}

/** Adds all lists to the first. */
function addCounts(scratch: usize): void {
  for (let byte: usize = scratch; byte < scratch + 1024; byte += 16) {
    const all = i32x4.add(
      i32x4.add(v128.load(byte), v128.load(byte, 1024)),
      i32x4.add(v128.load(byte, 2048), v128.load(byte, 3072)),
    );
    v128.store(byte, all);
  }
}

@inline
function countByte(counts: usize, byte: u32): void {
  const at = counts + (<usize>byte << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** How many bytes come at all, and at most so many times. */
function kindsUpTo(counts: usize, most: i32): i32 {
  const none = i32x4.splat(0), limit = i32x4.splat(most);
  let kinds = none;
  for (let at = counts; at < counts + 1024; at += 16) {
    const many = v128.load(at);
    kinds = i32x4.sub(kinds, v128.and(i32x4.gt_s(many, none), i32x4.le_s(many, limit)));
  }
  return total(kinds);
}

/** How many times bytes of such counts come in all. */
function sumUpTo(counts: usize, most: i32): i32 {
  const limit = i32x4.splat(most);
  let sum = i32x4.splat(0);
  for (let at = counts; at < counts + 1024; at += 16) {
    const many = v128.load(at);
    sum = i32x4.add(sum, v128.and(many, i32x4.le_s(many, limit)));
  }
  return total(sum);
}

/** At most twice the mean of those that come so rarely, from the mean of all on. */
function rareCount(counts: usize, mean: i32): i32 {
  let most = 2 * mean + 1;
  for (let i = 0; i < 3; i++) {
    const kinds = kindsUpTo(counts, most);
    if (kinds == 0) return 0;
    most = 2 * sumUpTo(counts, most) / kinds + 1;
  }
  return most;
}

/**
 * Finds the lengths of codes. Bytes that come at most `most` times, `rare` of them, have one length or the next:
 * what they would save otherwise is less than it takes to state them.
 */
function makeLengths(scratch: usize, most: i32, rare: i32): void {
  const codes = scratch + CODES;
  // Of a tree of equal leaves the lower ones.
  const under = rare == 0 ? 0 : 31 - clz(rare), shorter = (2 << under) - rare;
  let together: u32 = rare == 0 ? 0 : sumUpTo(scratch, most), shared: u32 = 0;
  for (;; together *= 2) {
    const kinds = sortBytes(scratch, most, together);
    if (kinds == 1) break; // all are rare
    findLengths(scratch + LENGTHS, kinds);
    limitLengths(scratch + LENGTHS, kinds);
    for (let i = 0; i < kinds; i++) {
      const byte: u32 = load<u16>(scratch + SORTED + (<usize>i << 1)), length = word(scratch + LENGTHS, i);
      if (byte == RARE) shared = length;
      else store<u32>(codes + (<usize>byte << 2), length << 16);
    }
    if (<i32>shared + under + i32(shorter < rare) <= LONGEST) break;
  }
  let seen = 0;
  for (let byte: usize = 0; byte < SYMBOLS; byte++) {
    const count: i32 = load<u32>(scratch + (byte << 2));
    if (count > most) continue;
    let length = 0;
    if (count > 0) length = shared + under + i32(seen++ >= shorter);
    store<u32>(codes + (byte << 2), length << 16);
  }
}

/**
 * Lists the bytes that come more than `most` times, and all others as one that comes `together` times where that is not 0,
 * the rarest first, and how often they do; returns how many there are.
 */
function sortBytes(scratch: usize, most: i32, together: u32): i32 {
  let kinds = 0;
  if (together > 0) insert(scratch, kinds++, RARE, together);
  for (let byte: u32 = 0; byte < SYMBOLS; byte++) {
    const count = word(scratch, byte);
    if (<i32>count > most) insert(scratch, kinds++, byte, count);
  }
  return kinds;
}

/** Into the first `kinds` of the list. */
function insert(scratch: usize, kinds: i32, byte: u32, count: u32): void {
  let place = scratch + LENGTHS + (<usize>kinds << 2), symbol = scratch + SORTED + (<usize>kinds << 1);
  for (; place > scratch + LENGTHS && load<u32>(place - 4) > count; place -= 4, symbol -= 2) {
    store<u32>(place, load<u32>(place - 4));
    store<u16>(symbol, load<u16>(symbol - 2));
  }
  store<u32>(place, count);
  store<u16>(symbol, <u16>byte);
}

/**
 * Weights, ascending, become the lengths of their codes, where they stand (Moffat and Katajainen 1995, In-place calculation of
 * minimum-redundancy codes).
 */
function findLengths(weights: usize, count: i32): void {
  let root = 0, leaf = 2;
  setWord(weights, 0, word(weights, 0) + word(weights, 1));
  for (let next = 1; next < count - 1; next++) {
    let sum: u32 = 0;
    for (let i = 0; i < 2; i++) {
      if (leaf >= count || (root < next && word(weights, root) < word(weights, leaf))) {
        sum += word(weights, root);
        setWord(weights, root++, next);
      } else {
        sum += word(weights, leaf++);
      }
    }
    setWord(weights, next, sum);
  }
  setWord(weights, count - 2, 0);
  for (let next = count - 3; next >= 0; next--) {
    setWord(weights, next, word(weights, word(weights, next)) + 1);
  }
  let depth = 0, free = 1, next = count - 1;
  root = count - 2;
  while (free > 0) {
    let used = 0;
    for (; root >= 0 && word(weights, root) == depth; root--) used++;
    for (; free > used; free--) setWord(weights, next--, depth);
    free = 2 * used;
    depth++;
  }
}

/** No code is longer than may be; codes of these lengths, which descend, use all that there is. */
function limitLengths(lengths: usize, count: i32): void {
  const most = 1 << LONGEST;
  let used = 0;
  for (let i = 0; i < count; i++) {
    const length = min(word(lengths, i), LONGEST);
    setWord(lengths, i, length);
    used += most >> length;
  }
  for (let i = 0; used > most; i++) {
    for (let length = word(lengths, i); length < <u32>LONGEST && used > most; length++) {
      setWord(lengths, i, length + 1);
      used -= most >> (length + 1);
    }
  }
  while (used < most) {
    for (let i = count - 1; i >= 0 && used < most; i--) {
      const length = word(lengths, i), more = most >> length;
      if (length > 1 && used + more <= most) {
        setWord(lengths, i, length - 1);
        used += more;
      }
    }
  }
}

/**
 * Codes of one length follow each other by their bytes, those of a shorter one the longer ones (section 4.2.1.3). What is
 * stated of a length is 0 of a byte that does not come, else the more, the shorter the code.
 */
function makeCodes(scratch: usize): void {
  const codes = scratch + CODES, next = scratch + OF_LENGTH, coder = scratch + CODER;
  memory.fill(next, 0, 64);
  for (let byte: usize = 0; byte < SYMBOLS; byte++) {
    const length = load<u32>(codes + (byte << 2)) >> 16;
    setWord(next, length, word(next, length) + 1);
  }
  clearCoder(coder);
  setWord(coder, 0, word(next, 0));
  let first: u32 = 0, longest = 0;
  for (let length = LONGEST; length > 0; length--) {
    const many = word(next, length);
    if (longest == 0 && many > 0) longest = length;
    if (longest > 0) setWord(coder, longest + 1 - length, many);
    setWord(next, length, first);
    first = (first + many) >> 1;
  }
  for (let byte: usize = 0; byte < SYMBOLS; byte++) {
    const code = load<u32>(codes + (byte << 2)), length = code >> 16;
    const value = word(next, length);
    setWord(next, length, value + 1);
    store<u32>(codes + (byte << 2), code | value & 0xffff);
    store<u8>(scratch + byte, length == 0 ? 0 : <u8>(longest + 1 - length), STATED);
  }
}

/** States the codes by their weights (section 4.2.1): of all bytes below the greatest, whose own follows from them. */
function writeLengths(to: usize, scratch: usize): usize {
  const weights = scratch + STATED, coder = scratch + CODER;
  let last: i32 = <i32>SYMBOLS - 1;
  while (load<u8>(weights + last) == 0) last--;
  // Not stated: the last one, and those after it, which do not come.
  setWord(coder, 0, word(coder, 0) - (<i32>SYMBOLS - 1 - last));
  const own = load<u8>(weights + last);
  setWord(coder, own, word(coder, own) - 1);
  let end: usize = 0;
  const kinds = kindsOf(coder);
  if (kinds > 1 && last > 2) end = writeWeights(to + 1, weights, last, coder, kinds);
  const size = <i32>(end - to) - 1, direct = (last + 1) >> 1;
  if (end != 0 && size < 128 && (last > 128 || size < direct)) {
    store<u8>(to, <u8>size);
    return end;
  }
  if (last > 128) return 0;
  store<u8>(to, <u8>(127 + last));
  store<u8>(weights + last, 0);
  for (let byte = 0; byte < last; byte += 2) {
    store<u8>(to + 1 + (byte >> 1), load<u8>(weights + byte) << 4 | load<u8>(weights + byte, 1));
  }
  return to + 1 + direct;
}

/** Weights by two states in turn (section 4.2.1.2). */
function writeWeights(to: usize, weights: usize, count: i32, coder: usize, kinds: i32): usize {
  const log = min(6, tableLog(count, kinds));
  makeCoder(coder, WEIGHTS, log, count);
  to = writeTable(to, coder, log);
  let bits: u64 = 0, used: u32 = 0;
  // Weights at even places are one state's, those at odd places the other's.
  let one = firstState(coder, load<u8>(weights + count - 1));
  let other = firstState(coder, load<u8>(weights + count - 2));
  for (let at = weights + count - 3; at >= weights; at--) {
    const symbol: u32 = load<u8>(at), width = bitsBefore(coder, symbol, one);
    bits |= <u64>(one & ((1 << width) - 1)) << used;
    used += width;
    const state = stateBefore(coder, symbol, one, width);
    one = other;
    other = state;
    if (used >= 32) {
      store<u32>(to, <u32>bits);
      to += 4;
      bits >>= 32;
      used -= 32;
    }
  }
  // `other` is the state that was made last: the first weight's, which is read first.
  const mask = (1 << log) - 1;
  bits |= <u64>(one & mask) << used;
  used += log;
  bits |= <u64>(other & mask) << used;
  used += log;
  return endBits(to, bits, used);
}

/** A stream is read from its end, where its last bit is set. */
@inline
export function endBits(to: usize, bits: u64, count: u32): usize {
  store<u64>(to, bits | <u64>1 << count);
  return to + (count >> 3) + 1;
}

/** Codes of bytes, the last byte's first. */
function writeStream(to: usize, from: usize, length: i32, codes: usize): usize {
  let bits: u64 = 0, count: u64 = 0, at = from + length;
  for (; at >= from + 4; at -= 4) {
    const bytes = load<u32>(at - 4);
    const a = load<u32>(codes + (<usize>(bytes >> 24) << 2)), b = load<u32>(codes + (<usize>(bytes >> 16 & 255) << 2));
    const c = load<u32>(codes + (<usize>(bytes >> 8 & 255) << 2)), d = load<u32>(codes + (<usize>(bytes & 255) << 2));
    bits |= <u64>(a & 0xffff) << count;
    count += a >> 16;
    bits |= <u64>(b & 0xffff) << count;
    count += b >> 16;
    bits |= <u64>(c & 0xffff) << count;
    count += c >> 16;
    bits |= <u64>(d & 0xffff) << count;
    count += d >> 16;
    store<u64>(to, bits);
    to += <usize>(count >> 3);
    bits >>= count & ~7;
    count &= 7;
  }
  for (; at > from; at--) {
    const code = load<u32>(codes + (<usize>load<u8>(at - 1) << 2));
    bits |= <u64>(code & 0xffff) << count;
    count += code >> 16;
  }
  return endBits(to, bits, <u32>count);
}

@inline
function word(at: usize, i: i32): u32 {
  return load<u32>(at + (<usize>i << 2));
}

@inline
function setWord(at: usize, i: i32, value: u32): void {
  store<u32>(at + (<usize>i << 2), value);
}
