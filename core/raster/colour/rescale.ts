/** Values to bytes: a range becomes 0 to 255, what lies beyond it its ends. */
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

function rescaleBand(band: GridValues, mask: Uint8Array, [low, high]: ValueRange): Uint8Array {
  const bytes = new Uint8Array(band.length);
  const width = high - low;
  // Written as numpy computes it: a product with 255 / width would differ in last bits, which a cut shows.
  const scaled = (value: number) => ((value < low ? low : value > high ? high : value) - low) / width * 255;
  if (band instanceof Uint8Array) {
    const all = Uint8Array.from({ length: 256 }, (_, value) => scaled(value));
    for (let i = 0; i < bytes.length; i++) if (mask[i] !== 0) bytes[i] = all[band[i]];
    return bytes;
  }
  for (let i = 0; i < bytes.length; i++) if (mask[i] !== 0) bytes[i] = scaled(band[i]);
  return bytes;
}
