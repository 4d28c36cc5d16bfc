/**
 * One picture of several: pixels are added source by source, in the order of preference, and only what the
 * rule needs of them is kept. Rules and their names are those of rio-tiler's pixel selections.
 */
import { inputError } from "../../errors.ts";
import type { GridValues } from "../grid.ts";
import type { Pixels } from "../pixels.ts";

/** Pixels of equal size are added; the result stands at any time. */
export interface Mosaic {
  add(pixels: Pixels): void;
  /** By band, 1 where a source has a value; undefined before anything was added. */
  valued(): readonly Uint8Array[] | undefined;
  /** Undefined before anything was added. */
  result(): Pixels | undefined;
}

/**
 * `first` keeps the first value, `highest` and `lowest` the extreme, each band by itself; `lastbandhigh` and
 * `lastbandlow` take all bands from the source whose last band is extreme, and drop that band: sources of one
 * band are an input error. `mean`, `median` and `stdev` (of the population) are of the values of all sources,
 * `count` is their number. Means
 * and medians have the type of the first source's elements, cut to whole numbers where that has none others;
 * deviations are float64.
 */
const METHODS = {
  first: () => new Choice(undefined, false),
  highest: () => new Choice((added, kept) => added > kept, false),
  lowest: () => new Choice((added, kept) => added < kept, false),
  lastbandhigh: () => new Choice((added, kept) => added > kept, true),
  lastbandlow: () => new Choice((added, kept) => added < kept, true),
  mean: () => new Moments("mean"),
  stdev: () => new Moments("stdev"),
  median: () => new Median(),
  count: () => new Count(),
} as const;

export type PixelSelection = keyof typeof METHODS;
export const PIXEL_SELECTIONS = Object.keys(METHODS) as PixelSelection[];

export function createMosaic(method: PixelSelection): Mosaic {
  return METHODS[method]();
}

function sameShape(one: Pixels, other: Pixels): void {
  if (one.width !== other.width || one.height !== other.height || one.bands.length !== other.bands.length) {
    throw inputError(
      `a mosaic of ${one.bands.length} bands of ${one.width} x ${one.height} pixels cannot take ` +
        `${other.bands.length} bands of ${other.width} x ${other.height} (wanted sources with the same bands)`,
    );
  }
}

/** Keeps one of the sources' values for each pixel. */
class Choice implements Mosaic {
  #kept: { pixels: Pixels; bands: readonly GridValues[]; masks: readonly Uint8Array[] } | undefined;
  #isOwn = false;

  /** @param better whether an added value takes the place of the kept one; undefined for never */
  constructor(
    readonly better: ((added: number, kept: number) => boolean) | undefined,
    readonly byLastBand: boolean,
  ) {}

  add(pixels: Pixels): void {
    if (this.byLastBand && pixels.bands.length < 2) {
      throw inputError("lastbandhigh and lastbandlow leave out the last band, and there is no other");
    }
    if (this.#kept === undefined) {
      this.#kept = { pixels, bands: pixels.bands, masks: pixels.masks };
      return;
    }
    sameShape(this.#kept.pixels, pixels);
    // Most pictures are of one source, which stays as it is.
    if (!this.#isOwn) {
      this.#kept.bands = this.#kept.bands.map((band) => band.slice());
      this.#kept.masks = this.#kept.masks.map((mask) => mask.slice());
      this.#isOwn = true;
    }
    const { bands, masks } = this.#kept;
    const last = bands.length - 1;
    const deciding = this.byLastBand ? bands[last].slice() : undefined;
    bands.forEach((kept, b) => {
      const added = pixels.bands[b];
      const there = pixels.masks[b];
      const mask = masks[b];
      const addedBy = deciding === undefined ? added : pixels.bands[last];
      const keptBy = deciding ?? kept;
      for (let i = 0; i < kept.length; i++) {
        if (there[i] === 0 || (mask[i] !== 0 && !this.better?.(addedBy[i], keptBy[i]))) continue;
        kept[i] = added[i];
        mask[i] = 1;
      }
    });
  }

  valued(): readonly Uint8Array[] | undefined {
    return this.#kept?.masks;
  }

  result(): Pixels | undefined {
    if (this.#kept === undefined) return undefined;
    const { pixels: { width, height }, bands, masks } = this.#kept;
    const end = this.byLastBand ? bands.length - 1 : bands.length;
    return { width, height, bands: bands.slice(0, end), masks: masks.slice(0, end) };
  }
}

/** Means and deviations by the update of Welford (1962), which loses no digits to large values. */
class Moments implements Mosaic {
  #first: Pixels | undefined;
  #sums: { count: Uint32Array; mean: Float64Array; squares: Float64Array }[] = [];

  constructor(readonly wanted: "mean" | "stdev") {}

  add(pixels: Pixels): void {
    if (this.#first === undefined) {
      this.#first = { ...pixels, bands: pixels.bands.map((band) => band.slice(0, 0)), masks: [] };
      this.#sums = pixels.bands.map(({ length }) => ({
        count: new Uint32Array(length),
        mean: new Float64Array(length),
        squares: new Float64Array(length),
      }));
    }
    sameShape(this.#first, pixels);
    this.#sums.forEach(({ count, mean, squares }, b) => {
      const band = pixels.bands[b];
      const mask = pixels.masks[b];
      for (let i = 0; i < mask.length; i++) {
        if (mask[i] === 0) continue;
        const before = band[i] - mean[i];
        mean[i] += before / ++count[i];
        squares[i] += before * (band[i] - mean[i]);
      }
    });
  }

  valued(): Uint8Array[] | undefined {
    return this.#first === undefined ? undefined : this.#masks();
  }

  #masks(): Uint8Array[] {
    return this.#sums.map(({ count }) => maskOf(count));
  }

  result(): Pixels | undefined {
    if (this.#first === undefined) return undefined;
    const { width, height, bands } = this.#first;
    return {
      width,
      height,
      bands: this.#sums.map(({ count, mean, squares }, b) =>
        this.wanted === "mean"
          ? likeFirst(bands[b], mean)
          : squares.map((sum, i) => count[i] === 0 ? 0 : Math.sqrt(Math.max(0, sum) / count[i]))
      ),
      masks: this.#masks(),
    };
  }
}

/** Values as elements of the type of `like`; whole numbers are cut, not rounded, as numpy casts. */
function likeFirst(like: GridValues, values: Float64Array): GridValues {
  const cast = new (like.constructor as new (length: number) => GridValues)(values.length);
  // A mean of equal whole numbers may come out a hair below them.
  const whole = !(cast instanceof Float32Array || cast instanceof Float64Array);
  for (let i = 0; i < values.length; i++) {
    const nearest = Math.round(values[i]);
    cast[i] = whole && Math.abs(values[i] - nearest) > 1e-9 * Math.abs(nearest)
      ? Math.trunc(values[i])
      : whole
      ? nearest
      : values[i];
  }
  return cast;
}

/** Values of all sources that a median is made of: 512 sources of a tile of one band. */
const MOST_KEPT = 1 << 25;

/** Keeps all values: a median can't be had for less. */
class Median implements Mosaic {
  readonly #all: Pixels[] = [];

  add(pixels: Pixels): void {
    if (this.#all.length > 0) sameShape(this.#all[0], pixels);
    const { width, height, bands } = pixels;
    if ((this.#all.length + 1) * width * height * bands.length > MOST_KEPT) {
      throw inputError(
        `a median of more than ${this.#all.length} sources of ${bands.length} bands of ${width} x ${height} pixels ` +
          "is too large (wanted fewer sources or bands, or a smaller image; a mean takes any number)",
      );
    }
    this.#all.push(pixels);
  }

  valued(): Uint8Array[] | undefined {
    if (this.#all.length === 0) return undefined;
    return this.#all[0].masks.map(({ length }, b) => {
      const any = new Uint8Array(length);
      for (const { masks } of this.#all) for (let i = 0; i < length; i++) any[i] |= masks[b][i];
      return any;
    });
  }

  result(): Pixels | undefined {
    if (this.#all.length === 0) return undefined;
    const [first] = this.#all;
    const count = first.width * first.height;
    const values = new Float64Array(this.#all.length);
    const masks = first.bands.map(() => new Uint8Array(count));
    const bands = first.bands.map((like, b) => {
      const medians = new Float64Array(count);
      for (let i = 0; i < count; i++) {
        let n = 0;
        for (const pixels of this.#all) if (pixels.masks[b][i] !== 0) values[n++] = pixels.bands[b][i];
        if (n === 0) continue;
        const sorted = values.subarray(0, n).sort();
        medians[i] = (sorted[(n - 1) >> 1] + sorted[n >> 1]) / 2;
        masks[b][i] = 1;
      }
      return likeFirst(like, medians);
    });
    return { width: first.width, height: first.height, bands, masks };
  }
}

/** How many sources have a value in their first band: one band that has a value everywhere. */
class Count implements Mosaic {
  #size: { width: number; height: number } | undefined;
  #sources = 0;
  #counts = new Uint32Array(0);

  add({ width, height, masks }: Pixels): void {
    if (this.#size === undefined) {
      this.#size = { width, height };
      this.#counts = new Uint32Array(width * height);
    }
    this.#sources += 1;
    const [mask] = masks;
    for (let i = 0; i < mask.length; i++) this.#counts[i] += mask[i];
  }

  valued(): Uint8Array[] | undefined {
    return this.#size === undefined ? undefined : [maskOf(this.#counts)];
  }

  result(): Pixels | undefined {
    if (this.#size === undefined) return undefined;
    return {
      ...this.#size,
      bands: [this.#sources < 256 ? Uint8Array.from(this.#counts) : this.#counts],
      masks: [new Uint8Array(this.#counts.length).fill(1)],
    };
  }
}

function maskOf(counts: Uint32Array): Uint8Array {
  return Uint8Array.from(counts, (n) => n > 0 ? 1 : 0);
}
