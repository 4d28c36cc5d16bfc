/** PackBits (TIFF 6.0, section 9): runs of one byte, and bytes as they are. */

/** Decodes `length` bytes. Throws an Error where the input ends before. */
export function decodePackbits(input: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length);
  let at = 0, written = 0;
  while (written < length) {
    if (at >= input.length) throw new Error(`PackBits ends after ${written} of ${length} bytes`);
    const head = input[at++];
    if (head === 128) continue;
    const count = head < 128 ? head + 1 : 257 - head;
    const end = Math.min(written + count, length);
    if (head < 128) {
      if (at + count > input.length && at + (end - written) > input.length) {
        throw new Error(`PackBits ends after ${written} of ${length} bytes`);
      }
      output.set(input.subarray(at, at + end - written), written);
      at += count;
    } else {
      if (at >= input.length) throw new Error(`PackBits ends after ${written} of ${length} bytes`);
      output.fill(input[at++], written, end);
    }
    written = end;
  }
  return output;
}
