import { total } from "./lanes";

/**
 * Counts cells of float32 that are at or above each of nine limits, those that equal `nodata` and those that are no
 * NaN: adds to eleven uint32 at `counts`.
 */
export function countFloats(at: usize, length: i32, limits: usize, nodata: f32, counts: usize): void {
  for (let limit: usize = 0; limit < 36; limit += 12) {
    countLimits(at, length, limits + limit, counts + limit);
  }
  const empty = f32x4.splat(nodata);
  let equal = i32x4.splat(0), numbers = i32x4.splat(0);
  const end = at + (<usize>(length & ~3) << 2);
  for (; at < end; at += 16) {
    const cells = v128.load(at);
    equal = i32x4.sub(equal, f32x4.eq(cells, empty));
    numbers = i32x4.sub(numbers, f32x4.eq(cells, cells));
  }
  let equalCount = total(equal), numberCount = total(numbers);
  for (let rest = length & 3; rest > 0; rest--, at += 4) {
    const cell = load<f32>(at);
    equalCount += i32(cell == nodata);
    numberCount += i32(cell == cell);
  }
  add(counts + 36, equalCount);
  add(counts + 40, numberCount);
}

/** Three limits a pass: the cells stay at hand from one to the next. */
function countLimits(at: usize, length: i32, limits: usize, counts: usize): void {
  const limit0 = load<f32>(limits), limit1 = load<f32>(limits + 4), limit2 = load<f32>(limits + 8);
  const limits0 = f32x4.splat(limit0), limits1 = f32x4.splat(limit1), limits2 = f32x4.splat(limit2);
  let above0 = i32x4.splat(0), above1 = above0, above2 = above0;
  const end = at + (<usize>(length & ~3) << 2);
  for (; at < end; at += 16) {
    const cells = v128.load(at);
    above0 = i32x4.sub(above0, f32x4.ge(cells, limits0));
    above1 = i32x4.sub(above1, f32x4.ge(cells, limits1));
    above2 = i32x4.sub(above2, f32x4.ge(cells, limits2));
  }
  let count0 = total(above0), count1 = total(above1), count2 = total(above2);
  for (let rest = length & 3; rest > 0; rest--, at += 4) {
    const cell = load<f32>(at);
    count0 += i32(cell >= limit0);
    count1 += i32(cell >= limit1);
    count2 += i32(cell >= limit2);
  }
  add(counts, count0);
  add(counts + 4, count1);
  add(counts + 8, count2);
}

function add(at: usize, count: i32): void {
  store<i32>(at, load<i32>(at) + count);
}
