/**
 * Means of every 2 x 2 cells of the other types, as core/geotiff/write/fold.ts defines them; see averageFloats for
 * the arguments.
 */

export function averageInt8(
  from: usize,
  stride: usize,
  width: i32,
  height: i32,
  to: usize,
  toStride: usize,
  empty: f64,
  instead: f64,
): void {
  averageIntegers<i8>(from, stride, width, height, to, toStride, empty, instead);
}

export function averageUint8(
  from: usize,
  stride: usize,
  width: i32,
  height: i32,
  to: usize,
  toStride: usize,
  empty: f64,
  instead: f64,
): void {
  averageIntegers<u8>(from, stride, width, height, to, toStride, empty, instead);
}

export function averageInt16(
  from: usize,
  stride: usize,
  width: i32,
  height: i32,
  to: usize,
  toStride: usize,
  empty: f64,
  instead: f64,
): void {
  averageIntegers<i16>(from, stride, width, height, to, toStride, empty, instead);
}

export function averageUint16(
  from: usize,
  stride: usize,
  width: i32,
  height: i32,
  to: usize,
  toStride: usize,
  empty: f64,
  instead: f64,
): void {
  averageIntegers<u16>(from, stride, width, height, to, toStride, empty, instead);
}

export function averageInt32(
  from: usize,
  stride: usize,
  width: i32,
  height: i32,
  to: usize,
  toStride: usize,
  empty: f64,
  instead: f64,
): void {
  averageIntegers<i32>(from, stride, width, height, to, toStride, empty, instead);
}

export function averageUint32(
  from: usize,
  stride: usize,
  width: i32,
  height: i32,
  to: usize,
  toStride: usize,
  empty: f64,
  instead: f64,
): void {
  averageIntegers<u32>(from, stride, width, height, to, toStride, empty, instead);
}

/** Sums are exact, and rounded half away from zero. */
function averageIntegers<T>(
  from: usize,
  stride: usize,
  width: i32,
  height: i32,
  to: usize,
  toStride: usize,
  empty: f64,
  instead: f64,
): void {
  const hasEmpty = empty == empty;
  const none = hasEmpty ? <i64>empty : i64.MAX_VALUE, other = hasEmpty ? <i64>instead : 0;
  for (let y = 0; y < height; y += 2) {
    let upper = from + <usize>y * stride;
    // At an odd edge a row or column stands for both: equal weights leave the mean as it is.
    let lower = y + 1 < height ? upper + stride : upper;
    let out = to + <usize>(y >> 1) * toStride;
    for (let x = 0; x < width; x += 2) {
      const right: usize = x + 1 < width ? sizeof<T>() : 0;
      const a = <i64>load<T>(upper), b = <i64>load<T>(upper + right);
      const c = <i64>load<T>(lower), d = <i64>load<T>(lower + right);
      const sum = a + b + c + d;
      let mean: i64;
      if (a != none && b != none && c != none && d != none) {
        mean = sum < 0 ? -((2 - sum) >> 2) : (sum + 2) >> 2;
        if (mean == none) mean = other;
      } else {
        const count = i64(a != none) + i64(b != none) + i64(c != none) + i64(d != none);
        if (count == 0) mean = none;
        else {
          const valid = sum - (4 - count) * none;
          mean = valid < 0 ? -((count - 2 * valid) / (2 * count)) : (2 * valid + count) / (2 * count);
          if (mean == none) mean = other;
        }
      }
      store<T>(out, <T>mean);
      upper += 2 * sizeof<T>();
      lower += 2 * sizeof<T>();
      out += sizeof<T>();
    }
  }
}
