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
import { encodeGeotiff } from "../../core/raster/encode/geotiff.ts";
import { encodeJpeg, encodeWebp } from "../../core/raster/encode/lossy.ts";
import { encodePng } from "../../core/raster/encode/png.ts";
import { type IndexedPicture, type Picture, rgbaOf } from "../../core/raster/picture.ts";
import type { OutputGrid, Pixels } from "../../core/raster/pixels.ts";
import { badRequest } from "../http/problem.ts";
import { type ImageFormat, MEDIA_TYPES } from "../parameters/formats.ts";
import { parseColormap, type RenderParameters, rescaleRanges } from "../parameters/render.ts";
import { encodeNpy } from "./npy.ts";

interface ImageBytes {
  readonly bytes: Uint8Array;
  readonly type: string;
}

/** Formats of values, which are left as they are unless the request scales or colours them. */
const VALUE_FORMATS: readonly ImageFormat[] = ["npy", "tif", "tiff"];

/** Whether an image needs ranges that the request doesn't state: colours of a request's own are of values. */
export function wantsRanges(render: RenderParameters, format: ImageFormat | null): boolean {
  if (rescaleRanges(render) !== null || render.colormap !== undefined) return false;
  return format === null || !VALUE_FORMATS.includes(format) || render.colormap_name !== undefined;
}

/**
 * Without a format, JPEG where every pixel is seen and PNG where some are not.
 * @param output where the pixels lie, for formats that say it
 * @param chosen ranges of the bands where the request states none; null leaves bytes as they are
 */
export async function encodeImage(
  pixels: Pixels,
  output: OutputGrid,
  format: ImageFormat | null,
  render: RenderParameters,
  chosen: readonly ValueRange[] | null,
): Promise<ImageBytes> {
  const ranges = rescaleRanges(render) ?? chosen;
  const scaled = adjusted(ranges === null ? pixels : rescaleToBytes(pixels, ranges), render);
  const colormap = colormapOf(render);
  const masked = render.return_mask && needsMask(pixels);
  const made = format ?? (masked ? "png" : "jpeg");
  const type = MEDIA_TYPES[made];
  if (made === "npy" || made === "tif" || made === "tiff") {
    const values = colormap === null ? scaled : bandsOf(colourPixels(scaled, colormap));
    const bytes = made === "npy"
      ? encodeNpy(values, render.return_mask)
      : encodeGeotiff(values, output, render.return_mask);
    return { bytes, type };
  }
  const picture = colormap === null ? plainPicture(scaled, masked) : colourPixels(scaled, colormap, masked);
  return { bytes: await encoded(picture, made), type };
}

/** Red, green and blue as bands; what is transparent has no value. */
function bandsOf(picture: Picture): Pixels {
  const { width, height } = picture;
  const rgba = rgbaOf(picture);
  const channel = (c: number) => Uint8Array.from({ length: width * height }, (_, i) => rgba[4 * i + c]);
  const mask = channel(3).map((alpha) => alpha === 0 ? 0 : 1);
  return { width, height, bands: [channel(0), channel(1), channel(2)], masks: [mask, mask, mask] };
}

type PictureFormat = Exclude<ImageFormat, "npy" | "tif" | "tiff">;

function encoded(picture: Picture, format: PictureFormat): Promise<Uint8Array> | Uint8Array {
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

/** A frame of an animation, of at most 256 colours: in a colormap, gray unless stated. */
export function framePicture(
  pixels: Pixels,
  render: RenderParameters,
  chosen: readonly ValueRange[] | null,
): IndexedPicture {
  const ranges = rescaleRanges(render) ?? chosen;
  const scaled = ranges === null ? pixels : rescaleToBytes(pixels, ranges);
  const colormap = colormapOf(render) ?? { kind: "bytes" as const, colours: namedColormap("gray") };
  const picture = colourPixels(scaled, colormap, render.return_mask);
  if (picture.kind === "indexed") return picture;
  throw badRequest("an animation has 256 colours at most (wanted a colormap of fewer, or rescale)");
}

function adjusted(pixels: Pixels, { color_formula: formula }: RenderParameters): Pixels {
  return formula === undefined ? pixels : adjustColours(pixels, parseColourFormula(formula));
}

function colormapOf({ colormap, colormap_name: name }: RenderParameters): AppliedColormap | null {
  if (colormap !== undefined) return parseColormap(colormap);
  return name === undefined ? null : { kind: "bytes", colours: namedColormap(name) };
}
