import assert from "node:assert/strict";
import zlib from "node:zlib";
import { CodecFault } from "../../../../core/codecs/bytes.ts";
import { unpackZstdBy } from "../../../../core/codecs/zstd.ts";

const SIZES = [0, 1, 200, 255, 256, 257, 65_535, 65_791, 65_792, 300_000];

function pack(bytes: Uint8Array, level: number, isStated: boolean, hasSum: boolean): Uint8Array {
  const { ZSTD_c_compressionLevel: l, ZSTD_c_contentSizeFlag: stated, ZSTD_c_checksumFlag: sum } =
    zlib.constants;
  const params = { [l]: level, [stated]: isStated ? 1 : 0, [sum]: hasSum ? 1 : 0 };
  return new Uint8Array(zlib.zstdCompressSync(bytes, { params, pledgedSrcSize: bytes.length }));
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** Unpacking by a runtime that has no bound, and how often it was asked. */
function counting() {
  let calls = 0;
  const unpack = unpackZstdBy({ zstdDecompressSync: (bytes) => (calls++, zlib.zstdDecompressSync(bytes)) });
  return { unpack, calls: () => calls };
}

Deno.test("a frame that states its size is unpacked by the runtime, any other by node:zlib, to the same bytes", () => {
  for (const size of SIZES) {
    for (const bytes of [new Uint8Array(size), new Uint8Array(size).map((_, i) => (i * i) >> 3)]) {
      for (const level of [1, 19]) {
        for (const isStated of [true, false]) {
          for (const hasSum of [true, false]) {
            const frame = pack(bytes, level, isStated, hasSum);
            const { unpack, calls } = counting();
            assert.deepEqual(new Uint8Array(unpack(frame, size)), bytes);
            assert.equal(calls(), isStated ? 1 : 0, `${size} bytes, stated: ${isStated}`);
            assert.deepEqual(new Uint8Array(unpackZstdBy(undefined)(frame, size)), bytes);
          }
        }
      }
    }
  }
});

Deno.test("the runtime never unpacks more than is wanted: several frames, or one of another size, are not for it", () => {
  const bytes = new Uint8Array(1000).fill(7);
  const frame = pack(bytes, 1, true, true);
  const { unpack, calls } = counting();
  for (const wanted of [1001, 1010]) assert.equal(unpack(frame, wanted).length, 1000);
  const isBounded = (input: Uint8Array, wanted: number) => {
    try {
      return unpack(input, wanted).length <= wanted + 65;
    } catch (error) {
      return error instanceof CodecFault;
    }
  };
  for (const input of [frame, joined(frame, frame), joined(frame, Uint8Array.of(1, 2, 3))]) {
    assert.ok(isBounded(input, 900));
    if (input !== frame) assert.ok(isBounded(input, 1000));
  }
  for (let length = 0; length < frame.length; length++) assert.ok(isBounded(frame.subarray(0, length), 1000));
  assert.equal(calls(), 0);
  const wrong = frame.slice();
  wrong[wrong.length - 1] ^= 1;
  assert.throws(() => unpack(wrong, 1000), CodecFault);
});
