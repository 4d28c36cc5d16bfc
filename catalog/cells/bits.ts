/** Bits of ix and iy interleaved into a nested index (ix in the even places), and back. */

/** SPREAD[b] has the 8 bits of b in its even places. */
const SPREAD = new Int32Array(256);
/** COMPACT[w] has the even bits of the byte w in its low half, the odd ones in bits 4 to 7. */
const COMPACT = new Uint8Array(256);
for (let value = 0; value < 256; value++) {
  for (let bit = 0; bit < 8; bit++) {
    if ((value >> bit) & 1) SPREAD[value]! |= 1 << (2 * bit);
    if ((value >> bit) & 1) COMPACT[value]! |= 1 << ((bit >> 1) + 4 * (bit & 1));
  }
}

/** 16 bits of x and y as 32 bits, signed. */
export function interleave16(x: number, y: number): number {
  return SPREAD[x & 255]! | SPREAD[y & 255]! << 1 |
    (SPREAD[(x >> 8) & 255]! | SPREAD[(y >> 8) & 255]! << 1) << 16;
}

/** Up to 24 bits of x and y as an exact Number below 2^48. */
export function interleaveNumber(x: number, y: number): number {
  const low = SPREAD[x & 255]! | SPREAD[y & 255]! << 1;
  const middle = SPREAD[(x >> 8) & 255]! | SPREAD[(y >> 8) & 255]! << 1;
  const high = SPREAD[(x >> 16) & 255]! | SPREAD[(y >> 16) & 255]! << 1;
  return high * 4294967296 + ((middle << 16 | low) >>> 0);
}

/** Up to 29 bits of x and y as a BigInt. */
export function interleaveBig(x: number, y: number): bigint {
  return BigInt(interleave16(x >> 16, y >> 16) >>> 0) << 32n | BigInt(interleave16(x, y) >>> 0);
}

/** The even bits (ix) of 32 bits, as 16. The odd ones are those of `word >>> 1`. */
export function evenBits(word: number): number {
  return (COMPACT[word & 255]! & 15) | (COMPACT[(word >>> 8) & 255]! & 15) << 4 |
    (COMPACT[(word >>> 16) & 255]! & 15) << 8 | (COMPACT[word >>> 24]! & 15) << 12;
}
