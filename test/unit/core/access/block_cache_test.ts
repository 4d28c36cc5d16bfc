import assert from "node:assert/strict";
import fc from "fast-check";
import { CachedSource, type CacheSettings } from "../../../../core/access/block_cache.ts";
import { CacheBudget } from "../../../../core/access/cache_budget.ts";
import { copyOverlap, firstSpan, mergeRanges } from "../../../../core/access/read_plan.ts";
import type { ByteRange, Source } from "../../../../core/access/source.ts";
import { patternBytes } from "../../../support/loopback.ts";

const BYTES = patternBytes(1_000_000);
const KB = 1000;
const SETTINGS: CacheSettings = {
  blockBytes: 10 * KB,
  gapBytes: 5 * KB,
  wholePartBytes: 100 * KB,
  longestRequestBytes: 100 * KB,
  longestReadAheadBytes: 80 * KB,
  missesToWiden: 4,
  wholeBytes: 1000 * KB,
  widenedShare: 1 / 8,
};

/** A source that remembers what was asked of it, and how many asked at once. */
function slowSource(bytes = BYTES, failing: (range: ByteRange) => boolean = () => false) {
  const log: ByteRange[] = [];
  const state = { underWay: 0, most: 0, bytesUnderWay: 0, mostBytes: 0, closed: 0 };
  const source: Source = {
    name: "slow",
    sizeBytes: bytes.length,
    async read(offset, length) {
      log.push({ offset, length });
      state.most = Math.max(state.most, ++state.underWay);
      state.mostBytes = Math.max(state.mostBytes, state.bytesUnderWay += length);
      await new Promise((resolve) => setTimeout(resolve, 1));
      state.underWay -= 1;
      state.bytesUnderWay -= length;
      if (failing({ offset, length })) throw new Error("broken");
      return bytes.slice(offset, offset + length);
    },
    close: () => Promise.resolve(void state.closed++),
  };
  return { source, log, state };
}

function cached(source: Source, kept = 500 * KB, underWay = 10_000 * KB, first?: Uint8Array) {
  const budget = new CacheBudget(kept, underWay);
  return {
    budget,
    cache: new CachedSource(source, { opens: 1, requests: 0, bytes: 0 }, budget, SETTINGS, first),
  };
}

Deno.test("small reads that lie together cost one request", async () => {
  const { source, log } = slowSource();
  const { cache } = cached(source);
  for (let i = 0; i < 40; i++) {
    assert.deepEqual(
      await cache.read(500_000 + i * 200, 150),
      BYTES.slice(500_000 + i * 200, 500_150 + i * 200),
    );
  }
  assert.deepEqual(log, [{ offset: 500_000, length: 10_000 }]);
});

Deno.test("concurrent small reads of one block share its request", async () => {
  const { source, log } = slowSource();
  const { cache } = cached(source);
  const parts = await Promise.all(Array.from({ length: 20 }, (_, i) => cache.read(300_000 + i * 7, 5)));
  parts.forEach((bytes, i) => assert.deepEqual(bytes, BYTES.slice(300_000 + i * 7, 300_005 + i * 7)));
  assert.equal(log.length, 1);
});

Deno.test("reading forward reads ahead, twice as far every time, up to the bound", async () => {
  const { source, log } = slowSource();
  const { cache } = cached(source, 2000 * KB);
  for (let at = 0; at < 1_000_000; at += 1000) await cache.read(at, 1000);
  const lengths = log.map(({ length }) => length / 10_000);
  assert.deepEqual(lengths.slice(0, 6), [1, 2, 4, 8, 9, 9]);
  assert.ok(log.length < 17, `${log.length} requests for 100 blocks`);
  assert.equal(log.reduce((sum, { length }) => sum + length, 0), 1_000_000, "nothing is asked for twice");
});

Deno.test("scattered small reads do not read ahead", async () => {
  const { source, log } = slowSource();
  const { cache } = cached(source);
  for (const at of [900_000, 100_000, 500_000, 300_000]) await cache.read(at, 10);
  assert.deepEqual(log.map(({ length }) => length), [10_000, 10_000, 10_000, 10_000]);
});

Deno.test("scattered small reads that go on fetch more around them, aligned, and nothing twice", async () => {
  const { source, log } = slowSource();
  const { cache } = cached(source, 2000 * KB);
  // One small read in every block, in an order that jumps: 100 round trips without widening.
  for (let i = 0; i < 100; i++) {
    const at = ((i * 37) % 100) * 10_000 + 5;
    assert.deepEqual(await cache.read(at, 20), BYTES.slice(at, at + 20));
  }
  assert.equal(log.reduce((sum, { length }) => sum + length, 0), 1_000_000);
  assert.ok(log.length < 70, `${log.length} requests`);
  assert.ok(Math.max(...log.map(({ length }) => length)) <= 80_000);
});

Deno.test("widening ends when its share of the file was fetched", async () => {
  const { source, log } = slowSource(patternBytes(8_000_000));
  const { cache } = cached(source, 9000 * KB);
  for (let i = 0; i < 400; i++) await cache.read(((i * 333) % 800) * 10_000, 20);
  const wide = log.filter(({ length }) => length > 10_000);
  assert.ok(wide.length > 5);
  assert.ok(wide.reduce((sum, { length }) => sum + length, 0) <= 1_000_000);
  assert.deepEqual(new Set(log.slice(-50).map(({ length }) => length)), new Set([10_000]));
});

Deno.test("many ranges are asked for exactly, neighbours together, all at once", async () => {
  const { source, log, state } = slowSource();
  const { cache } = cached(source);
  const ranges = [
    { offset: 700_000, length: 20_000 },
    { offset: 100_000, length: 30_000 },
    { offset: 134_000, length: 1_000 },
    { offset: 723_456, length: 5 },
    { offset: 400_000, length: 0 },
    { offset: 200_000, length: 250_000 },
  ];
  const parts = await cache.readMany(ranges);
  parts.forEach((bytes, i) =>
    assert.deepEqual(bytes, BYTES.slice(ranges[i].offset, ranges[i].offset + ranges[i].length))
  );
  assert.deepEqual(log, [
    { offset: 100_000, length: 35_000 },
    { offset: 200_000, length: 83_334 },
    { offset: 283_334, length: 83_334 },
    { offset: 366_668, length: 83_332 },
    { offset: 700_000, length: 23_461 },
  ]);
  assert.equal(state.most, 5);
});

Deno.test("what is kept already is not asked for again, by neither kind of read", async () => {
  const { source, log } = slowSource();
  const { cache } = cached(source, 500 * KB, 1000 * KB, BYTES.slice(0, 30_000));
  await cache.readMany([{ offset: 0, length: 15_000 }, { offset: 20_000, length: 9_999 }]);
  await cache.read(29_000, 1000);
  assert.equal(log.length, 0);
});

Deno.test("of a long range only what is neither kept nor coming is asked for", async () => {
  const { source, log } = slowSource();
  const { cache } = cached(source);
  await cache.read(120_000, 10);
  const coming = cache.read(150_000, 10);
  const [bytes] = await cache.readMany([{ offset: 105_000, length: 60_000 }]);
  await coming;
  assert.deepEqual(bytes, BYTES.slice(105_000, 165_000));
  assert.deepEqual(log.slice(2), [{ offset: 105_000, length: 15_000 }, { offset: 130_000, length: 20_000 }, {
    offset: 160_000,
    length: 5_000,
  }]);
});

Deno.test("kept blocks stay within the budget of all sources, the least used go first", async () => {
  const { source, log } = slowSource();
  const { cache, budget } = cached(source, 30 * KB);
  for (const at of [0, 200_000, 400_000]) await cache.read(at, 10);
  await cache.read(0, 10);
  await cache.read(600_000, 10);
  assert.equal(budget.usedBytes, 30_000);
  assert.equal(log.length, 4);
  await cache.read(0, 10);
  assert.equal(log.length, 4, "the block that was used last is still kept");
  await cache.read(200_000, 10);
  assert.equal(log.length, 5);
  await cache.close();
  assert.equal(budget.usedBytes, 0, "a closed source keeps nothing");
});

Deno.test("files that are held whole have room of their own, and more where a reader waits, until they are read", async () => {
  const { source, log } = slowSource();
  const budget = new CacheBudget(600 * KB, 10_000 * KB);
  const shares: number[] = [];
  const open = () =>
    new CachedSource(
      source,
      { opens: 1, requests: 0, bytes: 0 },
      budget,
      SETTINGS,
      undefined,
      ({ askedShare }) => shares.push(askedShare),
    );
  const first = open(), second = open();
  assert.equal(first.warm(false), true);
  assert.equal(second.warm(false), false, "1.2 MB are for those ahead");
  assert.equal(second.warm(true), false, "1.8 MB are for all");
  await first.read(10, 10);
  assert.equal(log.length, 10, "the longest requests, side by side");
  const memory = new Uint8Array(BYTES.length);
  await first.readWhole!(memory);
  assert.deepEqual(memory, BYTES);
  assert.equal(first.readWhole, undefined, "its reader has it");
  assert.equal(second.warm(false), true, "and its room is free");
  await first.close(500 * KB);
  await second.close(100 * KB);
  assert.equal(log.length, 20);
  assert.deepEqual(shares, [0.50001, 0.1]);
});

Deno.test("bytes under way stay within the budget", async () => {
  const { source, state } = slowSource();
  const { cache } = cached(source, 0, 120 * KB);
  await cache.readMany(Array.from({ length: 10 }, (_, i) => ({ offset: i * 100_000, length: 50_000 })));
  assert.ok(state.mostBytes <= 120_000, String(state.mostBytes));
  assert.equal(state.most, 2);
});

Deno.test("a failed block is reported to all who wait for it, and asked for again later", async () => {
  let broken = true;
  const { source, log } = slowSource(BYTES, () => broken);
  const { cache } = cached(source);
  const results = await Promise.allSettled([cache.read(50_000, 10), cache.read(50_010, 10)]);
  assert.ok(results.every(({ status }) => status === "rejected"));
  broken = false;
  assert.deepEqual(await cache.read(50_000, 10), BYTES.slice(50_000, 50_010));
  assert.equal(log.length, 2);
});

Deno.test("any sequence of reads gives the file's bytes, and merged spans cover their ranges once", async () => {
  const range = fc.tuple(fc.nat(999_999), fc.nat(60_000)).map(([offset, length]) => ({
    offset,
    length: Math.min(length, 1_000_000 - offset),
  }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(range, { minLength: 1, maxLength: 8 }), { maxLength: 6 }),
      async (batches) => {
        const { source } = slowSource();
        const { cache } = cached(source, 40 * KB, 100 * KB);
        await Promise.all(batches.map(async (ranges) => {
          const parts = await cache.readMany(ranges);
          parts.forEach((bytes, i) =>
            assert.deepEqual(bytes, BYTES.slice(ranges[i].offset, ranges[i].offset + ranges[i].length))
          );
        }));
      },
    ),
    { numRuns: 12 },
  );
  fc.assert(
    fc.property(
      fc.array(range),
      fc.nat(10_000),
      fc.integer({ min: 1, max: 50_000 }),
      (ranges, gap, longest) => {
        const spans = mergeRanges(ranges, gap, longest);
        spans.forEach(({ offset, length }, i) => {
          assert.ok(length >= 1 && length <= longest);
          if (i > 0) {
            assert.ok(
              offset >= spans[i - 1].offset + spans[i - 1].length,
              "spans are ascending and disjoint",
            );
          }
          assert.equal(firstSpan(spans, offset + length - 1), i);
        });
        for (const { offset, length } of ranges) {
          const seen = new Uint8Array(length);
          for (const span of spans) copyOverlap(span, new Uint8Array(span.length).fill(1), offset, seen);
          assert.ok(seen.every((byte) => byte === 1), "every byte of a range lies in a span");
        }
      },
    ),
  );
});
