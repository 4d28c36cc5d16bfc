/**
 * GIF (version 89a) of pictures with palettes, one or an animation that loops for ever. Each frame brings its
 * own palette, so that no colour is lost; alpha is kept as transparent or not.
 */
import { inputError } from "../../errors.ts";
import type { IndexedPicture } from "../picture.ts";

const MAX_SIDE = 65_535;
const MAX_CODE = 4095;
/** Alphas below are transparent. */
const OPAQUE_FROM = 128;
/** What becomes of a frame before the next: its place is cleared, as frames may have holes. */
const CLEAR_FRAME = 2;

/** @param framesPerSecond browsers take no more than 50 */
export function encodeGif(frames: readonly IndexedPicture[], framesPerSecond: number): Uint8Array {
  const [first] = frames;
  if (first === undefined) throw new RangeError("a GIF of no frames");
  const { width, height } = first;
  if (width > MAX_SIDE || height > MAX_SIDE) {
    throw inputError(`a GIF of ${width} x ${height} pixels (its sides are at most ${MAX_SIDE})`);
  }
  const out: number[] = [];
  const word = (value: number) => out.push(value & 255, value >> 8);
  out.push(...ascii("GIF89a"));
  word(width);
  word(height);
  out.push(0, 0, 0);
  if (frames.length > 1) out.push(0x21, 0xff, 11, ...ascii("NETSCAPE2.0"), 3, 1, 0, 0, 0);
  const parts: Uint8Array[] = [];
  const delay = Math.max(2, Math.round(100 / framesPerSecond));
  for (const frame of frames) {
    const { palette, indices } = frame;
    const bits = Math.max(2, Math.ceil(Math.log2(Math.max(2, palette.length / 4))));
    const clear = palette.findIndex((value, i) => i % 4 === 3 && value < OPAQUE_FROM);
    const transparent = clear === -1 ? null : (clear - 3) / 4;
    out.push(0x21, 0xf9, 4, (CLEAR_FRAME << 2) | (transparent === null ? 0 : 1));
    word(delay);
    out.push(transparent ?? 0, 0, 0x2c);
    word(0);
    word(0);
    word(frame.width);
    word(frame.height);
    out.push(0x80 | (bits - 1));
    for (let i = 0; i < 1 << bits; i++) {
      out.push(palette[4 * i] ?? 0, palette[4 * i + 1] ?? 0, palette[4 * i + 2] ?? 0);
    }
    parts.push(Uint8Array.from(out));
    out.length = 0;
    parts.push(compressed(transparent === null ? indices : joined(indices, palette, transparent), bits));
  }
  parts.push(Uint8Array.of(0x3b));
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

function ascii(text: string): number[] {
  return [...text].map((letter) => letter.charCodeAt(0));
}

/** A frame has one transparent index: all others that are transparent become it. */
function joined(indices: Uint8Array, palette: Uint8Array, transparent: number): Uint8Array {
  return indices.map((index) => palette[4 * index + 3] < OPAQUE_FROM ? transparent : index);
}

/** LZW of variable code length in blocks of up to 255 bytes, the code size before them. */
function compressed(indices: Uint8Array, bits: number): Uint8Array {
  const clearCode = 1 << bits;
  const bytes: number[] = [];
  let hold = 0, held = 0;
  let size = bits + 1;
  const put = (code: number) => {
    hold |= code << held;
    held += size;
    while (held >= 8) {
      bytes.push(hold & 255);
      hold >>>= 8;
      held -= 8;
    }
  };
  // The code of a known string and a next index: at string * 256 + index; 0 for none.
  const table = new Uint16Array((MAX_CODE + 1) << 8);
  let next = clearCode + 2;
  put(clearCode);
  let string = indices[0];
  for (let i = 1; i < indices.length; i++) {
    const key = (string << 8) | indices[i];
    if (table[key] !== 0) {
      string = table[key];
      continue;
    }
    put(string);
    if (next > MAX_CODE) {
      put(clearCode);
      table.fill(0);
      next = clearCode + 2;
      size = bits + 1;
    } else {
      if (next === 1 << size) size++;
      table[key] = next++;
    }
    string = indices[i];
  }
  put(string);
  put(clearCode + 1);
  if (held > 0) bytes.push(hold & 255);
  const blocks = Math.ceil(bytes.length / 255);
  const out = new Uint8Array(1 + bytes.length + blocks + 1);
  out[0] = bits;
  let to = 1;
  for (let from = 0; from < bytes.length; from += 255) {
    const part = bytes.slice(from, from + 255);
    out[to] = part.length;
    out.set(part, to + 1);
    to += 1 + part.length;
  }
  return out;
}
