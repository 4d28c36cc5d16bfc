/**
 * Arithmetic on float64 rows, two at a time: of an odd number, one more is read and written. A step is the bytes from
 * one pair of an argument to the next, 16, or 0 for one pair that stands for all.
 */

export function addRows(to: usize, a: usize, aStep: usize, b: usize, bStep: usize, rows: i32): void {
  for (const end = to + pairBytes(rows); to < end; to += 16, a += aStep, b += bStep) {
    v128.store(to, f64x2.add(v128.load(a), v128.load(b)));
  }
}

export function subtractRows(to: usize, a: usize, aStep: usize, b: usize, bStep: usize, rows: i32): void {
  for (const end = to + pairBytes(rows); to < end; to += 16, a += aStep, b += bStep) {
    v128.store(to, f64x2.sub(v128.load(a), v128.load(b)));
  }
}

export function multiplyRows(to: usize, a: usize, aStep: usize, b: usize, bStep: usize, rows: i32): void {
  for (const end = to + pairBytes(rows); to < end; to += 16, a += aStep, b += bStep) {
    v128.store(to, f64x2.mul(v128.load(a), v128.load(b)));
  }
}

export function divideRows(to: usize, a: usize, aStep: usize, b: usize, bStep: usize, rows: i32): void {
  for (const end = to + pairBytes(rows); to < end; to += 16, a += aStep, b += bStep) {
    v128.store(to, f64x2.div(v128.load(a), v128.load(b)));
  }
}

@inline
function pairBytes(rows: i32): usize {
  return <usize>((rows + 1) & ~1) << 3;
}
