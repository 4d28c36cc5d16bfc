import { total } from "./lanes";

const MODULUS: u32 = 65521;

const ROW_BYTES: usize = 32;

/** So many bytes, in whole rows, can be added before the sums must be reduced (as zlib's NMAX): 173 a place fit 16 bits. */
const MOST_BYTES: usize = 5536;

/** The checksum of zlib streams (RFC 1950), carried on from `start`, which is 1 at first. */
export function adler32(at: usize, length: usize, start: u32): u32 {
  let a = start & 0xffff, b = start >>> 16;
  const low = i16x8.splat(0xff);
  while (length > 0) {
    const part = min(length, MOST_BYTES);
    const whole = part & ~(ROW_BYTES - 1);
    length -= part;
    // The sums of the bytes at each place of a row, by which they count for more the earlier they stand.
    let evenFirst = i16x8.splat(0), oddFirst = i16x8.splat(0);
    let evenLast = i16x8.splat(0), oddLast = i16x8.splat(0);
    let sums = i32x4.splat(0), before = i32x4.splat(0);
    b += a * <u32>whole;
    const end = at + whole;
    for (; at < end; at += ROW_BYTES) {
      const first = v128.load(at), last = v128.load(at, 16);
      const even0 = v128.and(first, low), odd0 = i16x8.shr_u(first, 8);
      const even1 = v128.and(last, low), odd1 = i16x8.shr_u(last, 8);
      evenFirst = i16x8.add(evenFirst, even0);
      oddFirst = i16x8.add(oddFirst, odd0);
      evenLast = i16x8.add(evenLast, even1);
      oddLast = i16x8.add(oddLast, odd1);
      before = i32x4.add(before, sums);
      const row = i16x8.add(i16x8.add(even0, odd0), i16x8.add(even1, odd1));
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_s(row));
    }
    let weighted = times(evenFirst, i16x8(32, 30, 28, 26, 24, 22, 20, 18));
    weighted = i32x4.add(weighted, times(oddFirst, i16x8(31, 29, 27, 25, 23, 21, 19, 17)));
    weighted = i32x4.add(weighted, times(evenLast, i16x8(16, 14, 12, 10, 8, 6, 4, 2)));
    weighted = i32x4.add(weighted, times(oddLast, i16x8(15, 13, 11, 9, 7, 5, 3, 1)));
    a += total(sums);
    b += total(weighted) + total(before) * <u32>ROW_BYTES;
    for (let rest = part - whole; rest > 0; rest--) {
      a += load<u8>(at++);
      b += a;
    }
    a %= MODULUS;
    b %= MODULUS;
  }
  return b << 16 | a;
}

/** Products of integers without a sign, added to four. */
@inline
function times(values: v128, weights: v128): v128 {
  return i32x4.add(i32x4.extmul_low_i16x8_u(values, weights), i32x4.extmul_high_i16x8_u(values, weights));
}
