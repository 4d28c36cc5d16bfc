import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import { checkFilters, ChunkFault, decodeChunk } from "../../../../../core/hdf5/direct/chunk_filters.ts";
import { UnsupportedHdf5 } from "../../../../../core/hdf5/direct/cursor.ts";
import type { Filter } from "../../../../../core/hdf5/direct/messages.ts";

const DEFLATE: Filter = { id: 1, name: "deflate", values: [6] };
const shuffleOf = (size: number): Filter => ({ id: 2, name: "shuffle", values: [size] });
const FLETCHER: Filter = { id: 3, name: "fletcher32", values: [] };

/** The definition of shuffle: byte k of every element, for k from 0. */
function shuffle(bytes: Uint8Array, size: number): Uint8Array {
  const count = Math.floor(bytes.length / size);
  const out = bytes.slice();
  for (let i = 0; i < count; i += 1) {
    for (let k = 0; k < size; k += 1) out[k * count + i] = bytes[i * size + k];
  }
  return out;
}

const BYTES = Uint8Array.from({ length: 803 }, (_, i) => (i * 2654435761) >>> 13);

Deno.test("shuffle and deflate are undone for elements of 1, 2, 4 and 8 bytes, odd ends included", () => {
  for (const size of [1, 2, 4, 8]) {
    for (const length of [0, size, 800, 803]) {
      const bytes = BYTES.slice(0, length);
      const shuffled = shuffle(bytes, size);
      assert.deepEqual(new Uint8Array(decodeChunk(shuffled, 0, [shuffleOf(size)], length)), bytes);
      const filters = [shuffleOf(size), DEFLATE];
      const stored = zlib.deflateSync(shuffled);
      assert.deepEqual(new Uint8Array(decodeChunk(stored, 0, filters, length)), bytes);
    }
  }
});

Deno.test("a filter whose bit is set in the chunk's mask is not undone", () => {
  const filters = [shuffleOf(4), DEFLATE];
  assert.deepEqual(new Uint8Array(decodeChunk(zlib.deflateSync(BYTES), 1, filters, 803)), BYTES);
  assert.deepEqual(new Uint8Array(decodeChunk(shuffle(BYTES, 4), 2, filters, 803)), BYTES);
  assert.deepEqual(decodeChunk(BYTES, 3, filters, 803), BYTES);
  assert.throws(() => decodeChunk(BYTES, 4, filters, 803), ChunkFault);
});

Deno.test("bytes that no writer made are faults, and nothing grows past the size that is wanted", () => {
  const faults: [Uint8Array, Filter[], number][] = [
    [Uint8Array.of(1, 2, 3), [DEFLATE], 803],
    [zlib.deflateSync(BYTES).subarray(0, 300), [DEFLATE], 803],
    [zlib.deflateSync(BYTES), [DEFLATE], 804],
    [zlib.deflateSync(BYTES), [DEFLATE], 802],
    [zlib.deflateSync(new Uint8Array(1 << 24)), [DEFLATE], 803],
    [zlib.deflateSync(BYTES), [DEFLATE], 2 ** 31],
    [BYTES, [], 804],
    [BYTES, [FLETCHER], 799],
    [Uint8Array.of(1, 2), [FLETCHER], 0],
  ];
  for (const [stored, filters, size] of faults) {
    assert.throws(() => decodeChunk(stored, 0, filters, size), ChunkFault);
  }
});

Deno.test("filters that are not undone are named", () => {
  checkFilters([shuffleOf(4), DEFLATE, FLETCHER], 4, "f.h5: /x");
  assert.throws(() => checkFilters([{ id: 4, name: "", values: [] }], 4, "f.h5: /x"), UnsupportedHdf5);
  assert.throws(
    () => checkFilters([{ id: 32013, name: "zfp", values: [] }], 4, "f.h5: /x"),
    /f\.h5: \/x is packed with the filter zfp \(32013\)/,
  );
  const lzf = { id: 32000, name: "lzf", values: [] };
  assert.throws(
    () => checkFilters([DEFLATE, lzf], 4, "f.h5: /x"),
    /f\.h5: \/x is packed twice, with deflate\(\d\) and lzf/,
  );
  assert.throws(() => checkFilters([DEFLATE, DEFLATE], 4, "f.h5: /x"), /deflate applied twice/);
  assert.throws(() => checkFilters([shuffleOf(4)], 8, "f.h5: /x"), /shuffle of another element size/);
});

const ROOT = path.resolve(import.meta.dirname!, "../../../../..");
const BUN = path.join(ROOT, "node_modules", ".bin", "bun");

Deno.test({
  name: "in the runtime of the binary a chunk that was inflated gives its memory back when the next one is",
  ignore: !fs.existsSync(BUN),
  fn() {
    const program = `
      import zlib from "node:zlib";
      import { decodeChunk } from "./core/hdf5/direct/chunk_filters.ts";
      const bytes = Uint8Array.from({ length: 4000 }, (_, i) => (i * 2654435761) >>> 13);
      const filters = [{ id: 1, name: "deflate", values: [6] }];
      const next = () => decodeChunk(zlib.deflateSync(bytes), 0, filters, bytes.length);
      const first = next(), before = first.length, second = next();
      console.log(before, first.length, second.length, second.every((byte, i) => byte === bytes[i]));
    `;
    assert.equal(
      execFileSync(BUN, ["-e", program], { cwd: ROOT, encoding: "utf8" }).trim(),
      "4000 0 4000 true",
    );
  },
});
