/** Pixels as the bytes of an image, by the format and the colours that a request asks for. */
import {
  type AppliedColormap,
  colourPixels,
  needsMask,
  plainPicture,
} from "../../core/raster/colour/apply.ts";
import { namedColormap } from "../../core/raster/colour/colormaps.ts";
import { adjustColours, parseColourFormula } from "../../core/raster/colour/formula.ts";
import { rescaleToBytes, type ValueRange } from "../../core/raster/colour/rescale.ts";
import { encodeJpeg, encodeWebp } from "../../core/raster/encode/lossy.ts";
import { encodePng } from "../../core/raster/encode/png.ts";
import type { Picture } from "../../core/raster/picture.ts";
import type { Pixels } from "../../core/raster/pixels.ts";
import { type ImageFormat, MEDIA_TYPES } from "../parameters/formats.ts";
import { parseColormap, type RenderParameters, rescaleRanges } from "../parameters/render.ts";
import { encodeNpy } from "./npy.ts";

export interface ImageBytes {
  readonly bytes: Uint8Array;
  readonly type: string;
}

/** Whether an image needs ranges that the request doesn't state: colours of a request's own are of values. */
export function wantsRanges(render: RenderParameters, format: ImageFormat | null): boolean {
  return format !== "npy" && rescaleRanges(render) === null && render.colormap === undefined;
}

/**
 * Without a format, JPEG where every pixel is seen and PNG where some are not.
 * @param chosen ranges of the bands where the request states none; null leaves bytes as they are
 */
export async function encodeImage(
  pixels: Pixels,
  format: ImageFormat | null,
  render: RenderParameters,
  chosen: readonly ValueRange[] | null,
): Promise<ImageBytes> {
  const ranges = rescaleRanges(render) ?? chosen;
  const scaled = ranges === null ? pixels : rescaleToBytes(pixels, ranges);
  if (format === "npy") return { bytes: encodeNpy(scaled, render.return_mask), type: MEDIA_TYPES.npy };
  const masked = render.return_mask && needsMask(pixels);
  const picture = pictureOf(scaled, render, masked);
  const made = format ?? (masked ? "png" : "jpeg");
  return { bytes: await encoded(picture, made), type: MEDIA_TYPES[made] };
}

function encoded(picture: Picture, format: Exclude<ImageFormat, "npy">): Promise<Uint8Array> | Uint8Array {
  switch (format) {
    case "png":
    case "pngraw":
      return encodePng(picture);
    case "jpeg":
    case "jpg":
      return encodeJpeg(picture);
    case "webp":
      return encodeWebp(picture);
  }
}

function pictureOf(scaled: Pixels, render: RenderParameters, masked: boolean): Picture {
  const { color_formula: formula } = render;
  const pixels = formula === undefined ? scaled : adjustColours(scaled, parseColourFormula(formula));
  const colormap = colormapOf(render);
  return colormap === null ? plainPicture(pixels, masked) : colourPixels(pixels, colormap, masked);
}

function colormapOf({ colormap, colormap_name: name }: RenderParameters): AppliedColormap | null {
  if (colormap !== undefined) return parseColormap(colormap);
  return name === undefined ? null : { kind: "bytes", colours: namedColormap(name) };
}
