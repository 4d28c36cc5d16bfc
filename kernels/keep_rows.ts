/** Which rows of a group are kept, by their own values; float64 parents below 0 are no place. */

/** Clears the bits of `kill` in `alive`, a uint32 a row, where the float32 of a row is not finite. */
export function markFloat32(values: usize, rows: i32, alive: usize, kill: i32): void {
  const killed = i32x4.splat(kill), zero = f32x4.splat(0);
  const end = values + (<usize>(rows & ~3) << 2);
  for (; values < end; values += 16, alive += 16) {
    const four = v128.load(values);
    // x - x is 0 for finite x and NaN for the rest.
    const isMissing = f32x4.ne(f32x4.sub(four, four), zero);
    v128.store(alive, v128.andnot(v128.load(alive), v128.and(isMissing, killed)));
  }
  for (let i = rows & 3; i > 0; i--, values += 4, alive += 4) {
    const value = load<f32>(values);
    if (value - value != 0) store<i32>(alive, load<i32>(alive) & ~kill);
  }
}

/** The same of float64. */
export function markFloat64(values: usize, rows: i32, alive: usize, kill: i32): void {
  const killed = i32x4.splat(kill), zero = f64x2.splat(0);
  const end = values + (<usize>(rows & ~3) << 3);
  for (; values < end; values += 32, alive += 16) {
    const first = v128.load(values), last = v128.load(values, 16);
    const isMissing = i8x16.shuffle(
      f64x2.ne(f64x2.sub(first, first), zero),
      f64x2.ne(f64x2.sub(last, last), zero),
      0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27,
    );
    v128.store(alive, v128.andnot(v128.load(alive), v128.and(isMissing, killed)));
  }
  for (let i = rows & 3; i > 0; i--, values += 8, alive += 4) {
    const value = load<f64>(values);
    if (value - value != 0) store<i32>(alive, load<i32>(alive) & ~kill);
  }
}

/**
 * Lists at `kept` the rows that have a place, whose `passes` (a byte) is not 0 and whose `alive` (a uint32) is not 0,
 * and cuts the list into runs of equal parent: their parents as float64, where each begins in the list as uint32. The
 * lists have room for all rows and one more. Writes five uint32 at `counts`: rows without a place; of the others those
 * that do not pass; of the others those that are not alive; rows kept; runs.
 */
export function keepRows(
  parents: usize,
  passes: usize,
  alive: usize,
  rows: i32,
  kept: usize,
  runParents: usize,
  runStarts: usize,
  counts: usize,
): void {
  let placed: i32 = 0, passing: i32 = 0, taken: i32 = 0, runs: i32 = 0;
  let last: f64 = -1;
  for (let i: i32 = 0; i < rows; i++) {
    const parent = load<f64>(parents + (<usize>i << 3));
    const isPlaced = i32(parent >= 0);
    const isPassing = isPlaced & i32(load<u8>(passes + i) != 0);
    const isKept = isPassing & i32(load<u32>(alive + (<usize>i << 2)) != 0);
    placed += isPlaced;
    passing += isPassing;
    if (isKept & i32(parent != last)) {
      store<f64>(runParents + (<usize>runs << 3), parent);
      store<i32>(runStarts + (<usize>runs << 2), taken);
      runs += 1;
      last = parent;
    }
    store<i32>(kept + (<usize>taken << 2), i);
    taken += isKept;
  }
  store<i32>(runStarts + (<usize>runs << 2), taken);
  store<i32>(counts, rows - placed);
  store<i32>(counts, placed - passing, 4);
  store<i32>(counts, passing - taken, 8);
  store<i32>(counts, taken, 12);
  store<i32>(counts, runs, 16);
}

/** Writes the elements of 4 bytes of the listed rows. */
export function gather4(from: usize, list: usize, count: i32, to: usize): void {
  for (const end = to + (<usize>count << 2); to < end; to += 4, list += 4) {
    store<u32>(to, load<u32>(from + (<usize>load<u32>(list) << 2)));
  }
}

/** The same of 8 bytes. */
export function gather8(from: usize, list: usize, count: i32, to: usize): void {
  for (const end = to + (<usize>count << 3); to < end; to += 8, list += 4) {
    store<u64>(to, load<u64>(from + (<usize>load<u32>(list) << 3)));
  }
}

/** The lower halves of elements of 4 bytes. */
export function gatherHalves(from: usize, list: usize, count: i32, to: usize): void {
  for (const end = to + (<usize>count << 1); to < end; to += 2, list += 4) {
    store<u16>(to, load<u32>(from + (<usize>load<u32>(list) << 2)));
  }
}
