/** Values to colours. */
import { inputError } from "../../errors.ts";
import { withOpacity } from "../../kernels/pixels.ts";
import type { GridValues } from "../grid.ts";
import { anyValid, isComplete, type Pixels } from "../pixels.ts";
import type { IndexedPicture, Picture, SampledPicture } from "../picture.ts";

export type Rgba = readonly [red: number, green: number, blue: number, alpha: number];

/**
 * A map from bytes (256 colours of red, green, blue), from single values, or from intervals, `low` to before
 * `high`, of which the last that holds a value gives its colour. Values without a colour are transparent.
 */
export type AppliedColormap =
  | { readonly kind: "bytes"; readonly colours: Uint8Array }
  | { readonly kind: "values"; readonly colours: ReadonlyMap<number, Rgba> }
  | {
    readonly kind: "intervals";
    readonly intervals: readonly { readonly low: number; readonly high: number; readonly colour: Rgba }[];
  };

/** Colours of one picture that a palette can hold. */
const PALETTE_COLOURS = 256;
const TRANSPARENT: Rgba = [0, 0, 0, 0];

/**
 * One band in the colours of a map; pixels without a value are transparent if `masked`. Throws an input error
 * for several bands.
 */
export function colourPixels(pixels: Pixels, map: AppliedColormap, masked: boolean = true): Picture {
  const { width, height, bands, masks } = pixels;
  if (bands.length !== 1) {
    throw inputError(`a colormap colours one band, not ${bands.length} (choose one, or compute one)`);
  }
  const mask = masked ? masks[0] : null;
  if (map.kind === "bytes" && bands[0] instanceof Uint8Array) {
    const picture = fromBytes({ width, height }, bands[0], mask, map.colours);
    if (picture !== undefined) return picture;
  }
  const colourOf = lookup(map);
  const places = new Map<number, number>();
  const indices = new Uint8Array(width * height);
  const palette: number[] = [];
  const seen = new Map<unknown, number>();
  for (let i = 0; i < indices.length; i++) {
    const key = mask !== null && mask[i] === 0 ? undefined : bands[0][i];
    let index = seen.get(key);
    if (index === undefined) {
      const [red, green, blue, alpha] = key === undefined ? TRANSPARENT : colourOf(key);
      const packed = ((red * 256 + green) * 256 + blue) * 256 + alpha;
      index = places.get(packed);
      if (index === undefined) {
        if (places.size === PALETTE_COLOURS) return sampled(pixels, colourOf, mask);
        index = places.size;
        places.set(packed, index);
        palette.push(red, green, blue, alpha);
      }
      seen.set(key, index);
    }
    indices[i] = index;
  }
  return {
    kind: "indexed",
    width,
    height,
    indices,
    palette: Uint8Array.from(palette),
  } satisfies IndexedPicture;
}

/** Of bytes, the palette is the map itself; undefined where all of it is used and transparency too. */
function fromBytes(
  size: { readonly width: number; readonly height: number },
  bytes: Uint8Array,
  mask: Uint8Array | null,
  colours: Uint8Array,
): IndexedPicture | undefined {
  const NONE = PALETTE_COLOURS;
  const places = new Int16Array(PALETTE_COLOURS + 1).fill(-1);
  const palette: number[] = [];
  const indices = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    const key = mask !== null && mask[i] === 0 ? NONE : bytes[i];
    if (places[key] === -1) {
      places[key] = palette.length / 4;
      if (key === NONE) palette.push(...TRANSPARENT);
      else palette.push(colours[3 * key], colours[3 * key + 1], colours[3 * key + 2], 255);
    }
    indices[i] = places[key];
  }
  if (palette.length > 4 * PALETTE_COLOURS) return undefined;
  return { kind: "indexed", ...size, indices, palette: Uint8Array.from(palette) };
}

/** The same without a palette: there are more colours than one holds. */
function sampled(
  { width, height, bands }: Pixels,
  colourOf: (value: number) => Rgba,
  mask: Uint8Array | null,
): SampledPicture {
  const samples = new Uint8Array(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    if (mask === null || mask[i] !== 0) samples.set(colourOf(bands[0][i]), 4 * i);
  }
  return { kind: "sampled", width, height, channels: 4, samples };
}

function lookup(map: AppliedColormap): (value: number) => Rgba {
  switch (map.kind) {
    case "bytes": {
      const { colours } = map;
      return (value) => {
        const at = 3 * (Math.trunc(value) & 255);
        return [colours[at], colours[at + 1], colours[at + 2], 255];
      };
    }
    case "values":
      return (value) => map.colours.get(value) ?? TRANSPARENT;
    case "intervals": {
      const { intervals } = map;
      return (value) => {
        const found = intervals.findLast(({ low, high }) => value >= low && value < high);
        return found?.colour ?? TRANSPARENT;
      };
    }
  }
}

/**
 * Bands as they are: one is gray, three are red, green and blue; a channel of opacity is added where `masked`.
 * Bytes stay bytes, uint16 stays so. Throws an input error for other numbers of bands, and for other types.
 */
export function plainPicture(pixels: Pixels, masked: boolean = true): SampledPicture {
  const { width, height, bands } = pixels;
  if (bands.length !== 1 && bands.length !== 3) {
    throw inputError(`an image has one band or three, not ${bands.length} (choose them, or compute them)`);
  }
  const wide = bands[0] instanceof Uint16Array;
  if (!bands.every((band) => wide ? band instanceof Uint16Array : band instanceof Uint8Array)) {
    throw inputError("an image has values of 8 or 16 bits without a sign (scale them by a range)");
  }
  if (masked && bands.length === 1 && bands[0] instanceof Uint8Array) {
    const samples = withOpacity(bands[0], anyValid(pixels));
    return { kind: "sampled", width, height, channels: 2, samples };
  }
  const channels = (bands.length + (masked ? 1 : 0)) as 1 | 2 | 3 | 4;
  const samples = wide
    ? new Uint16Array(channels * width * height)
    : new Uint8Array(channels * width * height);
  bands.forEach((band, b) => interleave(samples, band, channels, b, 1));
  if (masked) interleave(samples, anyValid(pixels), channels, channels - 1, wide ? 65535 : 255);
  return { kind: "sampled", width, height, channels, samples };
}

function interleave(
  samples: Uint8Array | Uint16Array,
  values: GridValues,
  channels: number,
  channel: number,
  factor: number,
): void {
  if (channels === 1 && factor === 1) return samples.set(values);
  for (let i = 0, to = channel; i < values.length; i++, to += channels) samples[to] = values[i] * factor;
}

/** Whether an image needs a channel of opacity to tell which pixels have values. */
export function needsMask(pixels: Pixels): boolean {
  return !isComplete(pixels);
}
