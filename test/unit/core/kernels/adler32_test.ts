import assert from "node:assert/strict";
import zlib from "node:zlib";
import { adler32 } from "../../../../core/kernels/adler32.ts";
import { giveBack, takeMemory } from "../../../../core/kernels/memory.ts";

/** What node:zlib put at the end of its stream. */
function storedSum(bytes: Uint8Array): number {
  return zlib.deflateSync(bytes, { level: 1 }).readUInt32BE(zlib.deflateSync(bytes, { level: 1 }).length - 4);
}

Deno.test("the checksum is zlib's, at every length about a vector's, a part's and its own limits, wherever the bytes lie", () => {
  const lengths = [
    0,
    1,
    15,
    16,
    17,
    31,
    32,
    33,
    63,
    64,
    5535,
    5536,
    5537,
    5567,
    5568,
    32_767,
    32_768,
    32_769,
    100_003,
  ];
  const memory = takeMemory(200_000);
  for (const length of lengths) {
    for (const fill of [undefined, 0, 255]) {
      const bytes = Uint8Array.from({ length }, (_, i) => fill ?? (i * 31) ^ (i >> 5));
      const wanted = storedSum(bytes);
      assert.equal(adler32(bytes), wanted, `${length} bytes`);
      memory.reserve(0);
      const here = new Uint8Array(memory.buffer, memory.place(length + 1) + 1, length);
      here.set(bytes);
      assert.equal(adler32(here), wanted, `${length} bytes in a memory`);
    }
  }
  giveBack(memory);
});
