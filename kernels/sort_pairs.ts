/**
 * Sorts two lists of float64 at once, which lie interleaved: `length` vectors, a list a lane. Neither holds NaN or zeros
 * of both signs. Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M): which two
 * values are compared does not depend on the values, so that no branch is mistaken.
 */
export function sortPairs(at: usize, length: i32): void {
  if (length < 2) return;
  const top = 1 << (31 - clz(length - 1));
  for (let p = top; p > 0; p >>= 1) {
    exchange(at, length, p, 0, p);
    for (let q = top; q != p; q >>= 1) exchange(at, length, p, p, q - p);
  }
}

/** Orders values i and i + d for all i whose bit p is that of r. */
@inline
function exchange(at: usize, length: i32, p: i32, r: i32, d: i32): void {
  const distance = <usize>d << 4, step = <usize>p << 4, end = at + (<usize>(length - d) << 4);
  for (let place = at + (<usize>r << 4); place < end; place += step) {
    for (const last = min(place + step, end); place < last; place += 16) {
      const a = v128.load(place), b = v128.load(place + distance);
      v128.store(place, f64x2.pmin(a, b));
      v128.store(place + distance, f64x2.pmax(a, b));
    }
  }
}
