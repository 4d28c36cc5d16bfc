/** How many of `length` bytes from the begin on repeat the first `size` of them, which count. */
export function repeatedBytes(at: usize, length: usize, size: usize): usize {
  let i = size;
  for (; i + 16 <= length; i += 16) {
    if (!i8x16.all_true(i8x16.eq(v128.load(at + i), v128.load(at + i - size)))) break;
  }
  while (i < length && load<u8>(at + i) == load<u8>(at + i - size)) i++;
  return i;
}
