/** What encoders take: pixels that have their colours. */

/** A byte a pixel, each the index of a colour. */
export interface IndexedPicture {
  readonly kind: "indexed";
  readonly width: number;
  readonly height: number;
  readonly indices: Uint8Array;
  /** Red, green, blue and alpha of up to 256 colours. */
  readonly palette: Uint8Array;
}

/** One (gray), two (gray, alpha), three (RGB) or four (RGBA) samples a pixel, interleaved. */
export interface SampledPicture {
  readonly kind: "sampled";
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  /** Bytes, or 16-bit numbers for formats that have them. */
  readonly samples: Uint8Array | Uint16Array;
}

export type Picture = IndexedPicture | SampledPicture;

/** Four bytes a pixel: red, green, blue, alpha. Of 16-bit samples the upper byte is kept. */
export function rgbaOf(picture: Picture): Uint8Array {
  const pixels = picture.width * picture.height;
  const rgba = new Uint8Array(4 * pixels);
  if (picture.kind === "indexed") {
    const { indices, palette } = picture;
    for (let i = 0; i < pixels; i++) {
      const from = 4 * indices[i];
      rgba[4 * i] = palette[from];
      rgba[4 * i + 1] = palette[from + 1];
      rgba[4 * i + 2] = palette[from + 2];
      rgba[4 * i + 3] = palette[from + 3];
    }
    return rgba;
  }
  const { channels } = picture;
  const samples = bytesOf(picture.samples);
  const coloured = channels >= 3 ? 1 : 0;
  const alpha = channels === 2 || channels === 4 ? channels - 1 : -1;
  for (let i = 0; i < pixels; i++) {
    const from = channels * i;
    rgba[4 * i] = samples[from];
    rgba[4 * i + 1] = samples[from + coloured];
    rgba[4 * i + 2] = samples[from + 2 * coloured];
    rgba[4 * i + 3] = alpha < 0 ? 255 : samples[from + alpha];
  }
  return rgba;
}

function bytesOf(samples: Uint8Array | Uint16Array): Uint8Array {
  return samples instanceof Uint8Array ? samples : Uint8Array.from(samples, (value) => value >> 8);
}
