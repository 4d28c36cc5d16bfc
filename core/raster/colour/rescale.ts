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

/** Every byte once. */
const BYTES = new Uint8Array(256).map((_, value) => value);

function rescaleBand(band: GridValues, mask: Uint8Array, range: ValueRange): Uint8Array {
  if (!(band instanceof Uint8Array)) return scaleAll(band, range, mask);
  const scaled = scaleAll(BYTES, range);
  const bytes = new Uint8Array(band.length);
  for (let i = 0; i < bytes.length; i++) if (mask[i] !== 0) bytes[i] = scaled[band[i]];
  return bytes;
}

/** Written as numpy computes it: a product with 255 / width would differ in last bits, which a cut shows. */
function scaleAll(values: GridValues, [low, high]: ValueRange, mask: Uint8Array | null = null): Uint8Array {
  const bytes = new Uint8Array(values.length);
  const width = high - low;
  for (let i = 0; i < bytes.length; i++) {
    if (mask !== null && mask[i] === 0) continue;
    const value = values[i];
    bytes[i] = ((value < low ? low : value > high ? high : value) - low) / width * 255;
  }
  return bytes;
}
