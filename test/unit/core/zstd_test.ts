import assert from "node:assert/strict";
import zlib from "node:zlib";
import { ONE_BLOCK_BYTES, packZstd, packZstdBy } from "../../../core/zstd.ts";

Deno.test("a frame of bytes of any size up to a block unpacks to them", () => {
  for (const size of [0, 1, 1000, ONE_BLOCK_BYTES]) {
    const bytes = Uint8Array.from({ length: size }, (_, i) => (i * i) >> 5);
    assert.deepEqual(new Uint8Array(zlib.zstdDecompressSync(packZstd(bytes, 1))), bytes);
  }
});

Deno.test("the runtime's own call is asked where there is one, with the level", () => {
  const calls: unknown[] = [];
  const made = Uint8Array.of(1, 2, 3);
  const pack = packZstdBy({
    zstdCompressSync(bytes, options) {
      calls.push([...bytes], options);
      return made;
    },
  });
  assert.equal(pack(Uint8Array.of(9), 4), made);
  assert.deepEqual(calls, [[9], { level: 4 }]);
});
