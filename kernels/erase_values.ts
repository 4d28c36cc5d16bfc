/** Values that mean that there is none, as NaN. */

/** Writes NaN where a float32 equals `fill`. */
export function eraseFloat32(values: usize, rows: i32, fill: f32): void {
  const fills = f32x4.splat(fill), none = f32x4.splat(NaN);
  for (const end = values + (<usize>(rows & ~3) << 2); values < end; values += 16) {
    const four = v128.load(values);
    v128.store(values, v128.bitselect(none, four, f32x4.eq(four, fills)));
  }
  for (let i = rows & 3; i > 0; i--, values += 4) {
    if (load<f32>(values) == fill) store<f32>(values, NaN);
  }
}

/** The same of float64. */
export function eraseFloat64(values: usize, rows: i32, fill: f64): void {
  const fills = f64x2.splat(fill), none = f64x2.splat(NaN);
  for (const end = values + (<usize>(rows & ~1) << 3); values < end; values += 16) {
    const two = v128.load(values);
    v128.store(values, v128.bitselect(none, two, f64x2.eq(two, fills)));
  }
  if ((rows & 1) != 0 && load<f64>(values) == fill) store<f64>(values, NaN);
}
