/** Columns to float64, in an order of their rows. */
import { upperHalf } from "./lanes";

/**
 * Writes `rows` of the float32 at `from`, listed as uint32 at `order`, as float64. Returns whether all are finite. Of four
 * listed rows that follow each other, as along a track, all are read at once.
 */
export function takeFloat32(from: usize, order: usize, rows: i32, to: usize): bool {
  const steps = i32x4(0, 1, 2, 3);
  let check = f64x2.splat(0);
  for (const end = order + (<usize>(rows & ~3) << 2); order < end; order += 16, to += 32) {
    const first = load<u32>(order), at = from + (<usize>first << 2);
    let four: v128;
    if (i32x4.all_true(i32x4.eq(v128.load(order), i32x4.add(i32x4.splat(first), steps)))) {
      four = v128.load(at);
    } else {
      four = v128.load32_zero(at);
      four = v128.load32_lane(from + (<usize>load<u32>(order, 4) << 2), four, 1);
      four = v128.load32_lane(from + (<usize>load<u32>(order, 8) << 2), four, 2);
      four = v128.load32_lane(from + (<usize>load<u32>(order, 12) << 2), four, 3);
    }
    const low = f64x2.promote_low_f32x4(four), high = f64x2.promote_low_f32x4(upperHalf(four));
    v128.store(to, low);
    v128.store(to, high, 16);
    // x - x is 0 for finite x and NaN for the rest.
    check = f64x2.add(check, f64x2.add(f64x2.sub(low, low), f64x2.sub(high, high)));
  }
  for (let i = rows & 3; i > 0; i--, order += 4, to += 8) {
    const value = <f64>load<f32>(from + (<usize>load<u32>(order) << 2));
    store<f64>(to, value);
    check = f64x2.add(check, f64x2.splat(value - value));
  }
  return f64x2.extract_lane(check, 0) + f64x2.extract_lane(check, 1) == 0;
}

/** The same of float64. */
export function takeFloat64(from: usize, order: usize, rows: i32, to: usize): bool {
  let check: f64 = 0;
  for (const end = order + (<usize>rows << 2); order < end; order += 4, to += 8) {
    const value = load<f64>(from + (<usize>load<u32>(order) << 3));
    store<f64>(to, value);
    check += value - value;
  }
  return check == 0;
}
