/** Formats of images, by the endings that clients write, and their media types. */

export const IMAGE_FORMATS = ["png", "npy", "tif", "tiff", "jpeg", "jpg", "jp2", "webp", "pngraw"] as const;
export type ImageFormat = typeof IMAGE_FORMATS[number];

export const MEDIA_TYPES: Readonly<Record<ImageFormat, string>> = {
  png: "image/png",
  pngraw: "image/png",
  npy: "application/x-binary",
  tif: "image/tiff; application=geotiff",
  tiff: "image/tiff; application=geotiff",
  jpeg: "image/jpeg",
  jpg: "image/jpg",
  jp2: "image/jp2",
  webp: "image/webp",
};
