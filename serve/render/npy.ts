/** NumPy's file of an array (format 1.0): bands by rows by columns, and the mask as a last band. */
import { dtypeOf } from "../../core/raster/warp/warp.ts";
import { anyValid, type Pixels } from "../../core/raster/pixels.ts";
import type { GridDtype, GridValues } from "../../core/raster/grid.ts";

const CODES: Readonly<Record<GridDtype, string>> = {
  int8: "|i1",
  uint8: "|u1",
  int16: "<i2",
  uint16: "<u2",
  int32: "<i4",
  uint32: "<u4",
  float32: "<f4",
  float64: "<f8",
};
const HEADER_UNIT = 64;
const VALID = 255;

/** All bands have one type, that of the first. The mask's band holds 255 where there is a value. */
export function encodeNpy(pixels: Pixels, withMask: boolean): Uint8Array {
  const { width, height, bands } = pixels;
  const [first] = bands;
  const count = bands.length + (withMask ? 1 : 0);
  const text = `{'descr': '${
    CODES[dtypeOf(first)]
  }', 'fortran_order': False, 'shape': (${count}, ${height}, ${width}), }`;
  const length = Math.ceil((10 + text.length + 1) / HEADER_UNIT) * HEADER_UNIT;
  const bytes = new Uint8Array(length + count * width * height * first.BYTES_PER_ELEMENT);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, (length - 10) & 255, (length - 10) >> 8]);
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 11)}\n`), 10);
  // The header's length is a multiple of every element's size, so that values may be written in place.
  const values = new (first.constructor as new (buffer: ArrayBuffer, offset: number) => GridValues)(
    bytes.buffer as ArrayBuffer,
    length,
  );
  for (const [i, band] of bands.entries()) values.set(band, i * width * height);
  if (withMask) {
    const mask = anyValid(pixels);
    const from = bands.length * width * height;
    for (let i = 0; i < mask.length; i++) values[from + i] = mask[i] === 0 ? 0 : VALID;
  }
  return bytes;
}
