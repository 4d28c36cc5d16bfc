/** Copies `rows` rows of `bytes` bytes; strides are bytes from one row to the next, and may be negative. */
export function copyRows(
  from: usize,
  stride: usize,
  to: usize,
  toStride: usize,
  bytes: usize,
  rows: i32,
): void {
  for (let row = 0; row < rows; row++, from += stride, to += toStride) memory.copy(to, from, bytes);
}
