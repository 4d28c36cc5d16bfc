/** BloscLZ, the compressor that Blosc 1 has of its own: FastLZ with distances of 16 bits. */
import { checkRoom, copyMatch, whole } from "./bytes.ts";

/** The farthest match that 13 bits say. */
const MAX_DISTANCE = 8191;

/** The bytes of a stream, `size` of them. @throws CodecFault */
export function unpackBloscLz(input: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let i = 0;
  let at = 0;
  const next = (): number => {
    checkRoom(1, input.length - i, "input");
    return input[i++];
  };
  let control = next() & 31;
  for (;;) {
    if (control < 32) {
      const literals = control + 1;
      checkRoom(literals, input.length - i, "input");
      checkRoom(literals, size - at, "output");
      out.set(input.subarray(i, i + literals), at);
      i += literals;
      at += literals;
    } else {
      let length = (control >> 5) - 1;
      const high = (control & 31) << 8;
      if (length === 6) { for (let more = 255; more === 255;) length += more = next(); }
      const low = next();
      const distance = low === 255 && high === 31 << 8
        ? (next() << 8 | next()) + MAX_DISTANCE + 1
        : high + low + 1;
      at = copyMatch(out, 0, at, distance, length + 3);
    }
    if (i >= input.length) return whole(out, at);
    control = input[i++];
  }
}
