import assert from "node:assert/strict";
import fc from "fast-check";
import { readingOrder } from "../../../../aggregate/schedule/granule_order.ts";

const range = (length: number) => Array.from({ length }, (_, i) => i);

Deno.test("shards are completed one after the other, the ones that wait for the fewest first", () => {
  const shards = [[0, 1, 2, 3, 4], [4, 5], [5, 6, 7], [8, 9, 10, 11]];
  const order = readingOrder({ granules: range(13), shards, slots: 1, sizeOf: () => 1 });
  assert.deepEqual(order, [4, 5, 6, 7, 0, 1, 2, 3, 8, 9, 10, 11, 12]);
});

Deno.test("within a shard the largest come first; before all of them those that take long alone", () => {
  const sizes = [1, 3, 2, 5, 4, 100];
  const shards = [[0, 1, 2], [2, 3, 4, 5]];
  const order = readingOrder({ granules: range(6), shards, slots: 2, sizeOf: (granule) => sizes[granule] });
  assert.deepEqual(order, [5, 3, 4, 2, 1, 0]);
});

Deno.test("every granule is read once, and no later shard needs less than the one that is completed", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uniqueArray(fc.nat(39), { maxLength: 12 }), { maxLength: 15 }),
      fc.array(fc.integer({ min: 10, max: 19 }), { minLength: 40, maxLength: 40 }),
      (shards, sizes) => {
        const order = readingOrder({
          granules: range(40),
          shards,
          slots: 1,
          sizeOf: (granule) => sizes[granule],
        });
        assert.deepEqual(order.toSorted((a, b) => a - b), range(40));
        // Shards in the order of their completion wait for no more than another one would have.
        const came = new Set<number>();
        const missing = (shard: readonly number[]) => shard.filter((granule) => !came.has(granule)).length;
        for (let at = 0; at < order.length;) {
          const left = shards.map(missing).filter((count) => count > 0);
          if (left.length === 0) break;
          const next = order.slice(at, at + Math.min(...left));
          next.forEach((granule) => came.add(granule));
          assert.ok(
            shards.map(missing).filter((count) => count > 0).length < left.length,
            "the fewest granules that complete a shard come next",
          );
          at += next.length;
        }
      },
    ),
    { numRuns: 60 },
  );
});
