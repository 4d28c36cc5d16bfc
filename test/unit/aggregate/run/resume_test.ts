import assert from "node:assert/strict";
import type { Plan } from "../../../../aggregate/plan/plan.ts";
import { remainingWork } from "../../../../aggregate/run/resume.ts";

/** Four parents in shards of two; granules of ranks in one shard, in both, in the other. */
const PLAN = {
  store: { parents: [4n, 5n, 6n, 7n], parentsPerShard: 2, layout: "compact", order: { parent: 0 } },
  granules: [{}, {}, {}],
  ranks: [[0, 1], [1, 2], [3]],
  shards: [
    { index: 0, firstRank: 0, endRank: 2, granules: [0, 1], key: "first" },
    { index: 1, firstRank: 2, endRank: 4, granules: [1, 2], key: "second" },
  ],
  batches: [],
} as unknown as Plan;

Deno.test("a task of one shard needs the granules of its parents, and of each those parents alone", () => {
  const [first, second] = PLAN.shards.map((shard) =>
    remainingWork({ ...PLAN, shards: [shard] }, [], []).granules
  );
  assert.deepEqual(first, [{ granule: 0, ranks: [0, 1] }, { granule: 1, ranks: [1] }]);
  assert.deepEqual(second, [{ granule: 1, ranks: [2] }, { granule: 2, ranks: [3] }]);
});

Deno.test("of a plan of which nothing is done all granules are left, with all their parents", () => {
  const remaining = remainingWork(PLAN, [], []);
  assert.deepEqual(remaining.granules.map(({ ranks }) => ranks), PLAN.ranks);
  assert.deepEqual(remaining.shards, [0, 1]);
});
