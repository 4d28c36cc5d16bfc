/** Values to bytes: a range becomes 0 to 255, what lies beyond it its ends. */
import { bytesOfRange } from "../../kernels/pixels.ts";
import type { GridValues } from "../grid.ts";
import type { Pixels } from "../pixels.ts";

export type ValueRange = readonly [low: number, high: number];

/**
 * Bands as bytes, cut and not rounded, as numpy casts. One range serves all bands, or each has its own;
 * bands beyond the last range take the last. Pixels without a value are 0.
 */
export function rescaleToBytes(pixels: Pixels, ranges: readonly ValueRange[]): Pixels {
  return {
    ...pixels,
    bands: pixels.bands.map((band, b) =>
      rescaleBand(band, pixels.masks[b], ranges[Math.min(b, ranges.length - 1)])
    ),
  };
}

/** Every byte once, and that each is there. */
const BYTES = new Uint8Array(256).map((_, value) => value);
const ALL = new Uint8Array(256).fill(1);

function rescaleBand(band: GridValues, mask: Uint8Array, range: ValueRange): Uint8Array {
  if (!(band instanceof Uint8Array)) return bytesOfRange(band, mask, range);
  const scaled = bytesOfRange(BYTES, ALL, range);
  const bytes = new Uint8Array(band.length);
  for (let i = 0; i < bytes.length; i++) if (mask[i] !== 0) bytes[i] = scaled[band[i]];
  return bytes;
}
