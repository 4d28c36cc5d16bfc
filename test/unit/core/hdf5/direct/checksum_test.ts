import assert from "node:assert/strict";
import { fletcher32, lookup3 } from "../../../../../core/hdf5/direct/checksum.ts";

const ascii = (text: string) => new TextEncoder().encode(text);

Deno.test("lookup3 gives the values that its author printed", () => {
  // driver5() of lookup3.c.
  assert.equal(lookup3(ascii("")), 0xdeadbeef);
  assert.equal(lookup3(ascii("Four score and seven years ago")), 0x17770551);
});

Deno.test("fletcher32 gives the published values, with bytes in HDF5's order", () => {
  // The textbook vectors take 16-bit words little-endian; HDF5 takes them big-endian.
  const swapped = (text: string) => {
    const bytes = ascii(text.padEnd(text.length + (text.length & 1), "\0"));
    for (let i = 0; i < bytes.length; i += 2) [bytes[i], bytes[i + 1]] = [bytes[i + 1], bytes[i]];
    return bytes;
  };
  assert.equal(fletcher32(swapped("abcde")), 0xf04fc729);
  assert.equal(fletcher32(swapped("abcdef")), 0x56502d2a);
  assert.equal(fletcher32(swapped("abcdefgh")), 0xebe19591);
});

Deno.test("fletcher32 of an odd length counts the last byte as the high one of a word", () => {
  assert.equal(fletcher32(Uint8Array.of(1, 2, 3)), fletcher32(Uint8Array.of(1, 2, 3, 0)));
});
