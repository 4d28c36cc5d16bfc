/**
 * The order in which granules are read. A shard is reduced when all of its granules are in: so shards are completed one
 * after the other, which frees their memory early, leaves little to reduce at the end, and has workers reduce while the
 * next granules are on their way. Granules that take long alone go first, or one of them would be waited for at the end.
 */

/** A granule of more than this share of what each worker reads goes first. */
const LARGE_SHARE = 1 / 8;

interface OrderedWork {
  readonly granules: readonly number[];
  /** Granules that each shard needs, of those above. */
  readonly shards: readonly (readonly number[])[];
  readonly slots: number;
  /** Bytes of a granule. */
  sizeOf(granule: number): number;
}

/** The granules, the first to be read first. Takes time in proportion to the pairs of shard and granule. */
export function readingOrder({ granules, shards, slots, sizeOf }: OrderedWork): number[] {
  const bySize = [...granules].sort((a, b) => sizeOf(b) - sizeOf(a) || a - b);
  const total = granules.reduce((sum, granule) => sum + sizeOf(granule), 0);
  const large = bySize.filter((granule) => sizeOf(granule) > total / slots * LARGE_SHARE);
  const incomplete = new Incomplete(shards);
  const order = new Set<number>();
  const take = (granule: number) => {
    if (order.has(granule)) return;
    order.add(granule);
    incomplete.came(granule);
  };
  large.forEach(take);
  for (let shard = incomplete.next(); shard !== undefined; shard = incomplete.next()) {
    shards[shard].toSorted((a, b) => sizeOf(b) - sizeOf(a) || a - b).forEach(take);
  }
  bySize.forEach(take);
  return [...order];
}

/** Shards by how many granules each still waits for. */
class Incomplete {
  readonly #missing: Int32Array;
  readonly #shardsOf = new Map<number, number[]>();
  /** Shards that waited for so many granules; of those that have come nearer since, an older entry is left. */
  readonly #waiting: number[][] = [];
  #least = 1;

  constructor(shards: readonly (readonly number[])[]) {
    this.#missing = Int32Array.from(shards, ({ length }) => length);
    for (let shard = shards.length - 1; shard >= 0; shard--) {
      this.#wait(shard);
      for (const granule of shards[shard]) {
        const needing = this.#shardsOf.get(granule);
        if (needing === undefined) this.#shardsOf.set(granule, [shard]);
        else needing.push(shard);
      }
    }
  }

  #wait(shard: number): void {
    const count = this.#missing[shard];
    if (count === 0) return;
    (this.#waiting[count] ??= []).push(shard);
    this.#least = Math.min(this.#least, count);
  }

  came(granule: number): void {
    for (const shard of this.#shardsOf.get(granule) ?? []) {
      this.#missing[shard] -= 1;
      this.#wait(shard);
    }
  }

  /** The shard that waits for the fewest, the one that came nearer last; undefined where all are complete. */
  next(): number | undefined {
    for (; this.#least < this.#waiting.length; this.#least++) {
      const waiting = this.#waiting[this.#least] ?? [];
      for (let shard = waiting.pop(); shard !== undefined; shard = waiting.pop()) {
        if (this.#missing[shard] === this.#least) return shard;
      }
    }
    return undefined;
  }
}
