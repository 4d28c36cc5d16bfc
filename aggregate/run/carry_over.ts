/**
 * A store that grows: shards of which no parent needs other granules than before are taken over, whatever place they
 * get among new windows and new parents. What has to be moved is laid beside the run first; then one document says
 * what is to come, and from there on it is brought to its end by whoever goes on with the run.
 */
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { type CarriedShard, carriedShards } from "../plan/carry.ts";
import type { Plan } from "../plan/plan.ts";
import { type AppendLedger, MOVED, putAppend } from "../run_directory/append_ledger.ts";
import type { RunDirectory, RunSettings } from "../run_directory/run_directory.ts";
import { type ShardRecord, shardRecords } from "../run_directory/shard_records.ts";
import { carriedObjects } from "./carried_objects.ts";
import { carriedRecord } from "./carried_record.ts";
import { StorePlace } from "./store_place.ts";
import { wholeShards } from "./whole_shards.ts";

interface DecidedAppend {
  ledger: AppendLedger;
  /** How many shards are not taken over. */
  left: number;
}

/** Decides what of the store of `then` is taken over for `now`; undefined where nothing has to be changed. */
export async function decideAppend(
  directory: RunDirectory,
  store: ObjectTarget,
  then: Plan,
  now: Plan,
  settings: RunSettings,
): Promise<DecidedAppend | undefined> {
  const place = await StorePlace.at(store, then.store);
  const all = await shardRecords(directory);
  const isWhole = await wholeShards(directory, place);
  const keys = new Map(then.shards.map(({ index, key }) => [index, key]));
  const whole = all.filter((record) =>
    keys.get(record.shard) === record.key && record.missing.length === 0 && isWhole(record)
  );
  const records = new Map(whole.map((record) => [record.shard, record]));
  const carried = carriedShards(then, now).filter(({ parts, asIs }) =>
    parts.every(({ from }) => {
      const record = records.get(from);
      return record !== undefined && (asIs || record.parents !== undefined);
    })
  );
  const isSame = ({ position, parts, inPlace }: CarriedShard) =>
    inPlace && parts[0].from === now.shards[position].index &&
    keys.get(parts[0].from) === now.shards[position].key &&
    parts.every(({ rank, was }) => rank === was); // records name parents by rank
  if (carried.every(isSame)) return undefined;
  const { target } = directory;
  for (const key of await target.list(MOVED)) await target.delete(key);
  const made: ShardRecord[] = [];
  const moved: string[] = [];
  for (const shard of carried) {
    const objects = await carriedObjects(place, then, now, shard);
    for (const [key, bytes] of objects) {
      await target.put(`${MOVED}${key}`, bytes);
      moved.push(key);
    }
    made.push(await carriedRecord(directory, now, shard, records, shard.asIs ? undefined : objects));
  }
  const inPlace = carried.filter((shard) => shard.inPlace).map(({ position }) => now.shards[position].index);
  const ledger = { plan: now, settings, records: made, moved, inPlace };
  await putAppend(directory, ledger);
  const taken = new Set(carried.flatMap(({ parts }) => parts.map(({ from }) => from)));
  return { ledger, left: all.filter(({ shard }) => !taken.has(shard)).length };
}
