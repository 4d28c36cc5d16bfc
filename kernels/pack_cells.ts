import {
  bitsBefore,
  clearCoder,
  CODER_BYTES,
  countOf,
  countSymbol,
  firstState,
  kindsOf,
  makeCoder,
  stateBefore,
  tableLog,
  writeTable,
} from "./finite_state";
import { endBits, LITERALS_BYTES, writeLiterals } from "./huffman_literals";

/**
 * Of the memory that calls work in: codes of literals, lengths and offsets; which cells are set, a bit each, and which were
 * in the call before; lengths of sequences and offsets of their copies; literals; the section of sequences.
 */
const LENGTHS_CODER: usize = LITERALS_BYTES, MATCHES_CODER: usize = LENGTHS_CODER + CODER_BYTES;
const OFFSETS_CODER: usize = MATCHES_CODER + CODER_BYTES;
const MOST_CELLS: usize = 16384, CELL_BYTES: i32 = 4;
/** Before the mask stand how many cells there were, how many sequences, and how long their section is. */
const MASK: usize = (OFFSETS_CODER + CODER_BYTES + 15 & ~15) + 16;
const NEW_MASK: usize = MASK + MOST_CELLS / 8 + 16;
const SEQUENCES: usize = NEW_MASK + MOST_CELLS / 8 + 16;
const SEQUENCE_BYTES: usize = 12;
const SECTION: usize = SEQUENCES + (MOST_CELLS / 2 + 1) * SEQUENCE_BYTES;
/** Of the section, for which each sequence takes at most 10 bytes. */
const LITERALS: usize = SECTION + MOST_CELLS / 2 * 10 + 1024;
/** How much memory calls need, zero before the first of them. */
export const PACK_BYTES: usize = LITERALS + MOST_CELLS * CELL_BYTES + 64;

/** Of fewer sequences it is chance that they are alike. */
const LEAST_OF_GRID: i32 = 16;

/** Fewer literals are packed as fast by others, and no worse. */
const LEAST_LITERALS: i32 = 128;

const MAGIC: u32 = 0xfd2fb528;
/** One segment, whose size follows in 4 bytes. */
const SINGLE_SEGMENT: u8 = 0xa0;
const HEADER_BYTES: usize = 9, BLOCK_HEADER_BYTES: usize = 3;
/** The last block, and a compressed one. */
const LAST_COMPRESSED: u32 = 1 | 2 << 1;
const ONE_VALUE: u8 = 1, OWN_TABLE: u8 = 2;
const LEAST_MATCH: u32 = 3;
/** Of lengths and of offsets, at most. */
const CODES: usize = 56;
/** An offset as it is stated: one of the last three, or 3 more than it is. */
const SAME: u32 = 1, SECOND: u32 = 2, THIRD: u32 = 3, OTHER: u32 = 3;

/**
 * A zstd frame (RFC 8878) of `count` cells of 4 bytes at `cells`, most of which equal `fill`: at `to`, where there is room
 * for three times as many bytes as the cells take. Returns its length; 0 where it is for others to pack: too many or too few cells
 * are set, or bytes repeat in them that a search would find. At most 16,384 cells, for which calls share
 * {@linkcode PACK_BYTES} of memory at `scratch`.
 *
 * Runs of fill are the only copies, each of an earlier one, and all other bytes literals; so nothing is searched for. Where
 * the same cells are set as in the call before, as of another variable, sequences are the same too.
 */
export function packCells(to: usize, cells: usize, count: i32, fill: u32, scratch: usize): i32 {
  const set = markCells(cells, count, fill, scratch + NEW_MASK);
  if (set > count >> 1 || set * CELL_BYTES < LEAST_LITERALS) return 0;
  const known = scratch + MASK;
  if (!isMask(known, scratch + NEW_MASK, count)) {
    memory.copy(known, scratch + NEW_MASK, <usize>(count + 63 >> 6 << 3) + 8);
    store<i32>(known - 12, count);
    const sequences = listSequences(count, scratch);
    store<i32>(known - 8, sequences);
    const end = writeSequences(scratch + SECTION, sequences, scratch);
    store<i32>(known - 4, <i32>(end - scratch - SECTION));
  }
  const section = load<i32>(known - 4);
  if (section == 0) return 0;
  const literals = gatherLiterals(cells, count * CELL_BYTES, scratch);
  store<u32>(to, MAGIC);
  store<u8>(to, SINGLE_SEGMENT, 4);
  store<u32>(to, count * CELL_BYTES, 5);
  const block = to + HEADER_BYTES, content = block + BLOCK_HEADER_BYTES;
  let end = writeLiterals(content, scratch + LITERALS, literals, scratch);
  if (end == 0) return 0;
  memory.copy(end, scratch + SECTION, section);
  end += section;
  // A block must be shorter than what it holds.
  if (<i32>(end - content) >= count * CELL_BYTES) return 0;
  const header = LAST_COMPRESSED | <u32>(end - content) << 3;
  store<u16>(block, <u16>header);
  store<u8>(block, <u8>(header >> 16), 2);
  return <i32>(end - to);
}

/** Whether the same cells were set in the call before. */
@inline
function isMask(known: usize, mask: usize, count: i32): bool {
  if (load<i32>(known - 12) != count) return false;
  const end = mask + <usize>(count + 63 >> 6 << 3);
  for (; mask < end; mask += 8, known += 8) {
    if (load<u64>(mask) != load<u64>(known)) return false;
  }
  return true;
}

/** Sets a bit of `mask` for every cell that is not the fill; behind the last cell bits are 0. Returns how many there are. */
function markCells(cells: usize, count: i32, fill: u32, mask: usize): i32 {
  const empty = i32x4.splat(fill);
  let set = 0;
  for (let first = 0; first < count; first += 64, mask += 8, cells += 256) {
    const many = min(64, count - first);
    let bits: u64 = 0;
    let i = 0;
    for (; i + 16 <= many; i += 16) {
      const at = cells + (<usize>i << 2);
      const low = i16x8.narrow_i32x4_s(i32x4.ne(v128.load(at), empty), i32x4.ne(v128.load(at, 16), empty));
      const high = i16x8.narrow_i32x4_s(i32x4.ne(v128.load(at, 32), empty), i32x4.ne(v128.load(at, 48), empty));
      bits |= <u64>i8x16.bitmask(i8x16.narrow_i16x8_s(low, high)) << i;
    }
    for (; i < many; i++) bits |= u64(load<u32>(cells + (<usize>i << 2)) != fill) << i;
    store<u64>(mask, bits);
    set += <i32>popcnt(bits);
  }
  store<u64>(mask, 0);
  return set;
}

/**
 * Lists the sequences: of each the length of its literals, that of its copy less {@linkcode LEAST_MATCH}, and the offset as
 * it is stated. Returns how many there are.
 *
 * A run of fill is copied from where the one before was, as many cells back, as long as fill stands there; else from the
 * begin of the longest run so far, for that lasts longest. Where none is as long its first cell is a literal, of which the
 * others are copied.
 */
function listSequences(count: i32, scratch: usize): i32 {
  const mask = scratch + MASK;
  let sequence = scratch + SEQUENCES;
  // Of copies in cells: the last three, as a reader knows them; none of these is a run's at the begin.
  let back = 0, second = 0, third = 0;
  let longest = 0, longestAt = 0;
  let start = 0, from = 0;
  while (from < count) {
    const first = nextFill(mask, from, count), end = nextSet(mask, first, count), run = end - first;
    from = end;
    if (run == 0) break;
    let at = first, stated = SAME;
    if (!isFill(mask, first - back, back, run)) {
      if (isFill(mask, first - second, second, run)) {
        stated = SECOND;
      } else if (isFill(mask, first - third, third, run)) {
        stated = THIRD;
      } else if (run <= longest && run > 1) {
        stated = OTHER + (first - longestAt) * CELL_BYTES;
      } else if (run > 2) {
        at++;
        stated = back == 1 ? SAME : second == 1 ? SECOND : third == 1 ? THIRD : OTHER + CELL_BYTES;
      } else {
        continue;
      }
    }
    if (stated != SAME) {
      const cells = stated == SECOND ? second : stated == THIRD ? third : at > first ? 1 : first - longestAt;
      if (stated != SECOND) third = second;
      second = back;
      back = cells;
    }
    if (run > longest) {
      longest = run;
      longestAt = first;
    }
    store<u32>(sequence, (at - start) * CELL_BYTES);
    store<u32>(sequence, (end - at) * CELL_BYTES - LEAST_MATCH, 4);
    store<u32>(sequence, stated, 8);
    sequence += SEQUENCE_BYTES;
    start = end;
  }
  return <i32>((sequence - scratch - SEQUENCES) / SEQUENCE_BYTES);
}

/** Whether `run` cells from `at` are fill, `back` cells before where they are copied to. */
@inline
function isFill(mask: usize, at: i32, back: i32, run: i32): bool {
  return back >= run && at >= 0 && nextSet(mask, at, at + run) == at + run;
}

/** Copies what no sequence does to one place; returns how many bytes it is. */
@inline
function gatherLiterals(cells: usize, bytes: i32, scratch: usize): i32 {
  let literal = scratch + LITERALS, at = cells, sequence = scratch + SEQUENCES;
  const end = sequence + <usize>load<i32>(scratch + MASK - 8) * SEQUENCE_BYTES;
  for (; sequence < end; sequence += SEQUENCE_BYTES) {
    const length = load<u32>(sequence);
    for (let i: usize = 0; i < length; i += 16) v128.store(literal + i, v128.load(at + i));
    literal += length;
    at += length + load<u32>(sequence, 4) + LEAST_MATCH;
  }
  const rest = cells + bytes - at;
  memory.copy(literal, at, rest);
  return <i32>(literal + rest - scratch - LITERALS);
}

@inline
function nextSet(mask: usize, from: i32, count: i32): i32 {
  return next(mask, from, count, 0);
}

@inline
function nextFill(mask: usize, from: i32, count: i32): i32 {
  return next(mask, from, count, ~0);
}

@inline
function next(mask: usize, from: i32, count: i32, turned: u64): i32 {
  if (from >= count) return count;
  let word = from >> 6;
  let bits = (load<u64>(mask + (<usize>word << 3)) ^ turned) >> (from & 63);
  if (bits != 0) return min(count, from + <i32>ctz(bits));
  for (word++; word << 6 < count; word++) {
    bits = load<u64>(mask + (<usize>word << 3)) ^ turned;
    if (bits != 0) return min(count, (word << 6) + <i32>ctz(bits));
  }
  return count;
}

/**
 * The section of sequences (section 3.1.1.3.2); returns its end. Writes none where there are none, or many of which all but
 * the first have as many literals, as those of regular grids: then parts of cells repeat with the fill that follows them,
 * which a search finds.
 */
function writeSequences(to: usize, count: i32, scratch: usize): usize {
  if (count == 0) return to;
  const first = scratch + SEQUENCES, end = first + <usize>count * SEQUENCE_BYTES;
  const lengths = scratch + LENGTHS_CODER, matches = scratch + MATCHES_CODER, offsets = scratch + OFFSETS_CODER;
  clearCoder(lengths);
  clearCoder(matches);
  clearCoder(offsets);
  for (let at = first; at < end; at += SEQUENCE_BYTES) {
    countSymbol(lengths, lengthCode(load<u32>(at)));
    countSymbol(matches, matchCode(load<u32>(at, 4)));
    countSymbol(offsets, 31 - clz(load<u32>(at, 8)));
  }
  const lengthKinds = kindsOf(lengths), matchKinds = kindsOf(matches), offsetKinds = kindsOf(offsets);
  const same = countOf(lengths, lengthCode(load<u32>(end - SEQUENCE_BYTES)));
  if (count >= LEAST_OF_GRID && same >= count - 1) return to;
  if (count < 128) {
    store<u8>(to++, <u8>count);
  } else {
    store<u8>(to, <u8>((count >> 8) + 128));
    store<u8>(to, <u8>count, 1);
    to += 2;
  }
  store<u8>(to++, modeOf(lengthKinds) << 6 | modeOf(offsetKinds) << 4 | modeOf(matchKinds) << 2);
  const lengthLog = tableLog(count, lengthKinds), matchLog = tableLog(count, matchKinds);
  const offsetLog = tableLog(count, offsetKinds);
  to = writeCodes(to, lengths, lengthLog, count, lengthKinds, lengthCode(load<u32>(first)));
  to = writeCodes(to, offsets, offsetLog, count, offsetKinds, 31 - clz(load<u32>(first, 8)));
  to = writeCodes(to, matches, matchLog, count, matchKinds, matchCode(load<u32>(first, 4)));

  let bits: u64 = 0, used: u64 = 0;
  let lengthState: u32 = 0, matchState: u32 = 0, offsetState: u32 = 0;
  for (let at = end - SEQUENCE_BYTES; at >= first; at -= SEQUENCE_BYTES) {
    const length = load<u32>(at), match = load<u32>(at, 4), offset = load<u32>(at, 8);
    const lengthSymbol = lengthCode(length), matchSymbol = matchCode(match), offsetSymbol = 31 - clz(offset);
    if (at == end - SEQUENCE_BYTES) {
      if (offsetKinds > 1) offsetState = firstState(offsets, offsetSymbol);
      if (matchKinds > 1) matchState = firstState(matches, matchSymbol);
      if (lengthKinds > 1) lengthState = firstState(lengths, lengthSymbol);
    } else {
      if (offsetKinds > 1) {
        const width = bitsBefore(offsets, offsetSymbol, offsetState);
        bits |= <u64>(offsetState & ((1 << width) - 1)) << used;
        used += width;
        offsetState = stateBefore(offsets, offsetSymbol, offsetState, width);
      }
      if (matchKinds > 1) {
        const width = bitsBefore(matches, matchSymbol, matchState);
        bits |= <u64>(matchState & ((1 << width) - 1)) << used;
        used += width;
        matchState = stateBefore(matches, matchSymbol, matchState, width);
      }
      if (lengthKinds > 1) {
        const width = bitsBefore(lengths, lengthSymbol, lengthState);
        bits |= <u64>(lengthState & ((1 << width) - 1)) << used;
        used += width;
        lengthState = stateBefore(lengths, lengthSymbol, lengthState, width);
      }
    }
    const lengthBits = restOfLength(length), matchBits = restOfMatch(match);
    bits |= <u64>(length & ((1 << lengthBits) - 1)) << used;
    used += lengthBits;
    store<u64>(to, bits);
    to += <usize>(used >> 3);
    bits >>= used & ~7;
    used &= 7;
    bits |= <u64>(match & ((1 << matchBits) - 1)) << used;
    used += matchBits;
    bits |= <u64>(offset & ((1 << offsetSymbol) - 1)) << used;
    used += offsetSymbol;
    store<u64>(to, bits);
    to += <usize>(used >> 3);
    bits >>= used & ~7;
    used &= 7;
  }
  if (matchKinds > 1) {
    bits |= <u64>(matchState & ((1 << matchLog) - 1)) << used;
    used += matchLog;
  }
  if (offsetKinds > 1) {
    bits |= <u64>(offsetState & ((1 << offsetLog) - 1)) << used;
    used += offsetLog;
  }
  if (lengthKinds > 1) {
    bits |= <u64>(lengthState & ((1 << lengthLog) - 1)) << used;
    used += lengthLog;
  }
  return endBits(to, bits, <u32>used);
}

@inline
function modeOf(kinds: i32): u8 {
  return kinds > 1 ? OWN_TABLE : ONE_VALUE;
}

/** The table of codes, or the one code that there is. */
function writeCodes(to: usize, coder: usize, log: i32, count: i32, kinds: i32, one: u32): usize {
  if (kinds > 1) {
    makeCoder(coder, CODES, log, count);
    return writeTable(to, coder, log);
  }
  store<u8>(to, <u8>one);
  return to + 1;
}

/** The code of a length of literals (section 3.1.1.3.2.1.1). */
@inline
function lengthCode(length: u32): u32 {
  if (length < 16) return length;
  if (length < 24) return 8 + (length >> 1);
  if (length < 32) return 14 + (length >> 2);
  if (length < 48) return 18 + (length >> 3);
  return length < 64 ? 24 : 50 - clz(length);
}

/** How many of its bits follow the code. */
@inline
function restOfLength(length: u32): u32 {
  if (length < 16) return 0;
  if (length < 24) return 1;
  if (length < 32) return 2;
  if (length < 48) return 3;
  return length < 64 ? 4 : 31 - clz(length);
}

/** The code of a copy's length less {@linkcode LEAST_MATCH}. */
@inline
function matchCode(match: u32): u32 {
  if (match < 32) return match;
  if (match < 40) return 16 + (match >> 1);
  if (match < 48) return 26 + (match >> 2);
  if (match < 64) return 32 + (match >> 3);
  if (match < 96) return 36 + (match >> 4);
  return match < 128 ? 42 : 67 - clz(match);
}

@inline
function restOfMatch(match: u32): u32 {
  if (match < 32) return 0;
  if (match < 40) return 1;
  if (match < 48) return 2;
  if (match < 64) return 3;
  if (match < 96) return 4;
  return match < 128 ? 5 : 31 - clz(match);
}
