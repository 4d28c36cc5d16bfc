/** Columns to float64, in an order of their rows. */

/**
 * Writes `rows` of the float32 at `from`, listed as uint32 at `order`, as float64. Returns whether all are finite.
 */
export function takeFloat32(from: usize, order: usize, rows: i32, to: usize): bool {
  // x - x is 0 for finite x and NaN for the rest.
  let check = f64x2.splat(0);
  for (const end = order + (<usize>(rows & ~3) << 2); order < end; order += 16, to += 32) {
    const low = two(from, load<u64>(order)), high = two(from, load<u64>(order, 8));
    v128.store(to, low);
    v128.store(to, high, 16);
    check = f64x2.add(check, f64x2.add(f64x2.sub(low, low), f64x2.sub(high, high)));
  }
  for (let i = rows & 3; i > 0; i--, order += 4, to += 8) {
    const value = <f64>load<f32>(from + (<usize>load<u32>(order) << 2));
    store<f64>(to, value);
    check = f64x2.add(check, f64x2.splat(value - value));
  }
  return f64x2.extract_lane(check, 0) + f64x2.extract_lane(check, 1) == 0;
}

/** Two listed rows. */
@inline
function two(from: usize, listed: u64): v128 {
  const first = v128.load32_zero(from + (<usize>(<u32>listed) << 2));
  return f64x2.promote_low_f32x4(v128.load32_lane(from + (<usize>(listed >> 32) << 2), first, 1));
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
