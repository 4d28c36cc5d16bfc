/** Pixels as the bytes of an image, by the format and the colours that a request asks for. */
import { encodePng } from "../../core/raster/encode/png.ts";
import { anyValid, isComplete, type Pixels } from "../../core/raster/pixels.ts";
import type { SampledPicture } from "../../core/raster/picture.ts";
import { badRequest } from "../http/problem.ts";
import { type ImageFormat, MEDIA_TYPES } from "../parameters/formats.ts";
import { type RenderParameters, rescaleRanges, type ValueRange } from "../parameters/render.ts";
import { encodeNpy } from "./npy.ts";

export interface ImageBytes {
  readonly bytes: Uint8Array;
  readonly type: string;
}

/** @param chosen ranges of the bands where the request states none; null leaves bytes as they are */
export function encodeImage(
  pixels: Pixels,
  format: ImageFormat | null,
  render: RenderParameters,
  chosen: readonly ValueRange[] | null,
): ImageBytes {
  const made = format ?? "png";
  const type = MEDIA_TYPES[made];
  if (made === "npy") {
    const ranges = rescaleRanges(render);
    const values = ranges === null
      ? pixels
      : { ...pixels, bands: pixels.bands.map((band, i) => bytesOf(band, rangeOf(ranges, i))) };
    return { bytes: encodeNpy(values, render.return_mask), type };
  }
  const picture = pictureOf(pixels, rescaleRanges(render) ?? chosen, render.return_mask);
  return { bytes: encodePng(picture), type };
}

function pictureOf(pixels: Pixels, ranges: readonly ValueRange[] | null, withMask: boolean): SampledPicture {
  const { width, height, bands } = pixels;
  if (bands.length !== 1 && bands.length !== 3) {
    throw badRequest(
      `an image of ${bands.length} bands (wanted one, or three for colours: choose them by assets, bidx or variables)`,
    );
  }
  const samples = bands.map((band, i) => bytesOf(band, ranges === null ? null : rangeOf(ranges, i)));
  const alpha = withMask && !isComplete(pixels) ? anyValid(pixels) : null;
  const channels = (bands.length + (alpha === null ? 0 : 1)) as 1 | 2 | 3 | 4;
  const out = new Uint8Array(width * height * channels);
  for (const [c, band] of samples.entries()) {
    for (let i = 0; i < band.length; i++) out[i * channels + c] = band[i];
  }
  if (alpha !== null) {
    for (let i = 0; i < alpha.length; i++) out[i * channels + channels - 1] = alpha[i] === 0 ? 0 : 255;
  }
  return { kind: "sampled", width, height, channels, samples: out };
}

function rangeOf(ranges: readonly ValueRange[], band: number): ValueRange {
  return ranges[ranges.length === 1 ? 0 : band] ?? ranges[0];
}

/** Values within the range as 0 to 255, cut off to whole numbers. */
function bytesOf(band: Pixels["bands"][number], range: ValueRange | null): Uint8Array {
  if (range === null) return band instanceof Uint8Array ? band : Uint8Array.from(band);
  const [low, high] = range;
  const factor = high > low ? 255 / (high - low) : 0;
  const out = new Uint8Array(band.length);
  for (let i = 0; i < band.length; i++) {
    const value = (band[i] - low) * factor;
    out[i] = value > 0 ? value < 255 ? value : 255 : 0;
  }
  return out;
}
