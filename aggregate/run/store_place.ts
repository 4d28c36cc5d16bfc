/**
 * The place that a store is written to, a folder or an S3 prefix: never touched unasked, never left
 * with another run's objects.
 */
import { inputError } from "../../core/errors.ts";
import { DELETES_AT_ONCE, type ObjectTarget } from "../../core/access/object_target.ts";
import { mapBounded } from "../../core/concurrency.ts";
import type { StoreSpec } from "../../core/store/contract.ts";
import { isPlane } from "../../core/store/layout.ts";
import { TIME_BOUNDS } from "../../core/store/metadata.ts";
import { ShardNumbers } from "../../core/store/shard_numbers.ts";

/** What to do with what is there already. */
export type StoreMode = "new" | "overwrite" | "resume" | "append";

const ROOT = "zarr.json";
const SHARD_KEY = /^((\d+)\/([^/]+)\/c\/)(\d+(?:\/\d+){0,2})$/;
/** What a store is made of; a folder of years, say, is none, whatever flag is given. */
const STORE_KEY = /^(\d{1,2}\/([^/]+\/)?)?zarr\.json$|^\d{1,2}\/[^/]+\/c(\/\d+){1,3}$/;

export class StorePlace {
  #keys: Map<string, number>;
  /** Keys of what was found, by shard; made when it is first asked for. */
  #keysOfShards: Map<number, string[]> | undefined;

  readonly #shards: ShardNumbers;

  private constructor(
    readonly target: ObjectTarget,
    readonly spec: StoreSpec,
    sizes: ReadonlyMap<string, number>,
  ) {
    this.#shards = new ShardNumbers(spec);
    this.#keys = new Map(sizes);
  }

  /** Looks at what is there. */
  static async at(target: ObjectTarget, spec: StoreSpec): Promise<StorePlace> {
    return new StorePlace(target, spec, await target.sizes(""));
  }

  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }

  /** The shard of the plan that an object belongs to; levels above the parents have shards of their own. */
  #shardOf(key: string): number | undefined {
    const numbers = this.#numbersOf(key);
    if (numbers === undefined) return undefined;
    return this.#shards.atPlace(numbers);
  }

  /** The numbers in the key of a shard's object: window, and place. Undefined for coordinates, which are no shard's. */
  #numbersOf(key: string): number[] | undefined {
    const match = SHARD_KEY.exec(key);
    if (match === null || Number(match[2]) < this.spec.parentOrder || match[3] === TIME_BOUNDS) {
      return undefined;
    }
    const numbers = match[4].split("/").map(Number);
    const wanted = (this.spec.time === undefined ? 0 : 1) + (isPlane(this.spec) ? 2 : 1);
    return numbers.length === wanted ? numbers : undefined;
  }

  /** Throws an input error, and changes nothing, when something is in the way. */
  check(mode: StoreMode, runExists: boolean): void {
    if (this.isEmpty) return;
    if (mode === "new") throw this.#inTheWay(runExists);
    const foreign = [...this.#keys.keys()].find((key) => !STORE_KEY.test(key));
    if (foreign === undefined) return;
    throw inputError(
      `${this.target.name}: it holds files that are no part of a store (${foreign}), so --${mode} will not` +
        " touch it (choose another place)",
    );
  }

  #inTheWay(runExists: boolean): Error {
    const { size } = this.#keys;
    const resume = runExists
      ? "say --resume to go on with the run that made it, or"
      : "choose another place, or say";
    return inputError(
      `${this.target.name}: something is there already (${size} ${size === 1 ? "file" : "files"});` +
        ` nothing was changed (${resume} --overwrite)`,
    );
  }

  /**
   * Makes room for a shard's objects, which are ready to be committed: what was found here goes, as far as it
   * stands where that shard's objects will, and the root document first, so that no reader meets half a store.
   * What belongs to no shard of the plan goes when the store is finished.
   */
  async makeRoom(shard: number): Promise<void> {
    await this.reopen();
    await this.removeShard(shard);
  }

  /** Removes the objects of one shard at every level, before it is made again. */
  async removeShard(shard: number): Promise<void> {
    await this.#delete(this.objectsOf(shard));
    this.#keysOfShards?.delete(shard);
  }

  /** Keys of the objects of one shard, at every level. */
  objectsOf(shard: number): string[] {
    this.#keysOfShards ??= Map.groupBy(this.#keys.keys(), (key) => this.#shardOf(key) ?? -1) as Map<
      number,
      string[]
    >;
    return this.#keysOfShards.get(shard) ?? [];
  }

  /** Removes the objects of all shards but these and those of the keys. */
  async keepShards(shards: ReadonlySet<number>, keys: ReadonlySet<string>): Promise<void> {
    await this.#delete(
      [...this.#keys.keys()].filter((key) =>
        this.#numbersOf(key) !== undefined && !keys.has(key) && !shards.has(this.#shardOf(key) ?? -1)
      ),
    );
  }

  /** Whether the objects of shards are there in the number and with the bytes that their records say. */
  wholeShards(): (record: { shard: number; objects: number; bytes: number }) => boolean {
    const found = this.#shardSums();
    return ({ shard, objects, bytes }) => {
      const there = found.get(shard) ?? { objects: 0, bytes: 0 };
      return there.objects === objects && there.bytes === bytes;
    };
  }

  /** Objects and bytes of each shard that is there. */
  #shardSums(): Map<number, { objects: number; bytes: number }> {
    const found = new Map<number, { objects: number; bytes: number }>();
    for (const [key, bytes] of this.#keys) {
      const shard = this.#shardOf(key);
      if (shard === undefined) continue;
      const sum = found.get(shard) ?? { objects: 0, bytes: 0 };
      found.set(shard, { objects: sum.objects + 1, bytes: sum.bytes + bytes });
    }
    return found;
  }

  /** Takes the root document away, so that nobody reads the store while parts of it are made again. */
  async reopen(): Promise<void> {
    if (this.#keys.has(ROOT)) await this.#delete([ROOT]);
  }

  /**
   * Writes the store's documents, the root last, once all shards are `recorded` and what an earlier config left is gone:
   * its levels, arrays and shards. What no store is made of came while the run went on and is somebody's: it stays. `coarse` are the keys of
   * the shards of levels above the parents.
   */
  async finish(
    documents: ReadonlyMap<string, string>,
    shards: ReadonlySet<number>,
    coarse: ReadonlySet<string>,
    recorded: Promise<unknown> = Promise.resolve(),
  ): Promise<void> {
    const encoder = new TextEncoder();
    const others = [...documents].filter(([key]) => key !== ROOT);
    // Where one fails the other has ended too.
    const parts = [
      () => this.target.putAll(new Map(others.map(([key, text]) => [key, encoder.encode(text)]))),
      () => this.#removeStrays(documents, shards, coarse),
      async () => void await recorded,
    ];
    await mapBounded(parts, parts.length, (part) => part());
    await this.target.put(ROOT, encoder.encode(documents.get(ROOT)!));
  }

  /** Removes what a store is made of and this one is not, of what was found: only a run that holds the place writes there. */
  async #removeStrays(
    documents: ReadonlyMap<string, string>,
    shards: ReadonlySet<number>,
    coarse: ReadonlySet<string>,
  ): Promise<void> {
    const arrays = new Set([...documents.keys()].map((key) => key.replace(/zarr\.json$/, "c/")));
    const strays = [...this.#keys.keys()].filter((key) => {
      if (!STORE_KEY.test(key)) return false;
      const match = SHARD_KEY.exec(key);
      if (match === null) return !documents.has(key);
      return !coarse.has(key) && !(arrays.has(match[1]) && shards.has(this.#shardOf(key) ?? -1));
    });
    await this.#delete(strays);
  }

  async #delete(keys: readonly string[]): Promise<void> {
    await mapBounded(keys, DELETES_AT_ONCE, async (key) => {
      await this.target.delete(key);
      this.#keys.delete(key);
    });
  }
}
