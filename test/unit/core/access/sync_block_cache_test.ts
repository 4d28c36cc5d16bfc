import assert from "node:assert/strict";
import fc from "fast-check";
import { BLOCK_BYTES, cachedSource } from "../../../../core/access/sync_block_cache.ts";
import type { SyncSource } from "../../../../core/access/source.ts";
import { GranaryError } from "../../../../core/errors.ts";
import { memorySyncSource } from "../../../support/memory_source.ts";

const SIZE = 40 * BLOCK_BYTES + 123;
const BYTES = Uint8Array.from({ length: SIZE }, (_, i) => (i * 2654435761) >>> 11);

Deno.test("any read gives the source's bytes, wherever blocks begin and end", () => {
  const source = cachedSource(memorySyncSource("s", BYTES));
  fc.assert(fc.property(
    fc.integer({ min: 0, max: SIZE }),
    fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 3 * BLOCK_BYTES })),
    (offset, length) => {
      const wanted = BYTES.subarray(offset, Math.min(SIZE, offset + length));
      assert.deepEqual(source.read(offset, wanted.length), wanted);
    },
  ));
});

Deno.test("small reads near each other cost one request, and reading on fetches ahead", () => {
  const inner = memorySyncSource("s", BYTES);
  const source = cachedSource(inner);
  for (let at = 5 * BLOCK_BYTES; at < 6 * BLOCK_BYTES - 8; at += 100) source.read(at, 8);
  assert.deepEqual(inner.log, [{ offset: 5 * BLOCK_BYTES, length: BLOCK_BYTES }]);
  inner.log.length = 0;
  for (let at = 10 * BLOCK_BYTES; at < SIZE - 8; at += 1000) source.read(at, 8);
  assert.ok(inner.log.length <= 8, `${inner.log.length} requests`);
  const fetched = inner.log.reduce((sum, { length }) => sum + length, 0);
  assert.equal(fetched, SIZE - 10 * BLOCK_BYTES);
});

Deno.test("long reads pass through and leave the blocks alone", () => {
  const inner = memorySyncSource("s", BYTES);
  const source = cachedSource(inner);
  source.read(100, 8);
  source.read(0, 2 * BLOCK_BYTES);
  source.read(200, 8);
  assert.deepEqual(inner.log.map(({ length }) => length), [BLOCK_BYTES, 2 * BLOCK_BYTES]);
});

Deno.test("a small source comes whole, and a source may ask for longer blocks", () => {
  const small = memorySyncSource("s", BYTES.subarray(0, 3 * BLOCK_BYTES));
  const cached = cachedSource(small);
  for (let at = 0; at < small.sizeBytes - 8; at += 1000) cached.read(at, 8);
  assert.equal(small.counters.requests, 1);
  const remote = { ...memorySyncSource("s", BYTES), blockBytes: 9 * BLOCK_BYTES };
  cachedSource(remote).read(20 * BLOCK_BYTES, 8);
  assert.deepEqual(remote.log, [{ offset: 18 * BLOCK_BYTES, length: 9 * BLOCK_BYTES }]);
});

Deno.test("what a caller does to its bytes does not reach the next reader", () => {
  const source = cachedSource(memorySyncSource("s", BYTES));
  source.read(0, 16).fill(0);
  assert.deepEqual(source.read(0, 16), BYTES.subarray(0, 16));
});

Deno.test("a read past the end is the source's error", () => {
  const source = cachedSource(memorySyncSource("s", BYTES));
  assert.throws(() => source.read(SIZE - 4, 8), GranaryError);
  assert.throws(() => source.read(-1, 8), GranaryError);
});

/** A source that reads into memory that it is given, as a local file does. */
function intoMemory(bytes: Uint8Array): SyncSource {
  const source = memorySyncSource("s", bytes);
  return {
    ...source,
    readManyInto: ([{ offset, length }], memory) => {
      memory.set(source.read(offset, length));
      return [memory.subarray(0, length)];
    },
  };
}

Deno.test("a file's blocks are the next one's memory when it is closed, and what was read of it stays", () => {
  const first = cachedSource(intoMemory(BYTES));
  const { bytes: block } = first.view(0, 16);
  const read = first.read(8, 100);
  const others = BYTES.map((byte) => byte ^ 0xff);
  const beside = cachedSource(intoMemory(others));
  assert.deepEqual(beside.read(8, 100), others.subarray(8, 108));
  assert.notEqual(beside.view(0, 16).bytes.buffer, block.buffer);
  first.close();
  const next = cachedSource(intoMemory(others));
  const { bytes, start } = next.view(3 * BLOCK_BYTES + 5, 16);
  assert.equal(bytes.buffer, block.buffer);
  assert.deepEqual(bytes.slice(start, start + 16), others.slice(3 * BLOCK_BYTES + 5, 3 * BLOCK_BYTES + 21));
  assert.deepEqual(read, BYTES.slice(8, 108));
});

Deno.test("a view that spans blocks, or is longer than one, has its bytes from its start on", () => {
  const source = cachedSource(intoMemory(BYTES));
  for (const [offset, length] of [[BLOCK_BYTES - 3, 8], [17, 2 * BLOCK_BYTES], [SIZE - 4, 4], [9, 0]]) {
    const { bytes, start } = source.view(offset, length);
    assert.deepEqual(bytes.slice(start, start + length), BYTES.slice(offset, offset + length));
  }
});
