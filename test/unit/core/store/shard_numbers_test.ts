/** Numbers of shards, against the ranks and keys that the layout itself states. */
import assert from "node:assert/strict";
import type { StoreSpec } from "../../../../core/store/contract.ts";
import { ranksOfShard, shardPlace } from "../../../../core/store/layout.ts";
import { ShardNumbers } from "../../../../core/store/shard_numbers.ts";
import { planeSpec } from "../../../interop/store_fixture.ts";

const TIME = { starts: [0, 86400, 172800], ends: [86400, 172800, 259200] };

const COMPACT: StoreSpec = {
  layout: "compact",
  parentOrder: 6,
  parents: [0, 1, 5, 9000, 45763],
  parentsPerShard: 2,
  levels: [8],
  latitude: "authalic",
  morton: null,
  variables: [],
  provenance: {},
};
const SPECS = [COMPACT, { ...COMPACT, layout: "sphere" as const, parentsPerShard: 16 }, planeSpec()];

Deno.test("each rank is in the shard whose ranks hold it, in every window, and in a slot of its own there", () => {
  for (const spec of SPECS.flatMap((one) => [one, { ...one, time: TIME }])) {
    const numbers = new ShardNumbers(spec), parents = spec.parents.length;
    const windows = spec.time?.starts.length ?? 1;
    const slots = new Set<string>();
    for (let rank = 0; rank < windows * parents; rank++) {
      const shard = numbers.ofRank(rank), slot = numbers.slotOfRank(rank);
      const { window, own } = numbers.parts(shard);
      const { first, end } = ranksOfShard(spec, own);
      assert.ok(first <= rank % parents && rank % parents < end, `${spec.layout} ${rank} in ${own}`);
      assert.equal(window, spec.time === undefined ? undefined : Math.floor(rank / parents));
      assert.ok(slot >= 0 && slot < spec.parentsPerShard);
      slots.add(`${shard} ${slot}`);
    }
    assert.equal(slots.size, windows * parents);
  }
});

Deno.test("a shard's place is that of its window and its number there, and says the shard again", () => {
  for (const spec of SPECS.flatMap((one) => [one, { ...one, time: TIME }])) {
    const numbers = new ShardNumbers(spec), windows = spec.time?.starts.length ?? 1;
    const shards = windows * numbers.across;
    for (let shard = 0; shard < shards; shard += Math.ceil(shards / 40)) {
      const { window, own } = numbers.parts(shard), place = numbers.placeOf(shard);
      assert.equal(place, shardPlace(spec, spec.parentOrder, own, window));
      assert.equal(numbers.atPlace(place.split("/").map(Number)), shard);
    }
  }
  const plane = new ShardNumbers(planeSpec());
  assert.notEqual(plane.atPlace([0, 1_000_000]), plane.atPlace([0, 0]));
  assert.equal(new ShardNumbers({ ...COMPACT, time: TIME }).atPlace([0, 3]), undefined);
});
