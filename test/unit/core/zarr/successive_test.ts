import assert from "node:assert/strict";
import zlib from "node:zlib";
import fc from "fast-check";
import { isSuccessive, packSuccessive } from "../../../../core/zarr/successive.ts";

function unpacked(frame: Uint8Array): BigUint64Array {
  return new BigUint64Array(new Uint8Array(zlib.zstdDecompressSync(frame)).buffer);
}

Deno.test("frames of successive integers hold them, from any first one", () => {
  const counts = fc.constantFrom(512, 768, 1024, 4096, 16_384, 65_536);
  fc.assert(
    fc.property(counts, fc.bigInt({ min: 0n, max: 2n ** 48n - 1n }), fc.nat(255), (count, above, group) => {
      const first = above * 65_536n + BigInt(Math.min(group * 256, 65_536 - count));
      assert.ok(isSuccessive(first, count));
      const expected = BigUint64Array.from({ length: count }, (_, i) => first + BigInt(i));
      assert.deepEqual(unpacked(packSuccessive(first, count)), expected);
    }),
    { numRuns: 30 },
  );
});

Deno.test("the ids of a parent's 4,096 children take little, and the frame states their size", () => {
  const frame = packSuccessive(45_763n * 4096n, 4096);
  assert.ok(frame.length < 600, `${frame.length} bytes`);
  assert.equal(frame[4], 0b10100000);
  assert.equal(new DataView(frame.buffer).getUint32(5, true), 8 * 4096);
});

Deno.test("integers whose third byte changes, or that begin within 256, are not taken", () => {
  for (
    const [first, count] of [[255n, 512], [65_280n, 512], [0n, 256], [0n, 1000], [256n, 65_536]] as const
  ) {
    assert.equal(isSuccessive(first, count), false);
    assert.throws(() => packSuccessive(first, count), RangeError);
  }
});
