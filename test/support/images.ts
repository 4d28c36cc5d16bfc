/** Images and arrays of answers, decoded by another hand's code, and how near two of them are. */
import assert from "node:assert/strict";
import { decode } from "fast-png";

/** Samples of a pixel side by side, the last of them what is seen. */
export interface Raster {
  width: number;
  height: number;
  channels: number;
  values: ArrayLike<number>;
  /** Whether the last channel says what is seen. */
  masked: boolean;
}

/** RGBA of a PNG, whatever its kind. */
export function readPng(bytes: Uint8Array): Raster {
  const { width, height, data, channels, palette, transparency, depth } = decode(bytes) as
    & ReturnType<typeof decode>
    & {
      transparency?: Uint8Array;
    };
  const values = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const at = i * channels;
    let rgba: number[];
    if (palette !== undefined) {
      const index = packed(data, depth, i % width, Math.floor(i / width), width);
      const [r, g, b, a = transparency?.[index] ?? 255] = palette[index];
      rgba = [r, g, b, a];
    } else if (channels <= 2) rgba = [data[at], data[at], data[at], channels === 2 ? data[at + 1] : 255];
    else rgba = [data[at], data[at + 1], data[at + 2], channels === 4 ? data[at + 3] : 255];
    values.set(rgba, 4 * i);
  }
  return { width, height, channels: 4, values, masked: true };
}

/** A sample of fewer bits than a byte, rows beginning on whole bytes. */
function packed(data: ArrayLike<number>, depth: number, x: number, y: number, width: number): number {
  const bit = x * depth;
  const byte = data[y * Math.ceil(width * depth / 8) + (bit >> 3)];
  return (byte >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}

const ARRAYS = {
  "|u1": Uint8Array,
  "|i1": Int8Array,
  "<i2": Int16Array,
  "<u2": Uint16Array,
  "<i4": Int32Array,
  "<f4": Float32Array,
  "<f8": Float64Array,
} as const;

/** An array of bands by rows by columns whose last band is the mask. */
export function readNpy(bytes: Uint8Array): Raster & { dtype: string } {
  assert.equal(String.fromCharCode(...bytes.subarray(1, 6)), "NUMPY");
  const length = bytes[8] + 256 * bytes[9];
  const header = new TextDecoder().decode(bytes.subarray(10, 10 + length));
  const dtype = /'descr': '([^']+)'/.exec(header)?.[1] as keyof typeof ARRAYS;
  const [channels, height, width] = /'shape': \(([^)]+)\)/.exec(header)![1].split(",").map(Number);
  const planar = new ARRAYS[dtype](Uint8Array.from(bytes.subarray(10 + length)).buffer);
  const values = new Float64Array(planar.length);
  const cells = width * height;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < cells; i++) values[i * channels + c] = planar[c * cells + i];
  }
  return { width, height, channels, values, masked: true, dtype };
}

/** Shares of pixels whose mask is equal, and of those that are equal: seen with the same values, or in neither. */
export function likeness(ours: Raster, theirs: Raster, tolerance = 0): { mask: number; values: number } {
  assert.deepEqual([ours.width, ours.height, ours.channels], [theirs.width, theirs.height, theirs.channels]);
  const { channels } = ours;
  const cells = ours.width * ours.height;
  let [sameMask, same] = [0, 0];
  for (let i = 0; i < cells; i++) {
    const at = i * channels;
    const [a, b] = [ours.values[at + channels - 1] > 0, theirs.values[at + channels - 1] > 0];
    if (a === b) sameMask += 1;
    let equal = a === b;
    if (!a || !b) {
      if (equal) same += 1;
      continue;
    }
    for (let c = 0; c < channels - 1; c++) {
      equal &&= Math.abs(ours.values[at + c] - theirs.values[at + c]) <= tolerance;
    }
    if (equal) same += 1;
  }
  return { mask: sameMask / cells, values: same / cells };
}
