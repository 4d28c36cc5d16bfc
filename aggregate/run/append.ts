/**
 * A store that grows: shards of which no parent needs other granules than before are taken over, whatever place they
 * get among new windows and new parents. What has to be moved is laid beside the run first; then one document says
 * what is to come, and from there on it is brought to its end by whoever goes on with the run.
 */
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { movedParents } from "../../core/store/moved_parents.ts";
import { shardsAcross } from "../../core/store/layout.ts";
import type { ParentFacts } from "../engine/contract.ts";
import { type CarriedShard, carriedShards, placeOf } from "../plan/carry.ts";
import type { Plan } from "../plan/plan.ts";
import { MOVED, type ShardRecord, valuesKey } from "./records.ts";
import type { RunDirectory, RunSettings } from "./run_directory.ts";
import { StorePlace } from "./store_place.ts";

/**
 * Makes records and objects of the store those of `now`, as far as the run of `then` has them. Returns how many
 * shards were not taken over, or undefined where nothing had to be changed; a run that was ended here goes on by
 * {@linkcode completeAppend}.
 */
export async function carryOver(
  directory: RunDirectory,
  target: ObjectTarget,
  then: Plan,
  now: Plan,
  settings: RunSettings,
): Promise<number | undefined> {
  const place = await StorePlace.at(target, then.store);
  const all = await directory.shardRecords();
  const records = await wholeRecords(directory, place, then, all);
  const carried = carriedShards(then, now).filter((shard) => isCarriable(shard, records));
  const keys = new Map(then.shards.map(({ index, key }) => [index, key]));
  const isSame = ({ position, parts, inPlace }: CarriedShard) =>
    inPlace && parts[0].from === now.shards[position].index &&
    keys.get(parts[0].from) === now.shards[position].key &&
    parts.every(({ rank, was }) => rank === was); // records name parents by rank
  if (carried.every(isSame)) return undefined;
  await drop(directory, MOVED);
  const made: ShardRecord[] = [];
  const moved: string[] = [];
  for (const shard of carried) {
    const { index } = now.shards[shard.position];
    const objects = shard.inPlace
      ? new Map<string, Uint8Array>()
      : shard.asIs
      ? await renamed(place, target, shard.parts[0].from, placeOf(now, index))
      : await recomposed(target, then, now, shard);
    for (const [key, bytes] of objects) {
      await directory.target.put(`${MOVED}${key}`, bytes);
      moved.push(key);
    }
    made.push(await recordOf(directory, now, shard, records, shard.asIs ? undefined : objects));
  }
  const inPlace = carried.filter((shard) => shard.inPlace).map(({ position }) => now.shards[position].index);
  await directory.putAppend({ plan: now, settings, records: made, moved, inPlace });
  await completeAppend(directory, target);
  const taken = new Set(carried.flatMap(({ parts }) => parts.map(({ from }) => from)));
  return all.filter(({ shard }) => !taken.has(shard)).length;
}

/** Brings an append to its end that was begun; returns whether there was one. Doing it twice is harmless. */
export async function completeAppend(directory: RunDirectory, target: ObjectTarget): Promise<boolean> {
  const ledger = await directory.append();
  if (ledger === undefined) return false;
  const { plan, settings, records, moved, inPlace } = ledger;
  const place = await StorePlace.at(target, plan.store);
  await place.reopen();
  for (const key of moved) {
    const bytes = await directory.target.get(`${MOVED}${key}`);
    if (bytes === undefined) continue; // it was brought before
    await target.put(key, bytes);
    await directory.target.delete(`${MOVED}${key}`);
  }
  await place.keepShards(new Set(inPlace), new Set(moved));
  await directory.replaceShards(records);
  await directory.putPlan(plan, settings);
  await directory.dropAppend();
  await drop(directory, MOVED);
  return true;
}

async function drop(directory: RunDirectory, prefix: string): Promise<void> {
  for (const key of await directory.target.list(prefix)) await directory.target.delete(key);
}

/** Records of shards that are there with all granules that the plan has for them. */
async function wholeRecords(
  directory: RunDirectory,
  place: StorePlace,
  { shards }: Plan,
  all: readonly ShardRecord[],
): Promise<Map<number, ShardRecord>> {
  const keys = new Map(shards.map(({ index, key }) => [index, key]));
  const [objectsWhole, valuesWhole] = [place.wholeShards(), await directory.wholeValues()];
  const records = all.filter((record) =>
    keys.get(record.shard) === record.key && record.missing.length === 0 &&
    objectsWhole(record) && valuesWhole(record)
  );
  return new Map(records.map((record) => [record.shard, record]));
}

function isCarriable({ parts, asIs }: CarriedShard, records: ReadonlyMap<number, ShardRecord>): boolean {
  return parts.every(({ from }) => {
    const record = records.get(from);
    return record !== undefined && (asIs || record.parents !== undefined);
  });
}

/** The objects of a shard under other names. */
async function renamed(
  place: StorePlace,
  target: ObjectTarget,
  from: number,
  to: string,
): Promise<Map<string, Uint8Array>> {
  const objects = new Map<string, Uint8Array>();
  for (const key of place.objectsOf(from)) {
    objects.set(key.replace(/\/c\/.*$/, `/c/${to}`), (await target.get(key))!);
  }
  return objects;
}

function recomposed(
  target: ObjectTarget,
  { store: was }: Plan,
  { store: is, shards }: Plan,
  { position, parts }: CarriedShard,
): Promise<Map<string, Uint8Array>> {
  const { index } = shards[position];
  const windowOf = (rank: number, parents: number) =>
    is.time === undefined ? undefined : Math.floor(rank / parents);
  return movedParents(
    { spec: was, window: windowOf(parts[0].was, was.parents.length) },
    { spec: is, window: windowOf(parts[0].rank, is.parents.length), shard: index % shardsAcross(is) },
    parts.map(({ rank, was: old }) => ({ rank: rank % is.parents.length, was: old % was.parents.length })),
    (key) => target.get(key),
  );
}

/** The record of a shard that is taken over; `objects` are those that it was composed of anew. */
async function recordOf(
  directory: RunDirectory,
  { shards }: Plan,
  { position, parts }: CarriedShard,
  records: ReadonlyMap<number, ShardRecord>,
  objects: ReadonlyMap<string, Uint8Array> | undefined,
): Promise<ShardRecord> {
  const { index, key } = shards[position];
  const first = records.get(parts[0].from)!;
  const states = parts.flatMap(({ rank, was, from }): ShardRecord["states"] => {
    const state = records.get(from)!.states.find(([own]) => own === was);
    return state === undefined ? [] : [[rank, state[1]]];
  });
  const facts = parts.flatMap(({ rank, was, from }): ParentFacts[] => {
    const own = records.get(from)!.parents?.find(([one]) => one === was);
    return own === undefined ? [] : [[rank, ...own.slice(1)] as ParentFacts];
  });
  const zones = parts.flatMap(({ rank, was, from }) =>
    (records.get(from)!.zones ?? []).filter(([, own]) => own === was)
      .map(([zone, , rows, state]): NonNullable<ShardRecord["zones"]>[number] => [zone, rank, rows, state])
  );
  const parents = {
    ...first.parents === undefined ? {} : { parents: facts },
    ...first.zones === undefined ? {} : { zones },
  };
  if (objects === undefined) return { ...first, shard: index, key, states, ...parents };
  const sum = (column: number) => facts.reduce((total, own) => total + own[column], 0);
  return {
    kind: "shard",
    shard: index,
    key,
    observations: sum(1),
    leftOut: { time: sum(2), area: sum(3) },
    cells: first.cells.map((_, l) => sum(4 + l)),
    ...parents,
    objects: objects.size,
    bytes: [...objects.values()].reduce((total, { length }) => total + length, 0),
    missing: [],
    states,
    ...await movedValues(directory, index, key, parts, records),
    seconds: 0,
    finished: new Date().toISOString(),
  };
}

/** Values of exact quantiles, of the parents of one shard after each other. */
async function movedValues(
  directory: RunDirectory,
  index: number,
  key: string,
  parts: CarriedShard["parts"],
  records: ReadonlyMap<number, ShardRecord>,
): Promise<Pick<ShardRecord, "values">> {
  const digests = records.get(parts[0].from)!.values?.length ?? 0;
  if (digests === 0) return {};
  const values: NonNullable<ShardRecord["values"]> = [];
  for (let digest = 0; digest < digests; digest++) {
    const counts: number[] = [], numbers: Uint8Array[] = [];
    for (const { was, from } of parts) {
      const { states, values: kept } = records.get(from)!;
      const at = states.findIndex(([rank]) => rank === was);
      if (at === -1) continue;
      const own = kept![digest];
      const before = own.counts.slice(0, at).reduce((sum, count) => sum + count, 0);
      const bytes = (await directory.target.get(own.key))!;
      counts.push(own.counts[at]);
      numbers.push(bytes.slice(8 * before, 8 * (before + own.counts[at])));
    }
    const name = valuesKey(index, key, digest);
    await directory.target.put(name, new Uint8Array(await new Blob(numbers as BlobPart[]).arrayBuffer()));
    values.push({ key: name, counts });
  }
  return { values };
}
