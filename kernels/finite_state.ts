/**
 * Finite state entropy of zstd (RFC 8878, section 4.1): what kinds of symbols cost by how often they come.
 *
 * A coder takes {@linkcode CODER_BYTES} of memory: of each of up to 64 symbols how often it came, its share of the
 * states, and where its states begin; then the states of all symbols, ascending, which are numbers from the table's
 * size on.
 */

const SHARES: usize = 256, STARTS: usize = 512, STATES: usize = 768;
const MOST_LOG: i32 = 8;
export const CODER_BYTES: usize = STATES + (1 << MOST_LOG) * 2 + 256;
/** The symbol of each place of the table, while it is made. */
const SPREAD: usize = STATES + (1 << MOST_LOG) * 2;
/** The shortest table that can be stated. */
const LEAST_LOG: i32 = 5;

/** No symbol came. */
export function clearCoder(coder: usize): void {
  memory.fill(coder, 0, SHARES);
}

@inline
export function countSymbol(coder: usize, symbol: u32): void {
  const at = coder + (<usize>symbol << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** How often a symbol came. */
@inline
export function countOf(coder: usize, symbol: u32): i32 {
  return load<i32>(coder + (<usize>symbol << 2));
}

/** How many symbols came at all. */
export function kindsOf(coder: usize): i32 {
  const none = i32x4.splat(0);
  let kinds = 0;
  for (let at = coder; at < coder + SHARES; at += 16) {
    kinds += <i32>popcnt(i32x4.bitmask(i32x4.ne(v128.load(at), none)));
  }
  return kinds;
}

/** The logarithm of the table's size for so many symbols of so many kinds. */
export function tableLog(total: i32, kinds: i32): i32 {
  let log = max(LEAST_LOG, min(MOST_LOG, 30 - clz(total)));
  while ((1 << log) < 2 * kinds) log++;
  return log;
}

/** Shares of the table's states by how often each of so many symbols came, one at the least for those that did; makes the table. */
export function makeCoder(coder: usize, symbols: usize, log: i32, total: i32): void {
  const size = 1 << log;
  let left = size, greatest: usize = coder;
  for (let symbol: usize = 0; symbol < symbols; symbol++) {
    const at = coder + (symbol << 2), count = load<u32>(at);
    const share: i32 = count == 0 ? 0 : max(1, <i32>(<u64>count * size / total));
    store<u32>(at, share, SHARES);
    left -= share;
    if (count > load<u32>(greatest)) greatest = at;
  }
  // What rounding left is the most frequent one's; what it took too much of, those' that have the most.
  if (left > 0) store<u32>(greatest, load<u32>(greatest, SHARES) + left, SHARES);
  for (; left < 0; left++) {
    let at = coder;
    for (let symbol: usize = 1; symbol < symbols; symbol++) {
      const other = coder + (symbol << 2);
      if (load<u32>(other, SHARES) > load<u32>(at, SHARES)) at = other;
    }
    store<u32>(at, load<u32>(at, SHARES) - 1, SHARES);
  }
  spread(coder, symbols, log);
}

/** States are dealt out to symbols all over the table, and numbered by their places (section 4.1.1). */
function spread(coder: usize, symbols: usize, log: i32): void {
  const size = 1 << log, mask = size - 1, step = (size >> 1) + (size >> 3) + 3;
  let place = 0, start = 0;
  for (let symbol: usize = 0; symbol < symbols; symbol++) {
    const at = coder + (symbol << 2), share: i32 = load<u32>(at, SHARES);
    store<u32>(at, start, STARTS);
    start += share;
    for (let i = 0; i < share; i++) {
      store<u8>(coder + place, <u8>symbol, SPREAD);
      place = (place + step) & mask;
    }
  }
  for (let i = 0; i < size; i++) {
    const at = coder + (<usize>load<u8>(coder + i, SPREAD) << 2), next = load<u32>(at, STARTS);
    store<u16>(coder + (<usize>next << 1), <u16>(size + i), STATES);
    store<u32>(at, next + 1, STARTS);
  }
  for (let symbol: usize = 0; symbol < symbols; symbol++) {
    const at = coder + (symbol << 2);
    store<u32>(at, load<u32>(at, STARTS) - load<u32>(at, SHARES), STARTS);
  }
}

/** States the table (section 4.1.1) at `to`; returns where that ends. */
export function writeTable(to: usize, coder: usize, log: i32): usize {
  let bits: u64 = log - LEAST_LOG, count: u32 = 4;
  let left = 1 << log;
  for (let symbol: usize = 0; left > 0; symbol++) {
    const share: i32 = load<u32>(coder + (symbol << 2), SHARES);
    // Values up to `most` are possible: the lower ones take a bit less.
    const most = left + 1, width: u32 = 32 - clz(most), shorter: i32 = (1 << width) - 1 - most;
    let value = share + 1;
    const isShort = value < shorter;
    if (value >= 1 << (width - 1)) value += shorter;
    bits |= <u64>value << count;
    count += isShort ? width - 1 : width;
    left -= share;
    if (share == 0) {
      let more = 0;
      while (load<u32>(coder + (symbol << 2), SHARES + 4) == 0) {
        symbol++;
        more++;
      }
      for (; more >= 3; more -= 3) {
        bits |= <u64>3 << count;
        count += 2;
        if (count > 32) {
          store<u64>(to, bits);
          to += count >> 3;
          bits >>= count & ~7;
          count &= 7;
        }
      }
      bits |= <u64>more << count;
      count += 2;
    }
    store<u64>(to, bits);
    to += count >> 3;
    bits >>= count & ~7;
    count &= 7;
  }
  store<u64>(to, bits);
  return to + ((count + 7) >> 3);
}

/** The last state of a stream, which gives `symbol`: bits are read after it, so that the stream's end is seen. */
@inline
export function firstState(coder: usize, symbol: u32): u32 {
  return load<u16>(coder + (<usize>load<u32>(coder + (<usize>symbol << 2), STARTS) << 1), STATES);
}

/** How many bits of `state` are written before the state that gives `symbol`. */
@inline
export function bitsBefore(coder: usize, symbol: u32, state: u32): u32 {
  const share = load<u32>(coder + (<usize>symbol << 2), SHARES);
  const width = clz(share) - clz(state);
  return width - u32(state >> width < share);
}

/** The state that gives `symbol`, and leads to `state` by `width` bits. */
@inline
export function stateBefore(coder: usize, symbol: u32, state: u32, width: u32): u32 {
  const at = coder + (<usize>symbol << 2);
  const place = load<u32>(at, STARTS) + (state >> width) - load<u32>(at, SHARES);
  return load<u16>(coder + (<usize>place << 1), STATES);
}
