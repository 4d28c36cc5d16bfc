/**
 * Large arrays that are used again: the system gives fresh memory page by page, as it is first written to, which takes
 * longer than most loops over it.
 */

/** Shorter arrays are made as fast. */
const LEAST_NUMBERS = 4096;
/** Longer ones don't wait for the next user. */
const MOST_NUMBERS = 512 * 512;
const MOST_KEPT = 6;

const kept: Float64Array[] = [];

/** An array of so many numbers, whatever they are. */
export function takeNumbers(length: number): Float64Array {
  const index = kept.findIndex((one) => one.length === length);
  return index < 0 ? new Float64Array(length) : kept.splice(index, 1)[0];
}

/** Gives arrays back, which will be another's: nobody may look at them any more. */
export function giveNumbers(...arrays: readonly Float64Array[]): void {
  for (const array of arrays) {
    if (array.length < LEAST_NUMBERS || array.length > MOST_NUMBERS) continue;
    kept.push(array);
    if (kept.length > MOST_KEPT) kept.shift();
  }
}
