/**
 * LZW as TIFF has it (TIFF 6.0, section 13): codes of 9 to 12 bits, the first bit highest, growing one code
 * early. A string of the table is always a piece of the output, as what it was made from stands there in
 * one: the previous string and the byte after it. So the table is places and lengths.
 */
const CLEAR = 256, END = 257, FIRST = 258, TABLE = 4096;

/** Decodes `length` bytes. Throws an Error for codes that mean nothing, and where the input ends before. */
export function decodeLzw(input: Uint8Array, length: number): Uint8Array {
  if (input.length >= 2 && input[0] === 0 && (input[1] & 1) === 1) {
    throw new Error("LZW of the kind before TIFF 6 is not read (the lowest bit comes first)");
  }
  const output = new Uint8Array(length);
  const starts = new Int32Array(TABLE);
  const lengths = new Int32Array(TABLE);
  let at = 0, written = 0;
  let bits = 0, bitCount = 0, width = 9, next = FIRST;
  let previousStart = 0, previousLength = 0;
  while (written < length) {
    while (bitCount < width) {
      if (at === input.length) throw new Error(`LZW ends after ${written} of ${length} bytes`);
      bits = (bits << 8) | input[at++];
      bitCount += 8;
    }
    bitCount -= width;
    const code = bits >>> bitCount;
    bits &= (1 << bitCount) - 1;
    if (code === CLEAR) {
      width = 9;
      next = FIRST;
      previousLength = 0;
      continue;
    }
    if (code === END) throw new Error(`LZW ends after ${written} of ${length} bytes`);
    const start = written;
    let copied = 1;
    if (code < CLEAR) output[written++] = code;
    else {
      let from = previousStart;
      if (code < next) {
        from = starts[code];
        copied = lengths[code];
      } else if (code === next && previousLength > 0) copied = previousLength + 1;
      else throw new Error(`LZW has code ${code} where the table ends at ${next}`);
      const end = Math.min(written + copied, length);
      // One byte after the other: the string that is being made may be its own source.
      while (written < end) output[written++] = output[from++];
    }
    if (previousLength > 0 && next < TABLE) {
      starts[next] = previousStart;
      lengths[next] = previousLength + 1;
      next++;
      if (next === (1 << width) - 1 && width < 12) width++;
    }
    previousStart = start;
    previousLength = copied;
  }
  return output;
}
