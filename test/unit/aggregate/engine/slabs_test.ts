import assert from "node:assert/strict";
import fc from "fast-check";
import type { SegmentEntry } from "../../../../aggregate/engine/contract.ts";
import { ShardLedger } from "../../../../aggregate/schedule/shard_ledger.ts";
import { SlabSpace } from "../../../../aggregate/engine/slabs.ts";

const SLAB = 1024;
const SLOTS = 3;

/** What may happen between the main thread and its slots. */
type Step =
  | { do: "scatter"; slot: number; sizes: number[]; shards: number[]; fails: boolean }
  | { do: "reduce"; slot: number; shard: number }
  | { do: "spill"; slot: number };

const slot = fc.integer({ min: 0, max: SLOTS - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("scatter" as const),
      slot,
      sizes: fc.array(fc.integer({ min: 1, max: 200 }).map((words) => 8 * words), {
        minLength: 1,
        maxLength: 6,
      }),
      shards: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 6, maxLength: 6 }),
      fails: fc.boolean(),
    }),
  },
  fc.record({ do: fc.constant("reduce" as const), slot, shard: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ do: fc.constant("spill" as const), slot }),
);

/** One slot's memory as the worker sees it: buffers that it knows. */
class World {
  ledger = new ShardLedger(SLOTS);
  spaces = Array.from({ length: SLOTS }, (_, l) => new SlabSpace(l + 1, SLAB));
  known = Array.from({ length: SLOTS }, () => new Map<number, SharedArrayBuffer>());
  /** Each live segment and the byte that all of it holds. */
  live = new Map<SegmentEntry, number>();
  buffers = new Set<SharedArrayBuffer>();
  serial = 0;

  scatter(slot: number, sizes: readonly number[], shards: readonly number[], fails: boolean): void {
    const space = this.spaces[slot];
    const granted = this.ledger.grant(slot);
    for (const slab of granted) this.known[slot].set(slab.id, slab.buffer);
    space.grant(granted);
    const mark = space.mark();
    const made: [SegmentEntry, number][] = sizes.map((bytes, i) => {
      const { buffer, offset, slab } = space.reserve(bytes);
      assert.ok(offset % 8 === 0 && offset + bytes <= buffer.byteLength);
      const stamp = 1 + (this.serial++ % 250);
      new Uint8Array(buffer, offset, bytes).fill(stamp);
      return [{ shard: shards[i], granule: this.serial, group: 0, slab, offset, bytes, rows: 1 }, stamp];
    });
    if (fails) space.rollBack(mark);
    const report = space.report();
    for (const { id, buffer } of report.opened) {
      this.known[slot].set(id, buffer);
      this.buffers.add(buffer);
    }
    this.ledger.add(slot, report, fails ? [] : made.map(([entry]) => entry));
    if (!fails) { for (const [entry, stamp] of made) this.live.set(entry, stamp); }
  }

  /** A slot reads segments through what it knows, and they are free after. */
  consume(slot: number, entries: readonly SegmentEntry[]): void {
    for (const slab of this.ledger.unknownTo(slot, entries)) this.known[slot].set(slab.id, slab.buffer);
    for (const entry of entries) {
      const buffer = this.known[slot].get(entry.slab);
      assert.ok(buffer !== undefined, "the slot was sent the slab");
      assert.ok(
        new Uint8Array(buffer, entry.offset, entry.bytes).every((byte) => byte === this.live.get(entry)),
      );
    }
    this.ledger.release(entries);
    for (const entry of entries) assert.ok(this.live.delete(entry), "a segment is taken once");
  }

  check(): void {
    const { heldBytes, peakBytes } = this.ledger;
    const liveBytes = [...this.live.keys()].reduce((sum, { bytes }) => sum + bytes, 0);
    const allBytes = [...this.buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
    assert.ok(heldBytes >= liveBytes && heldBytes <= allBytes && peakBytes >= heldBytes);
    for (const [entry, stamp] of this.live) {
      const buffer = [...this.known].map((slabs) => slabs.get(entry.slab)).find((slab) =>
        slab !== undefined
      )!;
      assert.ok(
        new Uint8Array(buffer, entry.offset, entry.bytes).every((byte) => byte === stamp),
        "no slab is filled again while a segment in it is needed",
      );
    }
  }
}

Deno.test("segments keep their bytes until they are released, whatever fills, reads and fails meanwhile", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World();
      for (const it of steps) {
        if (it.do === "scatter") world.scatter(it.slot, it.sizes, it.shards, it.fails);
        else if (it.do === "reduce") world.consume(it.slot, world.ledger.take(it.shard).entries);
        else world.consume(it.slot, world.ledger.takeAll());
        world.check();
      }
      world.consume(0, world.ledger.takeAll());
      assert.equal(world.live.size, 0);
    }),
    { seed: 8, numRuns: 200 },
  );
});

Deno.test("a run that spills again and again stays in the memory that it began with", () => {
  const world = new World();
  const round = () => {
    for (let l = 0; l < SLOTS; l++) world.scatter(l, [512, 512, 512, 512, 512], [0, 1, 2, 3, 4, 0], false);
    world.consume(0, world.ledger.takeAll());
  };
  for (let i = 0; i < 10; i++) round();
  const { size } = world.buffers;
  for (let i = 0; i < 200; i++) round();
  assert.equal(world.buffers.size, size);
});

Deno.test("a segment larger than a slab has one to itself, and that is used again", () => {
  const ledger = new ShardLedger(1);
  const space = new SlabSpace(1, SLAB);
  const large = 5 * SLAB;
  const buffers = new Set<SharedArrayBuffer>();
  for (let i = 0; i < 5; i++) {
    space.grant(ledger.grant(0));
    const { buffer, offset, slab } = space.reserve(large);
    buffers.add(buffer);
    space.reserve(SLAB); // begins the next slab, so that the large one is full
    const entry = { shard: 0, granule: i, group: 0, slab, offset, bytes: large, rows: 1 };
    ledger.add(0, space.report(), [entry]);
    ledger.release(ledger.takeAll());
  }
  assert.ok(buffers.size <= 2, `${buffers.size} buffers`);
});

Deno.test("parts of spill files come with the shard that they are of, once", () => {
  const ledger = new ShardLedger(1);
  const location = { kind: "local" as const, url: "a.runs" };
  ledger.addParts([
    { shard: 3, location, offset: 8, bytes: 16, entries: [{ granule: 0, group: 0, offset: 8 }] },
    { shard: 4, location, offset: 24, bytes: 8, entries: [] },
  ]);
  ledger.addParts([{ shard: 3, location, offset: 0, bytes: 8, entries: [] }]);
  assert.deepEqual(ledger.take(3).parts.map(({ offset }) => offset), [8, 0]);
  assert.deepEqual(ledger.take(3), { entries: [], parts: [] });
  assert.equal(ledger.take(4).parts.length, 1);
});
