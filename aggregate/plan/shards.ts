/** A plan's shards: which parents each holds, which granules it needs, and the key of its objects. */
import type { StoreSpec } from "../../core/store/contract.ts";
import { ShardNumbers } from "../../core/store/shard_numbers.ts";
import { lowerBound } from "../../core/lower_bound.ts";
import { JsonBytes } from "../../core/json_bytes.ts";
import type { Keys } from "../../core/keys.ts";

/** One Zarr shard: the unit of reducing. */
export interface PlannedShard {
  /** Number of the shard: its position along the `cells` dimension, or row by row on a plane. */
  index: number;
  /** Ranks `[firstRank, endRank)` of its parents in the plan. */
  firstRank: number;
  endRank: number;
  /** Granules that it needs, as positions in the plan. */
  granules: number[];
  /** Equal keys mean equal objects. */
  key: string;
}

/** The shard of a parent, or of a parent in a window: each window has its own shards. */
export function shardOfRank(store: StoreSpec): (rank: number) => number {
  const numbers = new ShardNumbers(store);
  return (rank) => numbers.ofRank(rank);
}

/** Shards of the ranks of every granule, ascending; `keyOf` makes the keys, of what all of them depend on, too. */
export function planShards(
  store: StoreSpec,
  ranks: readonly (readonly number[])[],
  identities: readonly string[],
  keyOf: Keys,
): PlannedShard[] {
  const shardOf = shardOfRank(store);
  const shards: PlannedShard[] = [];
  const byIndex = new Map<number, PlannedShard>();
  const used = store.time === undefined ? null : new Set<number>();
  if (used !== null) { for (const own of ranks) for (const rank of own) used.add(rank); }
  const all = store.parents.length * (store.time?.starts.length ?? 1);
  for (let rank = 0; rank < all; rank++) {
    if (used !== null && !used.has(rank)) continue;
    const index = shardOf(rank);
    const shard = byIndex.get(index);
    if (shard !== undefined) {
      shard.endRank = rank + 1;
      continue;
    }
    const made = { index, firstRank: rank, endRank: rank + 1, granules: [], key: "" };
    byIndex.set(index, made);
    shards.push(made);
  }
  ranks.forEach((own, granule) => {
    let last = -1;
    for (const rank of own) {
      const index = shardOf(rank);
      if (index === last) continue;
      last = index;
      byIndex.get(index)!.granules.push(granule);
    }
  });
  const needed = new JsonBytes();
  const names = identities.map((identity) => JSON.stringify(identity));
  for (const shard of shards) {
    const first = shard.firstRank % store.parents.length;
    const parents = store.parents.slice(first, first + shard.endRank - shard.firstRank);
    const window = windowOf(store, shard.firstRank);
    needed.clear();
    needed.ascii("[");
    shard.granules.forEach((granule, i) => {
      const own = ranks[granule];
      needed.ascii(`${i === 0 ? "" : ","}[${names[granule]},`);
      needed.wholes(own, lowerBound(own, shard.firstRank), lowerBound(own, shard.endRank), shard.firstRank);
      needed.ascii("]");
    });
    needed.ascii("]");
    shard.key = keyOf(
      String(shard.index),
      JSON.stringify(parents),
      needed.view(),
      ...window === null ? [] : [JSON.stringify(window)],
    );
  }
  return shards;
}

/** The window of a rank, as its two ends; null where the store has none. */
function windowOf({ time, parents }: StoreSpec, rank: number): [number, number] | null {
  if (time === undefined) return null;
  const window = Math.floor(rank / parents.length);
  return [time.starts[window], time.ends[window]];
}
