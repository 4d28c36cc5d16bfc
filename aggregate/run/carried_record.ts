/** Records of shards that a store which grows takes over. */
import type { ParentFacts } from "../engine/contract.ts";
import type { CarriedShard } from "../plan/carry.ts";
import type { Plan } from "../plan/plan.ts";
import type { RunDirectory } from "../run_directory/run_directory.ts";
import type { ShardRecord } from "../run_directory/shard_records.ts";
import { valuesKey } from "../run_directory/shard_values.ts";

/** The record of a shard that is taken over; `objects` are those that it was composed of anew. */
export async function carriedRecord(
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
