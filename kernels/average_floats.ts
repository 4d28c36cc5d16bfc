import { upperHalf } from "./lanes";

/**
 * Means of every 2 x 2 cells of float32, as core/geotiff/write/fold.ts defines them: of `width * height` cells from
 * `from` on, rows `stride` bytes apart, into rows `toStride` bytes apart. `empty` is the nodata value, or NaN;
 * `instead` is what a mean becomes that falls on it.
 */
export function averageFloats(
  from: usize,
  stride: usize,
  width: i32,
  height: i32,
  to: usize,
  toStride: usize,
  empty: f32,
  instead: f32,
): void {
  for (let y = 0; y < height; y += 2) {
    const upper = from + <usize>y * stride;
    // At an odd edge a row or column stands for both: equal weights leave the mean as it is.
    const lower = y + 1 < height ? upper + stride : upper;
    averageRow(upper, lower, width, to + <usize>(y >> 1) * toStride, empty, instead);
  }
}

function averageRow(upper: usize, lower: usize, width: i32, out: usize, empty: f32, instead: f32): void {
  const none = f32x4.splat(empty), quarter = f64x2.splat(0.25);
  let x = 8;
  for (; x <= width; x += 8, upper += 32, lower += 32, out += 16) {
    const upper0 = v128.load(upper), upper4 = v128.load(upper, 16);
    const lower0 = v128.load(lower), lower4 = v128.load(lower, 16);
    const a = evenCells(upper0, upper4), b = oddCells(upper0, upper4);
    const c = evenCells(lower0, lower4), d = oddCells(lower0, lower4);
    const mean0 = f64x2.mul(sumOf(a, b, c, d), quarter);
    const mean2 = f64x2.mul(sumOf(upperHalf(a), upperHalf(b), upperHalf(c), upperHalf(d)), quarter);
    const mean = bothHalves(f32x4.demote_f64x2_zero(mean0), f32x4.demote_f64x2_zero(mean2));
    v128.store(out, mean);
    const isUpperEmpty = v128.or(f32x4.eq(a, none), f32x4.eq(b, none));
    const isLowerEmpty = v128.or(f32x4.eq(c, none), f32x4.eq(d, none));
    const isOdd = v128.or(f32x4.ne(mean, mean), f32x4.eq(mean, none));
    if (!v128.any_true(v128.or(v128.or(isUpperEmpty, isLowerEmpty), isOdd))) continue;
    for (let i: usize = 0; i < 4; i++) {
      averageCell(upper + (i << 3), lower + (i << 3), 4, out + (i << 2), empty, instead);
    }
  }
  for (x -= 8; x < width; x += 2, upper += 8, lower += 8, out += 4) {
    averageCell(upper, lower, x + 1 < width ? 4 : 0, out, empty, instead);
  }
}

@inline
function sumOf(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f64x2.add(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b));
  return f64x2.add(f64x2.add(ab, f64x2.promote_low_f32x4(c)), f64x2.promote_low_f32x4(d));
}

@inline
function evenCells(low: v128, high: v128): v128 {
  return i8x16.shuffle(low, high, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}

@inline
function oddCells(low: v128, high: v128): v128 {
  return i8x16.shuffle(low, high, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}

@inline
function bothHalves(low: v128, high: v128): v128 {
  return i8x16.shuffle(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
}

/** The cell to the right is `right` bytes further. */
function averageCell(upper: usize, lower: usize, right: usize, out: usize, empty: f32, instead: f32): void {
  const a = load<f32>(upper), b = load<f32>(upper + right);
  const c = load<f32>(lower), d = load<f32>(lower + right);
  const mean = <f32>meanOfValid(a, b, c, d, empty);
  // Where none is valid, or infinities cancel each other.
  if (mean != mean) store<f32>(out, empty);
  else store<f32>(out, mean == empty ? instead : mean);
}

function meanOfValid(a: f32, b: f32, c: f32, d: f32, empty: f32): f64 {
  const isA = isValid(a, empty), isB = isValid(b, empty), isC = isValid(c, empty), isD = isValid(d, empty);
  if (isA && isB && isC && isD) return (<f64>a + <f64>b + <f64>c + <f64>d) * 0.25;
  let sum: f64 = 0, count: f64 = 0;
  if (isA) sum += a, count++;
  if (isB) sum += b, count++;
  if (isC) sum += c, count++;
  if (isD) sum += d, count++;
  return sum / count;
}

@inline
function isValid(cell: f32, empty: f32): bool {
  return cell == cell && cell != empty;
}
