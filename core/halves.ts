/** 64-bit ids as numbers: their halves, because a bigint for each would cost more than what is done with it. */

/** Ids that are copied rather than looked at where they lie. */
const SHORT = 4096;
const copied = new BigUint64Array(SHORT);
const copiedHalves = new Uint32Array(copied.buffer);

/**
 * The lower half of id i at 2 i and the higher at 2 i + 1, good until the next call. Arrays of a few ids are copied:
 * an engine makes their buffer when it is asked for, which takes longer, and keeps it.
 */
export function readableHalves(ids: BigUint64Array): Uint32Array {
  if (ids.length > SHORT) return new Uint32Array(ids.buffer, ids.byteOffset, 2 * ids.length);
  copied.set(ids);
  return copiedHalves;
}
