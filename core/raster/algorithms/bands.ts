/** Algorithms from band to band, pixel by pixel, with the names and meanings of TiTiler's and of numpy's. */
import type { GridDtype, GridValues } from "../grid.ts";
import { anyValid, type Pixels } from "../pixels.ts";
import type { Algorithm } from "./algorithm.ts";

interface Facts {
  title: string;
  description: string;
  dtype?: GridDtype;
  range?: readonly [number, number];
}

/** Values of all bands at a pixel that has any, without those that are empty. */
function overBands(
  { title, description, dtype }: Facts,
  name: string,
  reduce: (values: Float64Array) => number,
): Algorithm {
  return {
    title,
    description,
    inputBands: null,
    outputBands: 1,
    outputDtype: dtype ?? null,
    outputRange: null,
    parameters: {},
    apply(pixels) {
      const { bands, masks, width, height } = pixels;
      const float = bands.every((band) => band instanceof Float32Array);
      const out = float ? new Float32Array(width * height) : new Float64Array(width * height);
      const mask = new Uint8Array(width * height);
      const values = new Float64Array(bands.length);
      for (let i = 0; i < out.length; i++) {
        let count = 0;
        for (let b = 0; b < bands.length; b++) if (masks[b][i] === 1) values[count++] = bands[b][i];
        const value = count === 0 ? NaN : reduce(values.subarray(0, count));
        out[i] = value;
        mask[i] = Number.isNaN(value) ? 0 : 1;
      }
      return { pixels: { width, height, bands: [out], masks: [mask] }, names: [name], margin: 0 };
    },
  };
}

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);

/** Of a sample (ddof 1); NaN of a single value. */
function variance(values: Float64Array): number {
  const mean = sum(values) / values.length;
  return values.reduce((total, value) => total + (value - mean) ** 2, 0) / (values.length - 1);
}

function median(values: Float64Array): number {
  const sorted = values.toSorted();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Each value as a byte; what has no place in one wraps, as in numpy's casts. */
function toBytes({ title, description }: Facts, whole: (value: number) => number): Algorithm {
  return {
    title,
    description,
    inputBands: null,
    outputBands: null,
    outputDtype: "uint8",
    outputRange: [0, 255],
    parameters: {},
    apply: (pixels) => ({
      pixels: { ...pixels, bands: pixels.bands.map((band) => Uint8Array.from(band, whole)) },
      names: pixels.bands.map((_, i) => `b${i + 1}`),
      margin: 0,
    }),
  };
}

/** ITU-R 601-2 luma. */
function luma([red, green, blue]: readonly GridValues[], i: number): number {
  return red[i] * 299 / 1000 + green[i] * 587 / 1000 + blue[i] * 114 / 1000;
}

/** 1 where all bands have a value. */
function allValid({ width, height, masks }: Pixels): Uint8Array {
  const all = new Uint8Array(width * height).fill(1);
  for (const mask of masks) for (let i = 0; i < all.length; i++) all[i] &= mask[i];
  return all;
}

export const NORMALIZED_INDEX: Algorithm = {
  title: "Normalized Difference Index",
  description: "The difference of two bands by their sum: (b2 - b1) / (b2 + b1).",
  inputBands: 2,
  outputBands: 1,
  outputDtype: "float32",
  outputRange: [-1, 1],
  parameters: {},
  apply(pixels) {
    const [first, second] = pixels.bands;
    const mask = allValid(pixels);
    const out = new Float32Array(mask.length);
    for (let i = 0; i < out.length; i++) {
      const [a, b] = [Math.fround(first[i]), Math.fround(second[i])];
      out[i] = Math.fround(b - a) / Math.fround(b + a);
      if (!Number.isFinite(out[i])) mask[i] = 0;
    }
    return {
      pixels: { ...pixels, bands: [out], masks: [mask] },
      names: ["(b2 - b1) / (b2 + b1)"],
      margin: 0,
    };
  },
};

export const GRAYSCALE: Algorithm = {
  title: "Transform a RGB Image to Grayscale",
  description: "Brightness of red, green and blue by the ITU-R 601-2 luma.",
  inputBands: null,
  outputBands: 1,
  outputDtype: null,
  outputRange: null,
  parameters: {},
  apply(pixels) {
    if (pixels.bands.length < 3) throw new RangeError(`wanted three bands, found ${pixels.bands.length}`);
    const mask = allValid({ ...pixels, masks: pixels.masks.slice(0, 3) });
    const out = pixels.bands[0].slice();
    for (let i = 0; i < out.length; i++) out[i] = luma(pixels.bands, i);
    return { pixels: { ...pixels, bands: [out], masks: [mask] }, names: ["grayscale"], margin: 0 };
  },
};

export const BITONAL: Algorithm = {
  title: "Transform an Image to Bitonal",
  description: "Values larger than 127 become 255 (white), others 0 (black).",
  inputBands: null,
  outputBands: 1,
  outputDtype: "uint8",
  outputRange: null,
  parameters: {},
  apply(pixels) {
    const { bands, width, height } = pixels;
    if (bands.length !== 1 && bands.length !== 3) {
      throw new RangeError(`wanted one band or three, found ${bands.length}`);
    }
    const mask = bands.length === 1 ? anyValid(pixels) : allValid(pixels);
    const out = new Uint8Array(width * height);
    for (let i = 0; i < out.length; i++) {
      out[i] = (bands.length === 1 ? bands[0][i] : luma(bands, i)) > 127 ? 255 : 0;
    }
    return { pixels: { width, height, bands: [out], masks: [mask] }, names: ["bitonal"], margin: 0 };
  },
};

export const CAST = toBytes(
  { title: "Cast data to Integer", description: "Each value as a byte, cut toward zero." },
  (value) => value,
);
export const CEIL = toBytes(
  { title: "Round data to the smallest integer", description: "Each value rounded up, as a byte." },
  Math.ceil,
);
export const FLOOR = toBytes(
  { title: "Round data to the largest integer", description: "Each value rounded down, as a byte." },
  Math.floor,
);

const about = (what: string) => `${what} of the bands that have a value.`;
export const MIN = overBands({ title: "Min", description: about("The least") }, "min", (v) => Math.min(...v));
export const MAX = overBands(
  { title: "Max", description: about("The largest") },
  "max",
  (v) => Math.max(...v),
);
export const SUM = overBands({ title: "Sum", description: about("The sum") }, "sum", sum);
export const MEDIAN = overBands(
  { title: "Median", description: about("The median"), dtype: "float64" },
  "median",
  median,
);
export const MEAN = overBands(
  { title: "Mean", description: about("The mean"), dtype: "float64" },
  "mean",
  (values) => sum(values) / values.length,
);
export const STD = overBands(
  { title: "Standard deviation", description: about("The sample's standard deviation"), dtype: "float64" },
  "std",
  (values) => Math.sqrt(variance(values)),
);
export const VAR = overBands(
  { title: "Variance", description: about("The sample's variance"), dtype: "float64" },
  "var",
  variance,
);
