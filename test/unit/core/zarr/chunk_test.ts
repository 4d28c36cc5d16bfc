import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import { compressChunk, encodeChunk, MAX_CHUNK_CELLS } from "../../../../core/zarr/chunk.ts";
import { chunkDigests, storeDigests } from "../store/digests.ts";

const FOLDER = import.meta.dirname!;
const BUN = path.resolve(FOLDER, "../../../../node_modules/.bin/bun");

Deno.test("a chunk of fill alone is left out, whatever the fill value", () => {
  assert.equal(encodeChunk(new Float32Array(16).fill(NaN), NaN), undefined);
  assert.equal(encodeChunk(new Float64Array(16).fill(-9999), -9999), undefined);
  assert.equal(encodeChunk(new Int32Array(16), 0), undefined);
  assert.equal(encodeChunk(new BigUint64Array(16).fill(48n), 48n), undefined);
});

Deno.test("one element that differs from the fill value keeps the chunk, and -0 differs from 0", () => {
  for (const fill of [NaN, 0, -9999]) {
    const values = new Float64Array(16).fill(fill);
    values[15] = -0;
    const bytes = encodeChunk(values, fill);
    assert.ok(bytes);
    const decoded = new Float64Array(new Uint8Array(zlib.zstdDecompressSync(bytes)).buffer);
    assert.ok(Object.is(decoded[15], -0));
    assert.ok(Object.is(decoded[0], fill));
  }
});

Deno.test("the elements of a view are encoded, not those around it", () => {
  const whole = Uint16Array.from({ length: 100 }, (_, i) => i);
  const bytes = compressChunk(whole.subarray(10, 20));
  const decoded = new Uint16Array(new Uint8Array(zlib.zstdDecompressSync(bytes)).buffer);
  assert.deepEqual([...decoded], [10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
});

Deno.test("an encoded chunk is one zstd frame that states its content's size", () => {
  const bytes = compressChunk(new Float64Array(MAX_CHUNK_CELLS).map((_, i) => i));
  // RFC 8878 section 3.1.1: magic, then the descriptor, whose bit 5 is Single_Segment and whose top
  // two bits give 4 bytes of content size.
  assert.deepEqual([...bytes.subarray(0, 4)], [0x28, 0xb5, 0x2f, 0xfd]);
  assert.equal(bytes[4], 0b10100000);
  assert.equal(new DataView(bytes.buffer, bytes.byteOffset).getUint32(5, true), 8 * MAX_CHUNK_CELLS);
});

Deno.test({
  name: "Bun, which makes the binary, encodes chunks and whole stores to the same bytes as Deno",
  ignore: !fs.existsSync(BUN),
  async fn() {
    const output = execFileSync(BUN, [path.join(FOLDER, "../store/digests.ts")], {
      encoding: "utf8",
    });
    assert.deepEqual(output.trim().split("\n"), [...chunkDigests(), ...await storeDigests()]);
  },
});
