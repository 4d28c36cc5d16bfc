/** A shard that was reduced is committed: its objects, then the record of it. */
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { commitFiles } from "../../core/files/atomic.ts";
import type { ReduceOutcome } from "../engine/contract.ts";
import type { Plan } from "../plan/plan.ts";
import type { RunDirectory } from "../run_directory/run_directory.ts";
import { encodeState, type ShardRecord } from "../run_directory/shard_records.ts";
import { valuesKey } from "../run_directory/shard_values.ts";
import type { FailedGranule } from "../schedule/schedule_work.ts";

/** Makes a shard's objects durable. Returns its record, which is to be put then. */
export async function commitObjects(
  directory: RunDirectory,
  store: ObjectTarget,
  outcome: ReduceOutcome,
  key: string,
  missing: string[],
): Promise<ShardRecord> {
  await commitFiles(outcome.pending);
  if (outcome.puts.length > 0) {
    await store.putAll(new Map(outcome.puts.map(({ key, bytes }) => [key, bytes])));
  }
  const kept = outcome.values.map(({ values, counts }, digest) => ({
    key: valuesKey(outcome.shard, key, digest),
    bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    counts,
  }));
  await directory.target.putAll(new Map(kept.map(({ key, bytes }) => [key, bytes])));
  const values: ShardRecord["values"] = kept.map(({ key, counts }) => ({ key, counts }));
  return {
    kind: "shard",
    shard: outcome.shard,
    key,
    observations: outcome.observations,
    leftOut: outcome.leftOut,
    cells: outcome.cells,
    parents: outcome.parents,
    objects: outcome.objects,
    bytes: outcome.bytes,
    missing,
    states: outcome.states.map(({ rank, state }) => [rank, encodeState(state)]),
    ...outcome.zones === undefined ? {} : {
      zones: outcome.zones.map(({ zone, rank, rows, state }) => [zone, rank, rows, encodeState(state)]),
    },
    ...values.length === 0 ? {} : { values },
    seconds: outcome.seconds,
    finished: new Date().toISOString(),
  };
}

/** Ids of the granules that a shard needs and does not have. */
export function missingIds(
  plan: Plan,
  needed: readonly number[],
  failed: readonly FailedGranule[],
): string[] {
  if (failed.length === 0) return [];
  const missing = new Set(failed.map(({ granule }) => granule));
  return needed.filter((granule) => missing.has(granule)).map((granule) => plan.granules[granule].id);
}
