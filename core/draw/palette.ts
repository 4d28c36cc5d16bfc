/**
 * A picture in few colours: its own where 256 hold them, else those of boxes of near colours (median cut, Heckbert
 * 1982, over colours in five bits a channel).
 */
import type { Canvas } from "./canvas.ts";
import type { IndexedPicture } from "../raster/picture.ts";

const MOST_COLOURS = 256;

/** Of a colour in five bits a channel. */
const CUBE = 32 ** 3;

export function indexedPicture(canvas: Canvas): IndexedPicture {
  const { width, height, pixels } = canvas;
  return { kind: "indexed", width, height, ...exact(pixels) ?? boxed(pixels) };
}

interface Colours {
  indices: Uint8Array;
  palette: Uint8Array;
}

function exact(pixels: Uint8ClampedArray): Colours | null {
  const known = new Map<number, number>();
  const indices = new Uint8Array(pixels.length / 3);
  for (let i = 0; i < indices.length; i++) {
    const colour = (pixels[3 * i] << 16) | (pixels[3 * i + 1] << 8) | pixels[3 * i + 2];
    let index = known.get(colour);
    if (index === undefined) {
      if (known.size === MOST_COLOURS) return null;
      known.set(colour, index = known.size);
    }
    indices[i] = index;
  }
  return {
    indices,
    palette: Uint8Array.from([...known.keys()].flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255, 255])),
  };
}

/** Pixels of one cell of the cube of colours, and the sums of their channels. */
interface Bucket {
  at: number;
  pixels: number;
  sums: [number, number, number];
}

function boxed(pixels: Uint8ClampedArray): Colours {
  const counts = new Uint32Array(CUBE);
  const sums = [new Float64Array(CUBE), new Float64Array(CUBE), new Float64Array(CUBE)];
  for (let i = 0; i < pixels.length; i += 3) {
    const at = cellOf(pixels, i);
    counts[at]++;
    for (let c = 0; c < 3; c++) sums[c][at] += pixels[i + c];
  }
  const buckets: Bucket[] = [];
  counts.forEach((count, at) => {
    if (count > 0) buckets.push({ at, pixels: count, sums: [sums[0][at], sums[1][at], sums[2][at]] });
  });
  const boxes = [buckets];
  while (boxes.length < MOST_COLOURS) {
    const [widest, channel] = widestBox(boxes);
    if (widest < 0) break;
    const box = boxes[widest].sort((a, b) => channelOf(a, channel) - channelOf(b, channel) || a.at - b.at);
    const half = box.reduce((sum, bucket) => sum + bucket.pixels, 0) / 2;
    let end = 1, seen = box[0].pixels;
    while (end < box.length - 1 && seen + box[end].pixels <= half) seen += box[end++].pixels;
    boxes.splice(widest, 1, box.slice(0, end), box.slice(end));
  }
  const lookup = new Uint8Array(CUBE);
  const palette = new Uint8Array(4 * boxes.length).fill(255);
  boxes.forEach((box, index) => {
    const total = box.reduce((sum, bucket) => sum + bucket.pixels, 0);
    for (const { at } of box) lookup[at] = index;
    for (let c = 0; c < 3; c++) {
      palette[4 * index + c] = Math.round(box.reduce((sum, bucket) => sum + bucket.sums[c], 0) / total);
    }
  });
  const indices = new Uint8Array(pixels.length / 3);
  for (let i = 0; i < indices.length; i++) indices[i] = lookup[cellOf(pixels, 3 * i)];
  return { indices, palette };
}

function cellOf(pixels: Uint8ClampedArray, at: number): number {
  return ((pixels[at] >> 3) << 10) | ((pixels[at + 1] >> 3) << 5) | (pixels[at + 2] >> 3);
}

function channelOf({ at }: Bucket, channel: number): number {
  return (at >> (10 - 5 * channel)) & 31;
}

/** The box and channel of the widest spread, weighed by pixels; -1 where no box can be divided. */
function widestBox(boxes: readonly Bucket[][]): [box: number, channel: number] {
  let best: [number, number] = [-1, 0], most = 0;
  boxes.forEach((box, index) => {
    if (box.length < 2) return;
    const pixels = box.reduce((sum, bucket) => sum + bucket.pixels, 0);
    for (let channel = 0; channel < 3; channel++) {
      const values = box.map((bucket) => channelOf(bucket, channel));
      const spread = (Math.max(...values) - Math.min(...values)) * Math.sqrt(pixels);
      if (spread > most) [best, most] = [[index, channel], spread];
    }
  });
  return best;
}
