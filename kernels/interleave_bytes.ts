/** Channels of a picture, side by side. */

/** `count` bytes, each followed by 255 where that of `mask` is 1 and by 0 where it is 0. */
export function interleaveMask(values: usize, mask: usize, count: i32, to: usize): void {
  const zero = i8x16.splat(0);
  let i = 0;
  for (; i + 16 <= count; i += 16, values += 16, mask += 16, to += 32) {
    const bytes = v128.load(values), alphas = i8x16.sub(zero, v128.load(mask));
    v128.store(to, i8x16.shuffle(bytes, alphas, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    v128.store(to, i8x16.shuffle(bytes, alphas, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 16);
  }
  for (; i < count; i++, values++, mask++, to += 2) {
    store<u8>(to, load<u8>(values));
    store<u8>(to, 0 - load<u8>(mask), 1);
  }
}
