import { total } from "./lanes";

/** Which rows of a group are kept, by their own values; float64 parents below 0 are no place. */

/** Clears the bytes of `passes` whose row has no byte among `first` and the `more` after it; 0 comes after 255. */
export function passBytes(passes: usize, bytes: usize, rows: i32, first: i32, more: i32): void {
  const firsts = i8x16.splat(<i8>first), most = i8x16.splat(<i8>more);
  for (const end = bytes + (rows & ~15); bytes < end; bytes += 16, passes += 16) {
    const isAmong = i8x16.le_u(i8x16.sub(v128.load(bytes), firsts), most);
    v128.store(passes, v128.and(v128.load(passes), isAmong));
  }
  for (let i = rows & 15; i > 0; i--, bytes++, passes++) {
    if (<u8>(load<u8>(bytes) - <u8>first) > <u8>more) store<u8>(passes, 0);
  }
}

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
  const zero = i32x4.splat(0);
  let placedRows = zero, passingRows = zero, last = f64x2.splat(-1);
  let taken = 0, runs = 0, i = 0;
  for (; i + 4 <= rows; i += 4) {
    const first = v128.load(parents + (<usize>i << 3)), second = v128.load(parents + (<usize>i << 3), 16);
    const bytes = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(passes + i)));
    const placed = i8x16.shuffle(
      f64x2.ge(first, f64x2.splat(0)),
      f64x2.ge(second, f64x2.splat(0)),
      0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27,
    );
    const passing = v128.andnot(placed, i32x4.eq(bytes, zero));
    const bits = i32x4.bitmask(v128.andnot(passing, i32x4.eq(v128.load(alive + (<usize>i << 2)), zero)));
    placedRows = i32x4.sub(placedRows, placed);
    passingRows = i32x4.sub(passingRows, passing);
    if (!i8x16.all_true(v128.and(f64x2.eq(first, last), f64x2.eq(second, last)))) {
      for (let lane = 0, at = taken; lane < 4; lane++) {
        const parent = load<f64>(parents + (<usize>(i + lane) << 3)), isKept = bits >> lane & 1;
        if (isKept & i32(parent != f64x2.extract_lane(last, 0))) {
          store<f64>(runParents + (<usize>runs << 3), parent);
          store<i32>(runStarts + (<usize>runs << 2), at);
          runs += 1;
          last = f64x2.splat(parent);
        }
        at += isKept;
      }
    }
    store<i32>(kept + (<usize>taken << 2), i);
    taken += bits & 1;
    store<i32>(kept + (<usize>taken << 2), i + 1);
    taken += bits >> 1 & 1;
    store<i32>(kept + (<usize>taken << 2), i + 2);
    taken += bits >> 2 & 1;
    store<i32>(kept + (<usize>taken << 2), i + 3);
    taken += bits >> 3;
  }
  let placed = total(placedRows), passing = total(passingRows);
  for (; i < rows; i++) {
    const parent = load<f64>(parents + (<usize>i << 3));
    const isPlaced = i32(parent >= 0);
    const isPassing = isPlaced & i32(load<u8>(passes + i) != 0);
    const isKept = isPassing & i32(load<u32>(alive + (<usize>i << 2)) != 0);
    placed += isPlaced;
    passing += isPassing;
    if (isKept & i32(parent != f64x2.extract_lane(last, 0))) {
      store<f64>(runParents + (<usize>runs << 3), parent);
      store<i32>(runStarts + (<usize>runs << 2), taken);
      runs += 1;
      last = f64x2.splat(parent);
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

/** Writes the elements of 4 bytes of the listed rows. They may lie in one array: no row goes further back than it is. */
export function gather4(from: usize, list: usize, count: i32, to: usize): void {
  gather<u32, u32>(from, list, count, to);
}

/** The same of 8 bytes. */
export function gather8(from: usize, list: usize, count: i32, to: usize): void {
  gather<u64, u64>(from, list, count, to);
}

/** The lower halves of elements of 4 bytes. */
export function gatherHalves(from: usize, list: usize, count: i32, to: usize): void {
  gather<u32, u16>(from, list, count, to);
}

/** Four elements are read before any is written. */
@inline
function gather<From, To>(from: usize, list: usize, count: i32, to: usize): void {
  for (const end = to + <usize>(count & ~3) * sizeof<To>(); to < end; to += 4 * sizeof<To>(), list += 16) {
    const a = element<From>(from, list), b = element<From>(from, list + 4);
    const c = element<From>(from, list + 8), d = element<From>(from, list + 12);
    store<To>(to, <To>a);
    store<To>(to, <To>b, sizeof<To>());
    store<To>(to, <To>c, 2 * sizeof<To>());
    store<To>(to, <To>d, 3 * sizeof<To>());
  }
  for (let i = count & 3; i > 0; i--, to += sizeof<To>(), list += 4) {
    store<To>(to, <To>element<From>(from, list));
  }
}

/** An element of the row that the list names. */
@inline
function element<T>(from: usize, list: usize): T {
  return load<T>(from + <usize>load<u32>(list) * sizeof<T>());
}
