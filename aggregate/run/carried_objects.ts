/** Objects of shards that a store which grows takes over, at their new places. */
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { movedParents } from "../../core/store/moved_parents.ts";
import { ShardNumbers } from "../../core/store/shard_numbers.ts";
import type { CarriedShard } from "../plan/carry.ts";
import type { Plan } from "../plan/plan.ts";
import type { StorePlace } from "./store_place.ts";

/** The objects of a shard by their new keys; none where they stay as they are. */
export async function carriedObjects(
  place: StorePlace,
  then: Plan,
  now: Plan,
  shard: CarriedShard,
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (shard.inPlace) return new Map();
  if (!shard.asIs) return await recomposed(place.target, then, now, shard);
  const objects = new Map<string, Uint8Array>();
  for (const key of place.objectsOf(shard.parts[0].from)) {
    objects.set(key.replace(/\/c\/.*$/, `/c/${shard.place}`), (await place.target.get(key))!);
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
    {
      spec: is,
      window: windowOf(parts[0].rank, is.parents.length),
      shard: new ShardNumbers(is).parts(index).own,
    },
    parts.map(({ rank, was: old }) => ({ rank: rank % is.parents.length, was: old % was.parents.length })),
    (key) => target.get(key),
  );
}
