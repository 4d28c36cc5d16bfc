/**
 * Rows of float32 as planes of bytes, the most significant first, and differences of neighbouring bytes: TIFF's
 * predictor 3 for one band. `width * height` cells without gaps become rows of `tileSize` cells; those past the edge
 * repeat the last one.
 */
export function splitFloats(from: usize, width: i32, height: i32, tileSize: i32, to: usize): void {
  for (let y = 0; y < height; y++) {
    const row = <usize>(y * width) << 2;
    splitRow(from + row, width, tileSize, to + (<usize>(y * tileSize) << 2));
  }
}

function splitRow(at: usize, width: i32, tileSize: i32, to: usize): void {
  const plane = <usize>tileSize;
  // The last cell of a plane stands before the first of the next; past the edge it is the image's last.
  let before = load<u32>(at + (<usize>(width - 1) << 2)) >>> 8;
  let before3 = i8x16.splat(<i8>(before >>> 24)), before2 = i8x16.splat(<i8>(before >>> 16));
  let before1 = i8x16.splat(<i8>(before >>> 8)), before0 = i8x16.splat(<i8>before);
  let x = 16;
  for (; x <= width; x += 16, at += 64, to += 16) {
    const cells0 = v128.load(at), cells4 = v128.load(at, 16);
    const cells8 = v128.load(at, 32), cells12 = v128.load(at, 48);
    const low0 = bytes01(cells0, cells4), low8 = bytes01(cells8, cells12);
    const high0 = bytes23(cells0, cells4), high8 = bytes23(cells8, cells12);
    const byte0 = firstHalves(low0, low8), byte1 = lastHalves(low0, low8);
    const byte2 = firstHalves(high0, high8), byte3 = lastHalves(high0, high8);
    v128.store(to, differences(before3, byte3));
    v128.store(to + plane, differences(before2, byte2));
    v128.store(to + 2 * plane, differences(before1, byte1));
    v128.store(to + 3 * plane, differences(before0, byte0));
    before3 = byte3;
    before2 = byte2;
    before1 = byte1;
    before0 = byte0;
  }
  x -= 16;
  if (x > 0) before = load<u32>(at - 4);
  for (; x < width; x++, at += 4, to++) {
    const cell = load<u32>(at);
    store<u8>(to, (cell >>> 24) - (before >>> 24));
    store<u8>(to + plane, (cell >>> 16) - (before >>> 16));
    store<u8>(to + 2 * plane, (cell >>> 8) - (before >>> 8));
    store<u8>(to + 3 * plane, cell - before);
    before = cell;
  }
  const rest = <usize>(tileSize - width);
  for (let i: usize = 0; i < 4; i++) memory.fill(to + i * plane, 0, rest);
}

/** The lowest byte of each of eight cells, then the second. */
@inline
function bytes01(first: v128, last: v128): v128 {
  return i8x16.shuffle(first, last, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
}

/** The third byte of each of eight cells, then the highest. */
@inline
function bytes23(first: v128, last: v128): v128 {
  return i8x16.shuffle(first, last, 2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
}

@inline
function firstHalves(first: v128, last: v128): v128 {
  return i8x16.shuffle(first, last, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
}

@inline
function lastHalves(first: v128, last: v128): v128 {
  return i8x16.shuffle(first, last, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}

/** Of sixteen bytes, each less the one before it; the first less the last of `before`. */
@inline
function differences(before: v128, bytes: v128): v128 {
  const shifted = i8x16.shuffle(before, bytes, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  return i8x16.sub(bytes, shifted);
}
