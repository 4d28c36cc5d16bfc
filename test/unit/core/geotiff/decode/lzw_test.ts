import assert from "node:assert/strict";
import { decodeLzw } from "../../../../../core/geotiff/decode/lzw.ts";
import { decodePackbits } from "../../../../../core/geotiff/decode/packbits.ts";

/** Codes of equal width as bytes, the first bit highest. */
function packed(codes: readonly number[], width: number): Uint8Array {
  const text = codes.map((code) => code.toString(2).padStart(width, "0")).join("");
  const bytes = text.match(/.{1,8}/g) ?? [];
  return Uint8Array.from(bytes, (bits) => parseInt(bits.padEnd(8, "0"), 2));
}

Deno.test("LZW: codes, strings of the table, and the string that is being made", () => {
  // 258 is 7 7 when it is met, made of the 7 before it; 259 is 7 7 8; 260 is 8 8.
  const codes = [256, 7, 258, 8, 8, 258, 6, 6, 257];
  const values = [7, 7, 7, 8, 8, 7, 7, 6, 6];
  assert.deepEqual([...decodeLzw(packed(codes, 9), values.length)], values);
  assert.deepEqual([...decodeLzw(packed(codes, 9), 2)], [7, 7], "no more than is asked for");
});

Deno.test("LZW that ends early, or has a code beyond its table, is an error", () => {
  assert.throws(() => decodeLzw(packed([256, 7, 257], 9), 2), /LZW ends after 1 of 2 bytes/);
  assert.throws(() => decodeLzw(packed([256, 7], 9), 9), /LZW ends after/);
  assert.throws(() => decodeLzw(packed([256, 7, 300], 9), 9), /LZW has code 300 where the table ends at 258/);
  assert.throws(() => decodeLzw(packed([256, 258], 9), 9), /LZW has code 258/);
  assert.throws(() => decodeLzw(Uint8Array.of(0, 1, 2), 9), /before TIFF 6/);
});

Deno.test("PackBits: runs and bytes as they are (the example of Apple's technical note 1023)", () => {
  const stored = [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];
  const plain = [
    ...[0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22],
    ...new Array(10).fill(0xaa),
  ];
  assert.deepEqual([...decodePackbits(Uint8Array.from(stored), plain.length)], plain);
  assert.throws(
    () => decodePackbits(Uint8Array.from(stored), plain.length + 1),
    /PackBits ends after 24 of 25/,
  );
  assert.throws(() => decodePackbits(Uint8Array.of(5, 1, 2), 6), /PackBits ends after 0 of 6/);
});
