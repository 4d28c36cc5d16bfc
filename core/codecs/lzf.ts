/** LZF (liblzf's format), which h5py writes as HDF5's filter 32000. */
import { checkRoom, copyMatch, whole } from "./bytes.ts";

/** The bytes of a chunk, `size` of them. @throws CodecFault */
export function unpackLzf(input: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let i = 0;
  let at = 0;
  while (i < input.length) {
    const control = input[i++];
    if (control < 32) {
      const literals = control + 1;
      checkRoom(literals, input.length - i, "input");
      checkRoom(literals, size - at, "output");
      out.set(input.subarray(i, i + literals), at);
      i += literals;
      at += literals;
      continue;
    }
    let length = control >> 5;
    checkRoom(length === 7 ? 2 : 1, input.length - i, "input");
    if (length === 7) length += input[i++];
    at = copyMatch(out, 0, at, ((control & 31) << 8 | input[i++]) + 1, length + 2);
  }
  return whole(out, at);
}
