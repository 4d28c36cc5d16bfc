/** Where the buckets of a histogram of float32 begin. */

/**
 * For each bucket but the first, the least float32 from `minimum` to `maximum` that falls into it or a later one, or
 * Infinity where none does. `bucketOf` must not fall as its value rises.
 */
export function floatLimits(
  minimum: number,
  maximum: number,
  buckets: number,
  bucketOf: (value: number) => number,
): Float32Array {
  const first = rankOf(minimum), last = rankOf(maximum);
  return Float32Array.from({ length: buckets - 1 }, (_, i) => {
    if (bucketOf(maximum) <= i) return Infinity;
    let below = first, above = last;
    while (below < above) {
      const middle = Math.floor((below + above) / 2);
      if (bucketOf(floatOf(middle)) > i) above = middle;
      else below = middle + 1;
    }
    return floatOf(above);
  });
}

const FLOAT = new Float32Array(1);
const BITS = new Int32Array(FLOAT.buffer);

/** Whole numbers that are ordered as floats are: the bits without the sign, with it before them. */
function rankOf(value: number): number {
  FLOAT[0] = value;
  return BITS[0] < 0 ? -(BITS[0] & 0x7fffffff) : BITS[0];
}

function floatOf(rank: number): number {
  BITS[0] = Math.abs(rank);
  return rank < 0 ? -FLOAT[0] : FLOAT[0];
}
