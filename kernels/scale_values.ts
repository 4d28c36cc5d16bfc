/** Values to numbers in a unit, and numbers to bytes of a range, as core/raster/colour/rescale.ts defines them. */

/**
 * `count` float64 from `from` on to bytes: `low` to `low + width` becomes 0 to 255, what lies beyond it its ends; cut, not
 * rounded. Where a byte of `mask` is 0, and of NaN, they are 0.
 */
export function scaleToBytes(
  from: usize,
  mask: usize,
  count: i32,
  low: f64,
  high: f64,
  width: f64,
  to: usize,
): void {
  const lows = f64x2.splat(low), highs = f64x2.splat(high), widths = f64x2.splat(width);
  const most = f64x2.splat(255);
  let i = 0;
  for (; i + 4 <= count; i += 4, from += 32, mask += 4, to += 4) {
    const first = scaled(v128.load(from), lows, highs, widths, most);
    const last = scaled(v128.load(from, 16), lows, highs, widths, most);
    const bytes = i8x16.shuffle(first, last, 0, 4, 16, 20, 0, 4, 16, 20, 0, 4, 16, 20, 0, 4, 16, 20);
    const there = i8x16.ne(v128.load32_zero(mask), i8x16.splat(0));
    v128.store32_lane(to, v128.and(bytes, there), 0);
  }
  for (; i < count; i++, from += 8, mask++, to++) {
    const byte = scaled(v128.load64_splat(from), lows, highs, widths, most);
    store<u8>(to, load<u8>(mask) == 0 ? 0 : i8x16.extract_lane_u(byte, 0));
  }
}

/** `count` float64 at `at`, by scale and offset; NaN where a byte of `mask` is 0. There is room for one more of each. */
export function scaleNumbers(at: usize, mask: usize, count: i32, scale: f64, offset: f64): void {
  const scales = f64x2.splat(scale), offsets = f64x2.splat(offset), none = f64x2.splat(NaN);
  for (let i = 0; i < count; i += 2, at += 16, mask += 2) {
    const there = i64x2(load<u8>(mask), load<u8>(mask, 1));
    const value = f64x2.add(f64x2.mul(v128.load(at), scales), offsets);
    v128.store(at, v128.bitselect(none, value, i64x2.eq(there, i64x2.splat(0))));
  }
}

/** Two int32. NaN stays itself where it is compared, and becomes 0. */
@inline
function scaled(values: v128, low: v128, high: v128, width: v128, most: v128): v128 {
  const cut = v128.bitselect(low, v128.bitselect(high, values, f64x2.gt(values, high)), f64x2.lt(values, low));
  return i32x4.trunc_sat_f64x2_s_zero(f64x2.mul(f64x2.div(f64x2.sub(cut, low), width), most));
}
