/**
 * Sorts two lists of float64 at once, or four of float32, which lie interleaved: `length` vectors, a list a lane, padded to
 * a multiple of {@linkcode SORTED_AT_ONCE} by what is greatest. None holds NaN or zeros of both signs. Eight vectors are sorted by a
 * network, and sorted parts are merged by bitonic ones (Batcher 1968; Knuth, The Art of Computer Programming 3, 5.3.4):
 * which two values are compared does not depend on the values, so that no branch is mistaken, and what is compared most
 * often stays in registers.
 */
export function sortLanes<T>(at: usize, length: i32): void {
  const end = at + (<usize>length << 4);
  for (let eight = at; eight < end; eight += EIGHT) sortEight<T>(eight);
  for (let size: usize = EIGHT; at + size < end; size <<= 1) {
    for (let first = at; first + size < end; first += size << 1) {
      merge<T>(first, first + size, min(first + (size << 1), end), size);
    }
  }
}

/** Vectors that are sorted in registers. */
export const SORTED_AT_ONCE: i32 = 8;
const EIGHT: usize = <usize>SORTED_AT_ONCE << 4;

/** Merges the parts from `first` and from `middle` on, of which the other may be shorter: what it lacks is greatest. */
@inline
function merge<T>(first: usize, middle: usize, end: usize, size: usize): void {
  for (let low = middle - 16, high = middle; high < end; low -= 16, high += 16) exchange<T>(low, high);
  for (let distance = size >> 1; distance >= EIGHT; distance >>= 1) {
    for (let part = first; part + distance < end; part += distance << 1) {
      const last = min(part + distance, end - distance);
      for (let low = part; low < last; low += 16) exchange<T>(low, low + distance);
    }
  }
  for (let eight = first; eight < end; eight += EIGHT) mergeEight<T>(eight);
}

@inline
function exchange<T>(low: usize, high: usize): void {
  const a = v128.load(low), b = v128.load(high);
  v128.store(low, v128.pmin<T>(a, b));
  v128.store(high, v128.pmax<T>(a, b));
}

/** The network of 19 exchanges in 6 layers. */
@inline
function sortEight<T>(at: usize): void {
  const x0 = v128.load(at), x1 = v128.load(at, 16), x2 = v128.load(at, 32), x3 = v128.load(at, 48);
  const x4 = v128.load(at, 64), x5 = v128.load(at, 80), x6 = v128.load(at, 96), x7 = v128.load(at, 112);
  const a0 = v128.pmin<T>(x0, x2), a2 = v128.pmax<T>(x0, x2), a1 = v128.pmin<T>(x1, x3), a3 = v128.pmax<T>(x1, x3);
  const a4 = v128.pmin<T>(x4, x6), a6 = v128.pmax<T>(x4, x6), a5 = v128.pmin<T>(x5, x7), a7 = v128.pmax<T>(x5, x7);
  const b0 = v128.pmin<T>(a0, a4), b4 = v128.pmax<T>(a0, a4), b1 = v128.pmin<T>(a1, a5), b5 = v128.pmax<T>(a1, a5);
  const b2 = v128.pmin<T>(a2, a6), b6 = v128.pmax<T>(a2, a6), b3 = v128.pmin<T>(a3, a7), b7 = v128.pmax<T>(a3, a7);
  const c0 = v128.pmin<T>(b0, b1), c1 = v128.pmax<T>(b0, b1), c2 = v128.pmin<T>(b2, b3), c3 = v128.pmax<T>(b2, b3);
  const c4 = v128.pmin<T>(b4, b5), c5 = v128.pmax<T>(b4, b5), c6 = v128.pmin<T>(b6, b7), c7 = v128.pmax<T>(b6, b7);
  const d2 = v128.pmin<T>(c2, c4), d4 = v128.pmax<T>(c2, c4), d3 = v128.pmin<T>(c3, c5), d5 = v128.pmax<T>(c3, c5);
  const e1 = v128.pmin<T>(c1, d4), e4 = v128.pmax<T>(c1, d4), e3 = v128.pmin<T>(d3, c6), e6 = v128.pmax<T>(d3, c6);
  v128.store(at, c0);
  v128.store(at, v128.pmin<T>(e1, d2), 16);
  v128.store(at, v128.pmax<T>(e1, d2), 32);
  v128.store(at, v128.pmin<T>(e3, e4), 48);
  v128.store(at, v128.pmax<T>(e3, e4), 64);
  v128.store(at, v128.pmin<T>(d5, e6), 80);
  v128.store(at, v128.pmax<T>(d5, e6), 96);
  v128.store(at, c7, 112);
}

/** The last three layers of a bitonic merge. */
@inline
function mergeEight<T>(at: usize): void {
  const x0 = v128.load(at), x1 = v128.load(at, 16), x2 = v128.load(at, 32), x3 = v128.load(at, 48);
  const x4 = v128.load(at, 64), x5 = v128.load(at, 80), x6 = v128.load(at, 96), x7 = v128.load(at, 112);
  const a0 = v128.pmin<T>(x0, x4), a4 = v128.pmax<T>(x0, x4), a1 = v128.pmin<T>(x1, x5), a5 = v128.pmax<T>(x1, x5);
  const a2 = v128.pmin<T>(x2, x6), a6 = v128.pmax<T>(x2, x6), a3 = v128.pmin<T>(x3, x7), a7 = v128.pmax<T>(x3, x7);
  const b0 = v128.pmin<T>(a0, a2), b2 = v128.pmax<T>(a0, a2), b1 = v128.pmin<T>(a1, a3), b3 = v128.pmax<T>(a1, a3);
  const b4 = v128.pmin<T>(a4, a6), b6 = v128.pmax<T>(a4, a6), b5 = v128.pmin<T>(a5, a7), b7 = v128.pmax<T>(a5, a7);
  v128.store(at, v128.pmin<T>(b0, b1));
  v128.store(at, v128.pmax<T>(b0, b1), 16);
  v128.store(at, v128.pmin<T>(b2, b3), 32);
  v128.store(at, v128.pmax<T>(b2, b3), 48);
  v128.store(at, v128.pmin<T>(b4, b5), 64);
  v128.store(at, v128.pmax<T>(b4, b5), 80);
  v128.store(at, v128.pmin<T>(b6, b7), 96);
  v128.store(at, v128.pmax<T>(b6, b7), 112);
}
