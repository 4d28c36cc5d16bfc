/**
 * Numbers of a store's shards: those of a window of time follow the ones of the window before. A rank is that of a
 * parent in a window, too: the window's number times the parents, plus the parent's own rank.
 */
import type { StoreSpec } from "./contract.ts";
import { isPlane, parentPosition, shardPlace } from "./layout.ts";
import { shardGrid } from "./plane.ts";

export class ShardNumbers {
  readonly #spec: StoreSpec;
  /** Shards of a window, or of a store without windows. */
  readonly across: number;
  /** Shards of one row of a plane. */
  readonly #columns: number | undefined;

  constructor(spec: StoreSpec) {
    const { layout, parentOrder, parents, parentsPerShard } = spec;
    this.#spec = spec;
    if (isPlane(spec)) {
      const { columns, rows } = shardGrid(spec);
      this.#columns = columns;
      this.across = columns * rows;
    } else {
      this.across = Math.ceil(
        (layout === "sphere" ? 12 * 4 ** parentOrder : parents.length) / parentsPerShard,
      );
    }
  }

  /** The shard that a rank's parent stands in. */
  ofRank(rank: number): number {
    const { parents, parentsPerShard } = this.#spec;
    const own = rank % parents.length;
    const window = (rank - own) / parents.length;
    return window * this.across + Math.floor(parentPosition(this.#spec, own) / parentsPerShard);
  }

  /** The place of a rank's parent in its shard, in parents. */
  slotOfRank(rank: number): number {
    const { parents, parentsPerShard } = this.#spec;
    return parentPosition(this.#spec, rank % parents.length) % parentsPerShard;
  }

  /** A shard's window, where the store has windows, and its number among those of the window. */
  parts(shard: number): { window: number | undefined; own: number } {
    const own = shard % this.across;
    return { window: this.#spec.time === undefined ? undefined : (shard - own) / this.across, own };
  }

  /** What the objects of a shard are named for: its window and its position. */
  placeOf(shard: number): string {
    const { window, own } = this.parts(shard);
    return shardPlace(this.#spec, this.#spec.parentOrder, own, window);
  }

  /** The shard of such a place, given as its numbers; undefined where the store has none there. */
  atPlace(numbers: readonly number[]): number | undefined {
    const window = this.#spec.time === undefined ? 0 : numbers[0];
    const own = this.#columns === undefined ? numbers.at(-1)! : inRows(numbers.slice(-2), this.#columns);
    return own < this.across || this.#spec.time === undefined ? window * this.across + own : undefined;
  }
}

function inRows([row, column]: readonly number[], columns: number): number {
  return column < columns ? row * columns + column : Infinity;
}
