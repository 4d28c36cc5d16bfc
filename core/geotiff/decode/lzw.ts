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
  // The last string may reach past the end; none is longer than the table.
  const output = new Uint8Array(length + TABLE);
  /** Of each code: where its string begins in the output, and how long it is. */
  const strings = new Int32Array(TABLE * 2);
  const inputEnd = input.length;
  let at = 0, written = 0;
  let bits = 0, bitCount = 0, width = 9, next = FIRST;
  let previousStart = 0, previousLength = 0;
  while (written < length) {
    while (bitCount < width) {
      if (at === inputEnd) throw new Error(`LZW ends after ${written} of ${length} bytes`);
      bits = (bits << 8) | input[at++];
      bitCount += 8;
    }
    bitCount -= width;
    const code = (bits >>> bitCount) & ((1 << width) - 1);
    if (code === CLEAR) {
      width = 9;
      next = FIRST;
      previousLength = 0;
      continue;
    }
    if (code === END) throw new Error(`LZW ends after ${written} of ${length} bytes`);
    let from = previousStart;
    let copied = 1;
    if (code > END) {
      if (code < next) {
        from = strings[code * 2];
        copied = strings[code * 2 + 1];
      } else if (code === next && previousLength > 0) copied = previousLength + 1;
      else throw new Error(`LZW has code ${code} where the table ends at ${next}`);
    }
    if (previousLength > 0 && next < TABLE) {
      strings[next * 2] = previousStart;
      strings[next * 2 + 1] = previousLength + 1;
      next++;
      if (next === (1 << width) - 1 && width < 12) width++;
    }
    previousStart = written;
    previousLength = copied;
    if (code < CLEAR) output[written++] = code;
    else {
      const end = written + copied;
      // One byte after the other: the string that is being made may be its own source.
      while (written < end) output[written++] = output[from++];
    }
  }
  return output.subarray(0, length);
}
