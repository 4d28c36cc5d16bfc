/**
 * What is left to do of a plan, when a run directory remembers some of it: a pure function of the plan
 * and the records. A record is kept when its key still holds, whatever the run that made it was cut into.
 */
import { granuleKeys } from "../plan/granule_keys.ts";
import type { Plan } from "../plan/plan.ts";
import { shardOfRank } from "../plan/shards.ts";
import type { ScatteredGranule, ScatterRecord } from "../run_directory/scatter_records.ts";
import type { ShardRecord } from "../run_directory/shard_records.ts";

export interface Remaining {
  granules: { granule: number; ranks: number[] }[];
  /** Positions in the plan's shards. */
  shards: number[];
  /** Spill files whose segments are used, with the plan's number for each granule in them. */
  spillFiles: { file: string; granules: Map<number, number> }[];
  keptShards: ShardRecord[];
  keptGranules: ScatteredGranule[];
  /** Records of shards of another plan, or without a granule: their objects are made again. */
  staleShards: ShardRecord[];
  /** Records of batches that the plan cuts otherwise. */
  recut: ScatterRecord[];
  /** How many shards are made again, by the reason. */
  again: { changed: number; missing: number; damaged: number };
}

/** Everything, when nothing is remembered. `isWhole` tells whether a shard's objects are as recorded. */
export function remainingWork(
  plan: Plan,
  scatterRecords: readonly ScatterRecord[],
  shardRecords: readonly ShardRecord[],
  isWhole: (record: ShardRecord) => boolean = () => true,
  // A hash a granule: nothing is known again by them where nothing is remembered.
  keys: readonly string[] = scatterRecords.length === 0 ? [] : granuleKeys(plan),
): Remaining {
  const done = new Map<number, ShardRecord>();
  const staleShards: ShardRecord[] = [];
  const again = { changed: 0, missing: 0, damaged: 0 };
  const positions = new Map(plan.shards.map((shard, s) => [shard.index, s]));
  for (const record of shardRecords) {
    const s = positions.get(record.shard);
    const why = s === undefined || plan.shards[s].key !== record.key
      ? "changed"
      : record.missing.length > 0
      ? "missing"
      : isWhole(record)
      ? undefined
      : "damaged";
    if (why === undefined) done.set(s!, record);
    else {
      staleShards.push(record);
      again[why] += 1;
    }
  }
  const shards = plan.shards.map((_, s) => s).filter((s) => !done.has(s));
  const openShards = new Set(shards.map((s) => plan.shards[s].index));
  const shardOf = shardOfRank(plan.store);
  const saved = savedGranules(keys, scatterRecords);
  const granules: Remaining["granules"] = [];
  const files = new Map<string, Map<number, number>>();
  const keptGranules: ScatteredGranule[] = [];
  plan.ranks.forEach((ranks, granule) => {
    // A plan of one shard has granules with parents in others, too; most plans have none to leave out.
    const isOpen = (rank: number) => openShards.has(shardOf(rank));
    const needed = ranks.every(isOpen) ? ranks : ranks.filter(isOpen);
    if (needed.length === 0) return;
    const found = saved.get(granule);
    const covered = new Set(found?.granule.shards);
    if (found === undefined || needed.some((rank) => !covered.has(shardOf(rank)))) {
      granules.push({ granule, ranks: needed });
      return;
    }
    keptGranules.push(found.granule);
    const inFile = files.get(found.file) ?? new Map<number, number>();
    files.set(found.file, inFile.set(found.granule.granule, granule));
  });
  return {
    granules,
    shards,
    spillFiles: [...files].map(([file, inFile]) => ({ file, granules: inFile })),
    keptShards: [...done.values()],
    keptGranules,
    staleShards,
    recut: recutRecords(plan, keys, scatterRecords),
    again,
  };
}

/** Records that name a batch and hold granules which are not in the plan's batch of that number. */
function recutRecords(
  plan: Plan,
  keys: readonly string[],
  records: readonly ScatterRecord[],
): ScatterRecord[] {
  return records.filter(({ batch, granules, failed }) => {
    if (batch === null || batch === undefined) return false;
    const own = new Set(plan.batches[batch]?.granules.map((granule) => keys[granule]));
    return ![...granules, ...failed].every(({ key }) => own.has(key));
  });
}

/** The granules of the plan that stand whole in a spill file, by their number in the plan. */
function savedGranules(
  keys: readonly string[],
  records: readonly ScatterRecord[],
): Map<number, { file: string; granule: ScatteredGranule }> {
  const numbers = new Map(keys.map((key, granule) => [key, granule]));
  const saved = new Map<number, { file: string; granule: ScatteredGranule }>();
  for (const record of records) {
    for (const granule of record.granules) {
      const number = numbers.get(granule.key);
      if (number === undefined) continue;
      const other = saved.get(number);
      if (other !== undefined && other.granule.shards.length >= granule.shards.length) continue;
      saved.set(number, { file: record.file, granule });
    }
  }
  return saved;
}

/** What is kept and what is made again, in a sentence; `what` says how the run goes on. */
export function describeRemaining(plan: Plan, remaining: Remaining, lostFiles: number, what: string): string {
  const kept = remaining.keptShards.length;
  const saved = plan.granules.length - remaining.granules.length;
  const { changed, missing, damaged } = remaining.again;
  const reasons = [
    changed > 0 ? `${changed} because config, catalog or granules changed` : "",
    missing > 0 ? `${missing} because they are without granules that could not be read` : "",
    damaged > 0 ? `${damaged} because their objects are gone or damaged` : "",
  ].filter((reason) => reason !== "");
  return `${what}: ${kept} of ${plan.shards.length} shards are done, ` +
    `${saved} of ${plan.granules.length} granules need not be read again` +
    (reasons.length > 0 ? `; shards made again: ${reasons.join(", ")}` : "") +
    (lostFiles > 0 ? `; ${lostFiles} spill files are gone or damaged` : "");
}
