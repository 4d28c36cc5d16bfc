/**
 * Which shards of a plan an earlier plan's store has already: those of which no parent, in its window of time, needs
 * other granules than it did. A pure function of the two plans, which differ in granules, parents and windows only.
 */
import { ShardNumbers } from "../../core/store/shard_numbers.ts";
import { identityKey } from "./identity.ts";
import type { Plan } from "./plan.ts";

export interface CarriedShard {
  /** Position in the new plan's shards. */
  position: number;
  /** Its parents that need granules: their rank in the new plan and in the old, and the old shard's index. */
  parts: { rank: number; was: number; from: number }[];
  /** Whether one old shard has the same parents in the same places, so that its objects are good as they are. */
  asIs: boolean;
  /** Whether they have the right names, too. */
  inPlace: boolean;
  /** What its objects are named for; see ShardNumbers.placeOf. */
  place: string;
}

export function carriedShards(then: Plan, now: Plan): CarriedShard[] {
  const before = neededBy(then), after = neededBy(now);
  const wasRank = oldRanks(then, now);
  const old = new ShardNumbers(then.store), own = new ShardNumbers(now.store);
  const inOldShard = new Map<number, number>();
  for (const rank of before.keys()) {
    const shard = old.ofRank(rank);
    inOldShard.set(shard, (inOldShard.get(shard) ?? 0) + 1);
  }
  return now.shards.flatMap(({ index, firstRank, endRank }, position) => {
    const parts: CarriedShard["parts"] = [];
    for (let rank = firstRank; rank < endRank; rank++) {
      const was = wasRank(rank);
      const needs = after.get(rank), needed = was === undefined ? undefined : before.get(was);
      if (!equal(needs, needed)) return [];
      if (needs !== undefined) parts.push({ rank, was: was!, from: old.ofRank(was!) });
    }
    if (parts.length === 0) return [];
    const { from } = parts[0];
    const asIs = inOldShard.get(from) === parts.length &&
      parts.every((part) => part.from === from && own.slotOfRank(part.rank) === old.slotOfRank(part.was));
    // Shards of a plane are squares of it: what one holds comes from no other.
    if (now.store.plane !== undefined && !asIs) return [];
    const place = own.placeOf(index);
    return [{ position, parts, asIs, inPlace: asIs && old.placeOf(from) === place, place }];
  });
}

/** Identities of the granules that each rank needs, in canonical order. */
function neededBy({ granules, ranks }: Plan): Map<number, string[]> {
  const found = new Map<number, string[]>();
  granules.forEach((row, g) => {
    const identity = identityKey(row);
    for (const rank of ranks[g]) {
      const own = found.get(rank);
      if (own === undefined) found.set(rank, [identity]);
      else own.push(identity);
    }
  });
  return found;
}

/** The rank in the old plan of the same parent in the same window, where it had both. */
function oldRanks({ store: was }: Plan, { store: is }: Plan): (rank: number) => number | undefined {
  const parents = new Map(was.parents.map((parent, rank) => [parent, rank]));
  const windows = new Map(was.time?.starts.map((start, w) => [`${start} ${was.time!.ends[w]}`, w]));
  return (rank) => {
    const parent = parents.get(is.parents[rank % is.parents.length]);
    if (parent === undefined || is.time === undefined) return parent;
    const w = Math.floor(rank / is.parents.length);
    const window = windows.get(`${is.time.starts[w]} ${is.time.ends[w]}`);
    return window === undefined ? undefined : window * was.parents.length + parent;
  };
}

function equal(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a === b ||
    a !== undefined && b !== undefined && a.length === b.length && a.every((value, i) => value === b[i]);
}
