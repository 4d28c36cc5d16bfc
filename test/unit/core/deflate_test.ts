import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import { deflate, deflateBy } from "../../../core/deflate.ts";
import type { Libdeflate } from "../../../core/libdeflate.ts";

const SIZES = [0, 1, 1000, 80_000];

function someBytes(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i % 251) * (i % 7) >> 2);
}

/** libdeflate played by node:zlib, with the levels that were asked. */
function recorder() {
  const levels: number[] = [];
  const libdeflate: Libdeflate = {
    inflateSync: () => {
      throw new Error("nothing is inflated");
    },
    deflateSync: (bytes, { level }) => {
      levels.push(level);
      return zlib.deflateRawSync(bytes, { level: Math.min(level, 9) });
    },
  };
  return { levels, libdeflate };
}

Deno.test("node:zlib reads what is deflated, checksum included, at every level and size", () => {
  for (const make of [deflate, deflateBy(undefined), deflateBy(recorder().libdeflate)]) {
    for (const size of SIZES) {
      for (let level = 1; level <= 9; level++) {
        const bytes = someBytes(size);
        const stream = Buffer.concat(make(bytes, level));
        assert.deepEqual(new Uint8Array(zlib.inflateSync(stream)), bytes);
        assert.ok(stream.length < size + 1024);
        if (size > 1000) assert.ok(stream.length < size / 4);
      }
    }
  }
});

Deno.test("the header says how much was tried, as zlib's own does", () => {
  for (let level = 1; level <= 9; level++) {
    const own = zlib.deflateSync(someBytes(100), { level });
    const stream = Buffer.concat(deflateBy(recorder().libdeflate)(someBytes(100), level));
    assert.deepEqual(stream.subarray(0, 2), own.subarray(0, 2));
  }
});

Deno.test("a higher level never asks libdeflate for less", () => {
  const { levels, libdeflate } = recorder();
  for (let level = 1; level <= 9; level++) deflateBy(libdeflate)(someBytes(10), level);
  assert.deepEqual(levels, levels.toSorted((a, b) => a - b));
  assert.ok(levels.every((level) => level >= 1 && level <= 9) && levels[8] > levels[0]);
});
