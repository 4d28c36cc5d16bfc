import { total, upperHalf } from "./lanes";

/**
 * Adds cells of float32 to the sums at `sums`, which are 8 bytes each but for the last two:
 * valid cells, cells that are no NaN, four sums and four sums of squares of the distance from `about` (cell i goes to
 * number i % 4), then four float32 of least and four of greatest values.
 */
export function sumFloats(at: usize, length: i32, nodata: f32, about: f64, sums: usize): void {
  const empty = f32x4.splat(nodata), middle = f64x2.splat(about);
  const most = f32x4.splat(Infinity), least = f32x4.splat(-Infinity);
  let valid = i32x4.splat(0), numbers = i32x4.splat(0);
  let sum0 = v128.load(sums, 16), sum2 = v128.load(sums, 32);
  let squares0 = v128.load(sums, 48), squares2 = v128.load(sums, 64);
  let minimum = v128.load(sums, 80), maximum = v128.load(sums, 96);
  const end = at + (<usize>(length & ~3) << 2);
  for (; at < end; at += 16) {
    const cells = v128.load(at);
    const isNumber = f32x4.eq(cells, cells);
    const isValid = v128.and(isNumber, f32x4.ne(cells, empty));
    numbers = i32x4.sub(numbers, isNumber);
    valid = i32x4.sub(valid, isValid);
    minimum = f32x4.pmin(minimum, v128.bitselect(cells, most, isValid));
    maximum = f32x4.pmax(maximum, v128.bitselect(cells, least, isValid));
    const isValid0 = i64x2.extend_low_i32x4_s(isValid), isValid2 = i64x2.extend_high_i32x4_s(isValid);
    const cells0 = f64x2.promote_low_f32x4(cells), cells2 = f64x2.promote_low_f32x4(upperHalf(cells));
    sum0 = f64x2.add(sum0, v128.and(cells0, isValid0));
    sum2 = f64x2.add(sum2, v128.and(cells2, isValid2));
    const apart0 = v128.and(f64x2.sub(cells0, middle), isValid0);
    const apart2 = v128.and(f64x2.sub(cells2, middle), isValid2);
    squares0 = f64x2.add(squares0, f64x2.mul(apart0, apart0));
    squares2 = f64x2.add(squares2, f64x2.mul(apart2, apart2));
  }
  v128.store(sums, sum0, 16);
  v128.store(sums, sum2, 32);
  v128.store(sums, squares0, 48);
  v128.store(sums, squares2, 64);
  v128.store(sums, minimum, 80);
  v128.store(sums, maximum, 96);
  add(sums, 0, total(valid));
  add(sums, 8, total(numbers));
  for (let i: usize = 0, rest = <usize>(length & 3); i < rest; i++) {
    addCell(load<f32>(at + (i << 2)), nodata, about, sums, i);
  }
}

function addCell(cell: f32, nodata: f32, about: f64, sums: usize, i: usize): void {
  if (cell != cell) return;
  add(sums, 8, 1);
  if (cell == nodata) return;
  const apart = <f64>cell - about;
  add(sums, 0, 1);
  add(sums, 16 + (i << 3), cell);
  add(sums, 48 + (i << 3), apart * apart);
  const minimum = sums + 80 + (i << 2), maximum = sums + 96 + (i << 2);
  if (cell < load<f32>(minimum)) store<f32>(minimum, cell);
  if (cell > load<f32>(maximum)) store<f32>(maximum, cell);
}

function add(sums: usize, place: usize, value: f64): void {
  store<f64>(sums + place, load<f64>(sums + place) + value);
}
