import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import { type Compression, compressNow, type Packed } from "../../../../../core/geotiff/write/compress.ts";
import { PackPool } from "../../../../../core/geotiff/write/pack_pool.ts";

const COMPRESSIONS: readonly Compression[] = [
  { name: "deflate", level: 4 },
  { name: "deflate", level: 9 },
  { name: "zstd", level: 3 },
  { name: "none", level: 0 },
];

const joined = (packed: Packed) => new Uint8Array(Buffer.concat(packed));

const tile = (seed: number) =>
  Uint8Array.from({ length: 20_000 + 1000 * seed }, (_, i) => (i * (seed + 3)) >> 4);

Deno.test("tiles are the same bytes for any number of threads, in files of few tiles and of many", async () => {
  for (const compression of COMPRESSIONS) {
    const expected = Array.from({ length: 12 }, (_, seed) => compressNow(tile(seed), compression));
    for (const [workers, tiles] of [[1, 12], [2, 12], [1, 100], [3, 100]]) {
      const pool = new PackPool(compression, workers, tiles);
      const packed = await Promise.all(expected.map((_, seed) => pool.pack(tile(seed))));
      await pool.close();
      assert.deepEqual(packed.map(joined), expected.map(joined));
    }
  }
});

Deno.test("a tile's memory may be used again when it is packed", async () => {
  const pool = new PackPool({ name: "deflate", level: 4 }, 2, 100);
  const bytes = tile(1);
  for (let round = 0; round < 4; round++) {
    bytes.fill(round, 0, 10_000);
    const packed = await pool.pack(bytes);
    assert.deepEqual(new Uint8Array(zlib.inflateSync(joined(packed))), bytes);
  }
  await pool.close();
});

Deno.test("a pool that packed nothing closes", async () => {
  await new PackPool({ name: "deflate", level: 4 }, 4, 1000).close();
});
