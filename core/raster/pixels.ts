/** Values on an output grid: what warps, mosaics and expressions give, and what is drawn or summed up. */
import type { Affine, Crs, GridValues } from "./grid.ts";

/** Where pixels lie. `affine` is that of the upper left corners, as a grid's. */
export interface OutputGrid {
  readonly crs: Crs;
  readonly affine: Affine;
  readonly width: number;
  readonly height: number;
}

/** Bands of values with what is known of each pixel. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Row-major, one array a band. */
  readonly bands: readonly GridValues[];
  /** `masks[b][i]` is 1 where band b has a value and 0 where it has none; several bands may share one array. */
  readonly masks: readonly Uint8Array[];
}

/** The output grid of `width` by `height` pixels that fills a box `[left, bottom, right, top]`. */
export function outputOfBox(
  crs: Crs,
  [left, bottom, right, top]: readonly [number, number, number, number],
  width: number,
  height: number,
): OutputGrid {
  return {
    crs,
    affine: [(right - left) / width, 0, left, 0, (bottom - top) / height, top],
    width,
    height,
  };
}

/** 1 where any band has a value: the mask of the picture as a whole. */
export function anyValid(
  { width, height, masks }: Pick<Pixels, "width" | "height" | "masks">,
): Uint8Array {
  const different = [...new Set(masks)];
  if (different.length === 1) return different[0];
  const any = new Uint8Array(width * height);
  for (const mask of different) for (let i = 0; i < any.length; i++) any[i] |= mask[i];
  return any;
}

/** Whether every pixel of every band has a value. */
export function isComplete({ masks }: Pick<Pixels, "masks">): boolean {
  return [...new Set(masks)].every((mask) => !mask.includes(0));
}
