/** Snappy (its format description), one of the compressors inside Blosc. */
import { checkRoom, CodecFault, copyMatch, whole } from "./bytes.ts";

/** The bytes of a stream, `size` of them. @throws CodecFault */
export function unpackSnappy(input: Uint8Array, size: number): Uint8Array {
  let i = 0;
  const next = (count: number): number => {
    checkRoom(count, input.length - i, "input");
    let value = 0;
    for (let k = 0; k < count; k++) value += input[i++] * 2 ** (8 * k);
    return value;
  };
  let stated = 0;
  for (let shift = 0;; shift += 7) {
    const byte = next(1);
    stated += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
    if (shift > 28) throw new CodecFault("states no length");
  }
  if (stated !== size) throw new CodecFault(`states ${stated} bytes (wanted ${size})`);
  const out = new Uint8Array(size);
  let at = 0;
  while (i < input.length) {
    const tag = input[i++];
    const kind = tag & 3;
    if (kind === 0) {
      const code = tag >> 2;
      const literals = (code < 60 ? code : next(code - 59)) + 1;
      checkRoom(literals, input.length - i, "input");
      checkRoom(literals, size - at, "output");
      out.set(input.subarray(i, i + literals), at);
      i += literals;
      at += literals;
    } else if (kind === 1) {
      at = copyMatch(out, 0, at, (tag >> 5) * 256 + next(1), (tag >> 2 & 7) + 4);
    } else at = copyMatch(out, 0, at, next(kind === 2 ? 2 : 4), (tag >> 2) + 1);
  }
  return whole(out, at);
}
