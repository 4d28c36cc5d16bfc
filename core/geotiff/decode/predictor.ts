/** Undoing predictors (TIFF 6.0, section 14, and Adobe's technical note 3 of 2005 for floating point). */
import type { BlockLayout } from "./layout.ts";

/** Swaps the bytes of elements of `size` bytes, in place. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; at + size <= bytes.length; at += size) {
    for (let low = at, high = at + size - 1; low < high; low++, high--) {
      const byte = bytes[low];
      bytes[low] = bytes[high];
      bytes[high] = byte;
    }
  }
}

/**
 * Differences along each row to values, in place: elements of this machine's byte order, by the samples'
 * distance, whatever the elements mean. `bytes` begins at a multiple of 8 in its buffer.
 */
export function undoDifferences(bytes: Uint8Array, { width, height, samples, bits }: BlockLayout): void {
  const row = width * samples;
  const count = row * height;
  if (bits === 64) undoWideDifferences(bytes, row, height, samples);
  else if (bits === 32) addAlong(new Int32Array(bytes.buffer, bytes.byteOffset, count), row, samples);
  else if (bits === 16) addAlong(new Uint16Array(bytes.buffer, bytes.byteOffset, count), row, samples);
  else addAlong(bytes.subarray(0, count), row, samples);
}

/** Sums wrap as the array's elements do. */
function addAlong(values: Uint8Array | Uint16Array | Int32Array, row: number, samples: number): void {
  for (let start = 0; start < values.length; start += row) {
    const end = start + row;
    if (samples === 1) {
      let sum = values[start];
      for (let i = start + 1; i < end; i++) {
        sum = (sum + values[i]) | 0;
        values[i] = sum;
      }
    } else {
      for (let i = start + samples; i < end; i++) values[i] += values[i - samples];
    }
  }
}

/** 64 bits as two halves with a carry: big integers take ten times as long. */
function undoWideDifferences(bytes: Uint8Array, row: number, height: number, samples: number): void {
  const halves = new Uint32Array(bytes.buffer, bytes.byteOffset, row * height * 2);
  for (let y = 0; y < height; y++) {
    const start = y * row * 2;
    for (let i = start + samples * 2; i < start + row * 2; i += 2) {
      const low = halves[i] + halves[i - samples * 2];
      halves[i] = low;
      halves[i + 1] += halves[i + 1 - samples * 2] + (low > 0xffffffff ? 1 : 0);
    }
  }
}

/**
 * Floating point: a row holds the highest bytes of all elements, then the next ones, as differences of
 * bytes. Gives elements of this machine's byte order.
 */
export function undoFloatDifferences(
  bytes: Uint8Array,
  { width, height, samples, bits }: BlockLayout,
): Uint8Array {
  const size = bits / 8;
  const elements = width * samples;
  const row = elements * size;
  const output = new Uint8Array(row * height);
  for (let y = 0; y < height; y++) {
    const start = y * row;
    const end = start + row;
    if (samples === 1) {
      let sum = bytes[start];
      for (let i = start + 1; i < end; i++) {
        sum = (sum + bytes[i]) & 0xff;
        bytes[i] = sum;
      }
    } else for (let i = start + samples; i < end; i++) bytes[i] += bytes[i - samples];
    for (let plane = 0; plane < size; plane++) {
      let from = start + plane * elements;
      for (let to = start + size - 1 - plane; to < end; to += size) output[to] = bytes[from++];
    }
  }
  return output;
}
