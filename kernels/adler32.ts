import { total } from "./lanes";

const MODULUS: u32 = 65521;

/** So many bytes can be added before the sums must be reduced (as zlib's NMAX). */
const MOST_BYTES: usize = 5552;

/** The checksum of zlib streams (RFC 1950), carried on from `start`, which is 1 at first. */
export function adler32(at: usize, length: usize, start: u32): u32 {
  let a = start & 0xffff, b = start >>> 16;
  const firstWeights = i16x8(16, 15, 14, 13, 12, 11, 10, 9);
  const lastWeights = i16x8(8, 7, 6, 5, 4, 3, 2, 1);
  while (length > 0) {
    const part = min(length, MOST_BYTES);
    const whole = part & ~15;
    length -= part;
    let sums = i32x4.splat(0), weighted = i32x4.splat(0), before = i32x4.splat(0);
    b += a * <u32>whole;
    const end = at + whole;
    for (; at < end; at += 16) {
      const bytes = v128.load(at);
      const first = i16x8.extend_low_i8x16_u(bytes), last = i16x8.extend_high_i8x16_u(bytes);
      before = i32x4.add(before, sums);
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.add(first, last)));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(first, firstWeights));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(last, lastWeights));
    }
    a += total(sums);
    b += total(weighted) + (total(before) << 4);
    for (let rest = part - whole; rest > 0; rest--) {
      a += load<u8>(at++);
      b += a;
    }
    a %= MODULUS;
    b %= MODULUS;
  }
  return b << 16 | a;
}
