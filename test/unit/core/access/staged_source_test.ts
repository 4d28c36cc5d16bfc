import assert from "node:assert/strict";
import { memorySource } from "../../../../core/access/memory_source.ts";
import type { Source } from "../../../../core/access/source.ts";
import { StagedSource } from "../../../../core/access/staged_source.ts";

const BLOCK = 64 * 1024;

/** A source of so many bytes, each its place modulo 251, that keeps a log of what is read. */
function logged(sizeBytes: number): Source & { log: [number, number][] } {
  const inner = memorySource("x", Uint8Array.from({ length: sizeBytes }, (_, i) => i % 251));
  const log: [number, number][] = [];
  return {
    ...inner,
    log,
    read(offset, length, signal) {
      log.push([offset, length]);
      return inner.read(offset, length, signal);
    },
  };
}

const LARGE = 8 * 1024 * 1024;

Deno.test("a step reads as if all had come, and begins again until it has", async () => {
  const source = logged(LARGE);
  const staged = new StagedSource(source);
  let tries = 0;
  const found = await staged.run(() => {
    tries += 1;
    const near = staged.read(10, 4);
    const far = staged.read(40 * BLOCK + 1, 3);
    return [...near, ...far];
  });
  assert.deepEqual(found, [10, 11, 12, 13, ...[1, 2, 3].map((i) => (40 * BLOCK + i) % 251)]);
  assert.equal(tries, 3);
  assert.deepEqual(source.log, [[0, BLOCK], [40 * BLOCK, BLOCK]]);
  await staged.run(() => staged.read(BLOCK - 1, 1));
  assert.equal(source.log.length, 2, "what came once is not fetched again");
  assert.equal(staged.counters.bytes, 2 * BLOCK);
});

Deno.test("ranges of data are fetched together and exactly, and are the step's own copies", async () => {
  const source = logged(LARGE);
  const staged = new StagedSource(source);
  const ranges = [{ offset: 1_000_000, length: 5 }, { offset: 2_000_000, length: 7 }];
  let tries = 0;
  const parts = await staged.run(() => {
    tries += 1;
    const read = staged.readMany(ranges);
    read[0].fill(0);
    return staged.readMany(ranges);
  });
  assert.equal(tries, 2);
  assert.deepEqual(source.log, ranges.map(({ offset, length }) => [offset, length]));
  parts.forEach((part, i) =>
    assert.deepEqual([...part], [...part.keys()].map((k) => (ranges[i].offset + k) % 251))
  );
});

Deno.test("a source that takes many ranges together is asked for them together", async () => {
  const inner = logged(LARGE);
  const asked: number[] = [];
  const staged = new StagedSource({
    ...inner,
    readMany(ranges, signal) {
      asked.push(ranges.length);
      return Promise.all(ranges.map(({ offset, length }) => inner.read(offset, length, signal)));
    },
  });
  const ranges = [5, 900_000, 3_000_000].map((offset) => ({ offset, length: 3 }));
  const parts = await staged.run(() => staged.readMany(ranges));
  assert.deepEqual(parts.map(([first]) => first), ranges.map(({ offset }) => offset % 251));
  assert.deepEqual(asked, [3]);
});

Deno.test("metadata all over a small file costs few requests, and no byte twice", async () => {
  const source = logged(40 * BLOCK);
  const staged = new StagedSource(source);
  for (let i = 0; i < 40; i++) await staged.run(() => staged.read(((i * 17) % 40) * BLOCK + 5, 2));
  assert.ok(source.log.length <= 12, `${source.log.length} requests`);
  assert.equal(source.log.reduce((sum, [, length]) => sum + length, 0), 40 * BLOCK);
});

Deno.test("what a step, the source or the signal says ends the step", async () => {
  const staged = new StagedSource(logged(100));
  await assert.rejects(staged.run(() => staged.read(90, 20)), /90/);
  await assert.rejects(staged.run(() => Promise.reject(new Error("own"))), /own/);
  const broken = new StagedSource({
    ...memorySource("y", new Uint8Array(10)),
    read: () => Promise.reject(new Error("lost")),
  });
  await assert.rejects(broken.run(() => broken.read(0, 1)), /lost/);
  const stop = new AbortController();
  stop.abort(new Error("enough"));
  await assert.rejects(staged.run(() => 1, stop.signal), /enough/);
});
