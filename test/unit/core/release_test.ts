import assert from "node:assert/strict";
import { release } from "../../../core/release.ts";

Deno.test("released arrays are empty; others, whose buffers have more in them or are shared, are left alone", () => {
  const own = new Float64Array(10).fill(1), again = new Uint8Array(own.buffer);
  const part = new Float32Array(10).fill(2).subarray(1);
  const shared = new Uint8Array(new SharedArrayBuffer(8)).fill(3);
  release([own, own, again, part, shared, new Uint8Array(0)]);
  assert.equal(own.length, 0);
  assert.equal(again.length, 0);
  assert.deepEqual([...part], new Array(9).fill(2));
  assert.deepEqual([...shared], new Array(8).fill(3));
});
