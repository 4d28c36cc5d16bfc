/**
 * PNG (W3C Recommendation, third edition): palettes, gray and RGB of 8 or 16 bits, with or without alpha,
 * by the runtime's own deflate. Rows of colours are filtered by "up", which helps deflate with smooth
 * pictures and costs next to nothing; indices and grays are left alone, as classes of a map are found best
 * unfiltered.
 */
import { Buffer } from "node:buffer";
import { crc32, deflateSync } from "node:zlib";
import type { IndexedPicture, Picture, SampledPicture } from "../picture.ts";

/** Deflate's fastest level: a tile is looked at once or a few times, and made while somebody waits. */
const PNG_LEVEL = 1;

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const COLOUR_TYPES = { 1: 0, 2: 4, 3: 2, 4: 6 } as const;
const PALETTE_TYPE = 3;
const FILTER_NONE = 0;
const FILTER_UP = 2;

/** The bytes of a PNG file. @param level of deflate, 0 to 9 */
export function encodePng(picture: Picture, level: number = PNG_LEVEL): Uint8Array<ArrayBuffer> {
  return fileOf(picture.kind === "indexed" ? indexedChunks(picture, level) : sampledChunks(picture, level));
}

/**
 * An animation that loops for ever (APNG, of the same edition); readers that know no animations show the first frame.
 * All frames are of one size and kind.
 */
export function encodeApng(
  frames: readonly SampledPicture[],
  framesPerSecond: number,
): Uint8Array<ArrayBuffer> {
  const [first] = frames;
  if (first === undefined) throw new RangeError("an animation of no frames");
  const control = new Uint8Array(8);
  new DataView(control.buffer).setUint32(0, frames.length);
  const [head] = sampledChunks(first, PNG_LEVEL);
  const chunks: Chunk[] = [head, ["acTL", control]];
  let sequence = 0;
  for (const frame of frames) {
    const timing = new Uint8Array(26);
    const view = new DataView(timing.buffer);
    view.setUint32(0, sequence++);
    view.setUint32(4, frame.width);
    view.setUint32(8, frame.height);
    view.setUint16(20, Math.max(1, Math.round(1000 / framesPerSecond)));
    view.setUint16(22, 1000);
    chunks.push(["fcTL", timing]);
    const [, [, pixels]] = sampledChunks(frame, PNG_LEVEL);
    if (frame === first) chunks.push(["IDAT", pixels]);
    else {
      const data = new Uint8Array(4 + pixels.length);
      new DataView(data.buffer).setUint32(0, sequence++);
      data.set(pixels, 4);
      chunks.push(["fdAT", data]);
    }
  }
  return fileOf([...chunks, ["IEND", new Uint8Array(0)]]);
}

function fileOf(chunks: readonly Chunk[]): Uint8Array<ArrayBuffer> {
  const size = chunks.reduce((sum, [, data]) => sum + data.length + 12, SIGNATURE.length);
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  file.set(SIGNATURE);
  let at = SIGNATURE.length;
  for (const [name, data] of chunks) {
    view.setUint32(at, data.length);
    for (let i = 0; i < 4; i++) file[at + 4 + i] = name.charCodeAt(i);
    file.set(data, at + 8);
    view.setUint32(at + 8 + data.length, crc32(file.subarray(at + 4, at + 8 + data.length)));
    at += 12 + data.length;
  }
  return file;
}

type Chunk = readonly [name: string, data: Uint8Array];

function header(picture: Picture, bits: number, colourType: number): Chunk {
  const data = new Uint8Array(13);
  const view = new DataView(data.buffer);
  view.setUint32(0, picture.width);
  view.setUint32(4, picture.height);
  data[8] = bits;
  data[9] = colourType;
  return ["IHDR", data];
}

function indexedChunks(picture: IndexedPicture, level: number): Chunk[] {
  const { palette } = picture;
  const count = palette.length / 4;
  // Fewer colours take fewer bits, which saves as much again after deflate.
  const bits = count <= 2 ? 1 : count <= 4 ? 2 : count <= 16 ? 4 : 8;
  const colours = new Uint8Array(3 * count);
  let opaqueFrom = 0;
  for (let i = 0; i < count; i++) {
    colours.set(palette.subarray(4 * i, 4 * i + 3), 3 * i);
    if (palette[4 * i + 3] !== 255) opaqueFrom = i + 1;
  }
  const alphas = Uint8Array.from({ length: opaqueFrom }, (_, i) => palette[4 * i + 3]);
  return [
    header(picture, bits, PALETTE_TYPE),
    ["PLTE", colours],
    ...(opaqueFrom > 0 ? [["tRNS", alphas] as const] : []),
    ["IDAT", deflateSync(packedRows(picture, bits), { level })],
    ["IEND", new Uint8Array(0)],
  ];
}

function packedRows({ width, height, indices }: IndexedPicture, bits: number): Uint8Array {
  const rowBytes = Math.ceil(width * bits / 8);
  const rows = new Uint8Array(height * (rowBytes + 1));
  const perByte = 8 / bits;
  for (let y = 0; y < height; y++) {
    const to = y * (rowBytes + 1) + 1;
    const from = y * width;
    if (bits === 8) {
      rows.set(indices.subarray(from, from + width), to);
      continue;
    }
    for (let x = 0; x < width; x++) {
      rows[to + Math.floor(x / perByte)] |= indices[from + x] << (8 - bits - (x % perByte) * bits);
    }
  }
  return rows;
}

function sampledChunks(picture: SampledPicture, level: number): Chunk[] {
  const { width, height, channels, samples } = picture;
  const wide = samples instanceof Uint16Array;
  const rowBytes = width * channels * (wide ? 2 : 1);
  const bytes = wide ? bigEndian(samples) : samples;
  const filter = channels >= 3 ? FILTER_UP : FILTER_NONE;
  const rows = new Uint8Array(height * (rowBytes + 1));
  for (let y = 0; y < height; y++) {
    const to = y * (rowBytes + 1);
    const from = y * rowBytes;
    rows[to] = filter;
    if (filter === FILTER_NONE || y === 0) {
      rows.set(bytes.subarray(from, from + rowBytes), to + 1);
    } else {
      for (let i = 0; i < rowBytes; i++) rows[to + 1 + i] = bytes[from + i] - bytes[from + i - rowBytes];
    }
  }
  return [
    header(picture, wide ? 16 : 8, COLOUR_TYPES[channels]),
    ["IDAT", deflateSync(rows, { level })],
    ["IEND", new Uint8Array(0)],
  ];
}

function bigEndian(samples: Uint16Array): Uint8Array {
  return Buffer.from(samples.slice().buffer).swap16();
}
