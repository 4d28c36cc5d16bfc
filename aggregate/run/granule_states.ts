/** What records say of a plan's granules and shards: saved, failed, done. */
import { shardOfRank } from "../plan/shards.ts";
import type { Plan } from "../plan/plan.ts";
import { granuleKeys } from "../plan/granule_keys.ts";
import type { ScatterRecord } from "../run_directory/scatter_records.ts";
import type { ShardRecord } from "../run_directory/shard_records.ts";

/** Keys of granules that stand in spill files with every shard that they touch. */
export function wholeGranules(plan: Plan, records: readonly ScatterRecord[]): Set<string> {
  const shardOf = shardOfRank(plan.store);
  const wanted = new Map(
    granuleKeys(plan).map((key, granule) => [key, new Set(plan.ranks[granule].map(shardOf))]),
  );
  const whole = records.flatMap((record) => record.granules).filter(({ key, shards }) => {
    const covered = new Set(shards);
    return [...wanted.get(key) ?? []].every((shard) => covered.has(shard));
  });
  return new Set(whole.map(({ key }) => key));
}

/** Granules that failed and that no later try has read, with the reason. */
export function failedGranules(plan: Plan, records: readonly ScatterRecord[]): Map<number, string> {
  const numbers = new Map(granuleKeys(plan).map((key, granule) => [key, granule]));
  const failed = new Map<number, string>();
  for (const record of records) {
    for (const { key, reason } of record.failed) {
      const granule = numbers.get(key);
      if (granule !== undefined) failed.set(granule, reason);
    }
  }
  const saved = wholeGranules(plan, records);
  for (const [key, granule] of numbers) if (saved.has(key)) failed.delete(granule);
  return failed;
}

/**
 * Records of shards that need no more work: made under the plan's key, and without only such granules as
 * still cannot be read. One without a granule that was read since, or of whose failure nobody knows, is not
 * done.
 */
export function doneShards(
  plan: Plan,
  records: readonly ShardRecord[],
  unread: ReadonlyMap<number, string>,
): ShardRecord[] {
  const keys = new Map(plan.shards.map((shard) => [shard.index, shard.key]));
  const unreadIds = new Set([...unread.keys()].map((granule) => plan.granules[granule].id));
  return records.filter((record) =>
    keys.get(record.shard) === record.key && record.missing.every((id) => unreadIds.has(id))
  );
}
