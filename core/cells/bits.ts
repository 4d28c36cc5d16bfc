/** Bits of ix and iy interleaved into a nested index (ix in the even places), and back. */

/** 16 bits of x and y as 32 bits, signed: halves, quarters, ... are exchanged (a perfect shuffle). */
export function interleave16(x: number, y: number): number {
  let word = (x & 0xffff) | y << 16;
  let moved = (word ^ word >>> 8) & 0x0000ff00;
  word ^= moved ^ moved << 8;
  moved = (word ^ word >>> 4) & 0x00f000f0;
  word ^= moved ^ moved << 4;
  moved = (word ^ word >>> 2) & 0x0c0c0c0c;
  word ^= moved ^ moved << 2;
  moved = (word ^ word >>> 1) & 0x22222222;
  return word ^ moved ^ moved << 1;
}

/** Up to 24 bits of x and y as an exact Number below 2^48. */
export function interleaveNumber(x: number, y: number): number {
  const low = interleave16(x, y) >>> 0;
  return (x | y) < 0x10000 ? low : low + interleave16(x >> 16, y >> 16) * 4294967296;
}

/** Up to 29 bits of x and y as a BigInt. */
export function interleaveBig(x: number, y: number): bigint {
  return BigInt(interleave16(x >> 16, y >> 16) >>> 0) << 32n | BigInt(interleave16(x, y) >>> 0);
}

/** The even bits (ix) of 32 bits, as 16. The odd ones are those of `word >>> 1`. */
export function evenBits(word: number): number {
  let bits = word & 0x55555555;
  bits = (bits | bits >>> 1) & 0x33333333;
  bits = (bits | bits >>> 2) & 0x0f0f0f0f;
  bits = (bits | bits >>> 4) & 0x00ff00ff;
  return (bits | bits >>> 8) & 0x0000ffff;
}
