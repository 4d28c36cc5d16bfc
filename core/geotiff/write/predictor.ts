/**
 * Cells of one tile as the bytes that are compressed: bands side by side in every cell, differences of
 * neighbours (TIFF's predictor 2 for integers; for floats predictor 3, Adobe Photoshop TIFF Technical Note
 * 3), and the edge cells repeated where the tile reaches past the image.
 */
import { elementBytes, makeValues } from "../../element_types.ts";
import { memoryOf } from "../../kernels/memory.ts";
import type { GridDtype, GridValues } from "../../raster/grid.ts";

/** No differences, horizontal differences, byte planes of floats: the values of TIFF's Predictor. */
export type Predictor = 1 | 2 | 3;

export function predictorOf(dtype: GridDtype): Predictor {
  return dtype === "float32" || dtype === "float64" ? 3 : 2;
}

/**
 * The bytes of a square tile, before compression. `bands[i]` holds `width * height` cells, row-major, with
 * `width` and `height` at most `tileSize`. They go into `out`, which must be as long as they are.
 */
export function tileBytes(
  bands: readonly GridValues[],
  width: number,
  height: number,
  tileSize: number,
  dtype: GridDtype,
  predictor: Predictor,
  out: Uint8Array<ArrayBuffer>,
): void {
  const rowBytes = tileSize * bands.length * elementBytes(dtype);
  if (width < tileSize) out.fill(0);
  const shape: TileShape = { width, height, tileSize, bands: bands.length };
  if (predictor === 3) {
    const put = dtype === "float32" ? putPlanes32 : putPlanes64;
    bands.forEach((values, b) => put(values, shape, b, out));
  } else {
    const cells = makeValues(dtype, out.buffer, out.byteOffset, tileSize * tileSize * bands.length);
    const put = predictor === 2 ? putDifferences : putPlain;
    bands.forEach((values, b) => put(values, shape, b, cells));
  }
  for (let row = height; row < tileSize; row++) {
    out.copyWithin(row * rowBytes, (height - 1) * rowBytes, height * rowBytes);
  }
}

/** Where a band's cells go: `width * height` of them into a square of `tileSize`, beside those of other bands. */
interface TileShape {
  readonly width: number;
  readonly height: number;
  readonly tileSize: number;
  readonly bands: number;
}

function putPlain(
  values: GridValues,
  { width, height, tileSize, bands }: TileShape,
  band: number,
  out: GridValues,
): void {
  if (bands === 1) {
    for (let row = 0; row < height; row++) {
      const to = row * tileSize, last = (row + 1) * width;
      out.set(values.subarray(last - width, last), to);
      if (width < tileSize) out.fill(values[last - 1], to + width, to + tileSize);
    }
    return;
  }
  for (let row = 0; row < height; row++) {
    const source = row * width;
    let at = row * tileSize * bands + band;
    for (let x = 0; x < tileSize; x++, at += bands) {
      out[at] = values[source + (x < width ? x : width - 1)];
    }
  }
}

/** Differences of neighbours in a row, modulo the type's width; those past the edge are zero. */
function putDifferences(
  values: GridValues,
  { width, height, tileSize, bands }: TileShape,
  band: number,
  out: GridValues,
): void {
  for (let row = 0; row < height; row++) {
    const source = row * width;
    let at = row * tileSize * bands + band;
    let before = 0;
    for (let x = 0; x < width; x++, at += bands) {
      const value = values[source + x];
      out[at] = value - before;
      before = value;
    }
  }
}

/** Each row as planes of bytes, the most significant first, and differences of neighbouring bytes. */
function putPlanes32(values: GridValues, shape: TileShape, band: number, out: Uint8Array): void {
  const { width, height, tileSize, bands } = shape;
  const memory = memoryOf(values, out);
  if (memory !== undefined && bands === 1) {
    memory.kernels.splitFloats(values.byteOffset, width, height, tileSize, out.byteOffset);
    return;
  }
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const plane = tileSize * bands;
  for (let row = 0; row < height; row++) {
    const source = row * width;
    // The last cell of a plane stands before the first of the next; past the edge it is the image's last.
    let before = bits[source + width - 1] >>> 8;
    let at = row * plane * 4 + band;
    for (let x = 0; x < width; x++, at += bands) {
      const value = bits[source + x];
      const difference = bytesApart(value, before);
      out[at] = difference >>> 24;
      out[at + plane] = difference >>> 16;
      out[at + 2 * plane] = difference >>> 8;
      out[at + 3 * plane] = difference;
      before = value;
    }
  }
}

/** Four differences of bytes at once, each without a loan from its neighbour. */
function bytesApart(value: number, before: number): number {
  return ((value | HIGH_BITS) - (before & ~HIGH_BITS)) ^ ((value ^ ~before) & HIGH_BITS);
}

/** The highest bit of each of four bytes. */
const HIGH_BITS = 0x80808080 | 0;

/** The same for doubles. */
function putPlanes64(
  values: GridValues,
  { width, height, tileSize, bands }: TileShape,
  band: number,
  out: Uint8Array,
): void {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const plane = tileSize * bands;
  for (let row = 0; row < height; row++) {
    const start = row * plane * 8 + band;
    const source = row * width * 8;
    let before = 0;
    for (let p = 0; p < 8; p++) {
      // Little-endian: the most significant byte is the last.
      const byte = source + 7 - p;
      let at = start + p * plane;
      for (let x = 0; x < width; x++, at += bands) {
        const value = bytes[byte + x * 8];
        out[at] = value - before;
        before = value;
      }
    }
  }
}
