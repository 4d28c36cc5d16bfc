/** Formats of images, by the endings that clients write, and their media types. */
import { z } from "zod";

export const IMAGE_FORMATS = ["png", "npy", "tif", "tiff", "jpeg", "jpg", "webp", "pngraw"] as const;
export type ImageFormat = typeof IMAGE_FORMATS[number];

export const MEDIA_TYPES: Readonly<Record<ImageFormat, string>> = {
  png: "image/png",
  pngraw: "image/png",
  npy: "application/x-binary",
  tif: "image/tiff; application=geotiff",
  tiff: "image/tiff; application=geotiff",
  jpeg: "image/jpeg",
  // As clients of this contract have it.
  jpg: "image/jpg",
  webp: "image/webp",
};

/** The ending of an image's address, or the like. */
export const IMAGE_FORMAT = z.enum(IMAGE_FORMATS, {
  error: ({ input }) =>
    input === "jp2"
      ? "JPEG 2000 is not written here; tif holds the same pixels, with their place"
      : undefined,
});
