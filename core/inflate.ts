/** The one way to undo a zlib stream (RFC 1950) whose length is known: by libdeflate where it is, else by node:zlib. */
import zlib from "node:zlib";
import { adler32 } from "./kernels/adler32.ts";
import { type Libdeflate, runtimeLibdeflate } from "./libdeflate.ts";
import { release } from "./release.ts";

/** deflate expands by at most 1,032 (RFC 1951: a pair of bits for 258 bytes). */
export const MOST_EXPANSION = 1032;

interface InflateOptions {
  /** The bytes that are expected; more or fewer may come. */
  size: number;
  /** An error where more come. */
  most: number;
  /** Memory of the expected size, for what comes; it may be written to in vain. */
  place?: Uint8Array | undefined;
}

/** Returns what the stream holds, which is `place` where it was put there. Throws node:zlib's errors on bytes that no writer made. */
type Inflate = (bytes: Uint8Array, options: InflateOptions) => Uint8Array;

/** libdeflate cannot be told where to stop: it is not asked for streams that could expand to more. */
const MOST_UNBOUNDED_BYTES = 2 ** 29;

/** Below, the calls cost more than what they do; above, the room that the streams are put in would. */
const LEAST_SIZE = 1024;
const MOST_SIZE = 2 ** 23;

/** Up to this size a stream may be read where it lies: whatever follows it there cannot expand to much. */
const MOST_SIZE_IN_PLACE = 2 ** 18;

/** What is larger than what is read in place, and shrinks to less than this part, node:zlib writes as fast. */
const LEAST_PART = 1 / 16;

const HEADER_BYTES = 2;
const TRAILER_BYTES = 4;

export const inflate: Inflate = inflateBy(runtimeLibdeflate());

/**
 * Inflating by `libdeflate`. What it does not take, or takes for damaged, goes to node:zlib, so that answers and
 * errors are the same with it and without.
 */
export function inflateBy(libdeflate: Libdeflate | undefined): Inflate {
  if (libdeflate === undefined) return inflateByZlib;
  return (bytes, options) => inflateFast(libdeflate, bytes, options) ?? inflateByZlib(bytes, options);
}

function inflateByZlib(bytes: Uint8Array, { size, most }: InflateOptions): Uint8Array {
  // One byte more than is wanted: the output then never fills its buffer, and no second one is made.
  return zlib.inflateSync(bytes, { chunkSize: Math.max(64, size + 1), maxOutputLength: most });
}

function inflateFast(
  libdeflate: Libdeflate,
  bytes: Uint8Array,
  { size, most, place }: InflateOptions,
): Uint8Array | undefined {
  const { length } = bytes;
  if (size < LEAST_SIZE || size > MOST_SIZE || length > size) return undefined;
  if (size > MOST_SIZE_IN_PLACE && length < size * LEAST_PART) return undefined;
  if (length * MOST_EXPANSION > MOST_UNBOUNDED_BYTES || !isPlainZlib(bytes)) return undefined;
  let output: Uint8Array;
  try {
    output = libdeflate.inflateSync(withRoom(bytes, size), { library: "libdeflate" });
  } catch {
    return undefined; // node:zlib says what is wrong.
  }
  if (output.length > most) return undefined;
  const made = place?.length === output.length ? place : output;
  if (made !== output) {
    made.set(output);
    release([output]);
  }
  return adler32(made) === storedAdler32(bytes) ? made : undefined;
}

/** A header of deflate with a window of at most 32 KiB, without a dictionary. */
function isPlainZlib(bytes: Uint8Array): boolean {
  const method = bytes[0], flags = bytes[1];
  return bytes.length > HEADER_BYTES + TRAILER_BYTES && (method & 15) === 8 && method >> 4 <= 7 &&
    (method * 256 + flags) % 31 === 0 && (flags & 32) === 0;
}

function storedAdler32(bytes: Uint8Array): number {
  const at = bytes.length - TRAILER_BYTES;
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

/** Where streams are put, and the noise that stands behind them. */
let room = new Uint8Array(0);
let noise = new Uint8Array(0);
/** How much of the room is no noise. */
let written = 0;

/**
 * The raw stream with `size` bytes from its begin on: libdeflate's first room for output is as long as its input, and
 * a second one doubles the cost. A small one is seen where it lies. A large one is copied, to be overwritten by the
 * next call, and noise follows it: in noise a stream without an end soon ends or is found damaged, while chosen bytes
 * could expand for long.
 */
function withRoom(bytes: Uint8Array, size: number): Uint8Array {
  const start = bytes.byteOffset + HEADER_BYTES;
  if (size <= MOST_SIZE_IN_PLACE && start + size <= bytes.buffer.byteLength) {
    return new Uint8Array(bytes.buffer, start, size);
  }
  if (room.length < size) {
    noise = noiseOf(Math.ceil(size / NOISE_BYTES) * NOISE_BYTES);
    room = noise.slice();
    written = 0;
  }
  const stream = bytes.subarray(HEADER_BYTES);
  room.set(stream);
  if (written > stream.length) room.set(noise.subarray(stream.length, written), stream.length);
  written = stream.length;
  return room.subarray(0, size);
}

/** As much as one call of getRandomValues gives. */
const NOISE_BYTES = 65_536;

function noiseOf(size: number): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(size);
  for (let at = 0; at < size; at += NOISE_BYTES) crypto.getRandomValues(made.subarray(at, at + NOISE_BYTES));
  return made;
}
