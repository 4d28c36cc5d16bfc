/** JPEG and WebP: small, and not to be measured in. */
import { type Picture, rgbaOf } from "../picture.ts";
import { jpegEncoder, webpEncoder } from "./wasm_encoders.ts";

/** Of 0 to 100; that of most tile servers. */
const LOSSY_QUALITY = 75;

/** Encoders take all of their options; these are libwebp's and mozjpeg's defaults but for those that cost time. */
const WEBP_OPTIONS = {
  quality: LOSSY_QUALITY,
  target_size: 0,
  target_PSNR: 0,
  // The fastest of 0 to 6: a tenth of the time for a tenth more bytes.
  method: 0,
  sns_strength: 50,
  filter_strength: 60,
  filter_sharpness: 0,
  filter_type: 1,
  partitions: 0,
  segments: 4,
  pass: 1,
  show_compressed: 0,
  preprocessing: 0,
  autofilter: 0,
  partition_limit: 0,
  alpha_compression: 1,
  alpha_filtering: 1,
  alpha_quality: 100,
  lossless: 0,
  exact: 0,
  image_hint: 0,
  emulate_jpeg_size: 0,
  thread_level: 0,
  low_memory: 0,
  near_lossless: 100,
  use_delta_palette: 0,
  use_sharp_yuv: 0,
};

const YCBCR = 3;
const JPEG_OPTIONS = {
  quality: LOSSY_QUALITY,
  baseline: true,
  arithmetic: false,
  progressive: false,
  optimize_coding: false,
  smoothing: 0,
  color_space: YCBCR,
  quant_table: 0,
  trellis_multipass: false,
  trellis_opt_zero: false,
  trellis_opt_table: false,
  trellis_loops: 1,
  auto_subsample: true,
  chroma_subsample: 2,
  separate_chroma_quality: false,
  chroma_quality: LOSSY_QUALITY,
};

/** The bytes of a JPEG file. It has no opacity: transparent pixels show the colour that they have. */
export async function encodeJpeg(picture: Picture): Promise<Uint8Array> {
  const encode = await jpegEncoder();
  return taken("JPEG", encode(rgbaOf(picture), picture.width, picture.height, JPEG_OPTIONS));
}

/** The bytes of a WebP file, with its opacity. */
export async function encodeWebp(picture: Picture): Promise<Uint8Array> {
  const encode = await webpEncoder();
  return taken("WebP", encode(rgbaOf(picture), picture.width, picture.height, WEBP_OPTIONS));
}

/** A copy: the encoder's bytes lie in memory that the next picture overwrites. */
function taken(format: string, bytes: Uint8Array | null): Uint8Array {
  if (bytes === null || bytes.length === 0) throw new Error(`the ${format} encoder gave nothing`);
  return bytes.slice();
}
