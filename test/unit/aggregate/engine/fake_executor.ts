/**
 * An executor whose slots do no work: tasks wait until `step` lets one of them, any one, be answered.
 * It holds the schedule to what a real slot needs, and keeps what every task held.
 */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { type GranaryError, serializeError } from "../../../../core/errors.ts";
import type { Executor } from "../../../../aggregate/schedule/executor.ts";
import type {
  FromWorker,
  ReduceTask,
  RunContext,
  ScatterTask,
  SpillTask,
  ToWorker,
} from "../../../../aggregate/engine/contract.ts";
import { noCounts } from "../../../../aggregate/engine/scatter.ts";
import type { SegmentEntry } from "../../../../aggregate/engine/contract.ts";
import { orderForFile } from "../../../../aggregate/engine/spill_file.ts";
import { SlabSpace } from "../../../../aggregate/engine/slabs.ts";

export interface FakeOptions {
  slots: number;
  slabBytes: number;
  shardOf(rank: number): number;
  /** Bytes of each segment of a granule in a shard. */
  bytesOf(granule: number, shard: number): number;
  /** What of a reduced shard is in memory: its objects, where the store is no folder; the values of exact quantiles. */
  inMemory?: "objects" | "values" | undefined;
  /** The error of a granule's nth try, from 1. */
  fails?(granule: number, tries: number): GranaryError | undefined;
}

export class FakeExecutor implements Executor {
  readonly slots: number;
  onMessage: Executor["onMessage"] = () => {};
  onCrash: Executor["onCrash"] = () => {};
  readonly posted: ToWorker[] = [];
  readonly tries = new Map<number, number>();
  readonly scattered: number[] = [];
  /** What each reduced shard was given, as `granule/group`. */
  readonly reduced = new Map<number, string[]>();
  /** What each spill file holds. */
  readonly files = new Map<string, SegmentEntry[]>();
  #busy = new Map<number, Exclude<ToWorker, { type: "start" }>>();
  #spaces: SlabSpace[];

  constructor(readonly options: FakeOptions) {
    this.slots = options.slots;
    this.#spaces = Array.from({ length: options.slots }, (_, l) => new SlabSpace(l + 1, options.slabBytes));
  }

  start(_context: RunContext): void {}

  post(slot: number, message: ToWorker): void {
    assert.ok(message.type !== "start");
    assert.ok(slot >= 0 && slot < this.slots);
    assert.ok(!this.#busy.has(slot), "one task at a time on a slot");
    this.#busy.set(slot, message);
    this.posted.push(message);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  leave(): void {}

  get waiting(): number {
    return this.#busy.size;
  }

  /** The slots at work and what of, in the order of {@linkcode step}'s picks. */
  busySlots(): [number, ToWorker["type"]][] {
    return [...this.#busy].map(([slot, { type }]): [number, ToWorker["type"]] => [slot, type])
      .sort(([a], [b]) => a - b);
  }

  /** Answers the `pick`th of the tasks that wait. */
  step(pick: number): void {
    const slot = this.busySlots()[pick % this.#busy.size][0];
    const message = this.#busy.get(slot)!;
    this.#busy.delete(slot);
    this.onMessage(slot, this.#answer(slot, message));
  }

  #answer(slot: number, message: Exclude<ToWorker, { type: "start" }>): FromWorker {
    const { id } = message;
    if (message.type === "scatter") return this.#scatter(slot, id, message.task);
    if (message.type === "spill") return this.#spill(id, message.task);
    if (message.type === "reduce") return this.#reduce(id, message.task);
    throw new Error("no scans here");
  }

  #scatter(slot: number, id: number, { granule, ranks, granted }: ScatterTask): FromWorker {
    const space = this.#spaces[slot];
    space.grant(granted);
    const tries = (this.tries.get(granule) ?? 0) + 1;
    this.tries.set(granule, tries);
    const mark = space.mark();
    const shards = [...new Set(ranks.map(this.options.shardOf))];
    const entries = shards.flatMap((shard) =>
      [0, 1].map((group): SegmentEntry => {
        const bytes = this.options.bytesOf(granule, shard);
        const { slab, offset } = space.reserve(bytes);
        return { shard, granule, group, slab, offset, bytes, rows: 1 };
      })
    );
    const error = this.options.fails?.(granule, tries);
    if (error !== undefined) {
      space.rollBack(mark);
      return { type: "failed", id, error: serializeError(error), slabs: space.report() };
    }
    this.scattered.push(granule);
    return {
      type: "scattered",
      id,
      outcome: {
        granule,
        shards,
        entries,
        counts: noCounts(),
        runs: null,
        staleRows: false,
        warnings: [],
        groups: { present: 2, empty: 0, missing: 0 },
        reads: { opens: 1, requests: 1, bytes: 1, chunks: 1 },
        slabs: space.report(),
        seconds: 0,
      },
    };
  }

  #spill(id: number, { path, entries }: SpillTask): FromWorker {
    assert.ok(!this.files.has(path), "a new file for every spill");
    assert.ok(entries.length > 0, "no empty spill file");
    this.files.set(path, [...entries]);
    let offset = 8;
    const placed = orderForFile(entries).map(({ shard, granule, group, rows, bytes }) => {
      const entry = { shard, granule, group, rows, bytes, offset };
      offset += bytes;
      return entry;
    });
    return { type: "spilled", id, outcome: { path, entries: placed, bytes: offset, seconds: 0 } };
  }

  #reduce(id: number, { shard, entries, parts }: ReduceTask): FromWorker {
    assert.ok(!this.reduced.has(shard.index), "every shard once");
    assert.ok(entries.every((entry) => entry.shard === shard.index));
    const inFiles = parts.flatMap(({ location, offset, bytes, entries }) => {
      const sizes = new Map(
        this.files.get(location.url)!.map((e) => [`${e.shard} ${e.granule} ${e.group}`, e.bytes]),
      );
      for (const entry of entries) {
        const size = sizes.get(`${shard.index} ${entry.granule} ${entry.group}`);
        assert.ok(size !== undefined, "the file has the segment");
        assert.ok(entry.offset >= offset && entry.offset + size <= offset + bytes, "inside the part");
      }
      return entries;
    });
    const segments = [...entries, ...inFiles].map(({ granule, group }) => `${granule}/${group}`);
    this.reduced.set(shard.index, segments.sort());
    return {
      type: "reduced",
      id,
      outcome: {
        shard: shard.index,
        observations: 0,
        leftOut: { time: 0, area: 0 },
        cells: [],
        parents: [],
        objects: 0,
        bytes: 0,
        pending: [],
        puts: this.options.inMemory === "objects"
          ? [{ key: `${shard.index}`, bytes: new Uint8Array(1) }]
          : [],
        states: [],
        values: this.options.inMemory === "values" ? [{ counts: [1], values: new Float64Array(1) }] : [],
        seconds: 0,
      },
    };
  }
}

/** Answers tasks, picked by `picks`, until the schedule has settled; a schedule that waits for nothing fails. */
export async function drive<T>(
  executor: FakeExecutor,
  schedule: Promise<T>,
  picks: Iterator<number>,
  each: () => void = () => {},
): Promise<T> {
  let settled = false;
  const done = schedule.finally(() => settled = true);
  done.catch(() => {}); // its awaiter hears of it
  for (let quiet = 0; !settled && quiet < 50;) {
    await new Promise((resolve) => setImmediate(resolve));
    quiet = executor.waiting === 0 ? quiet + 1 : 0;
    // More tasks may come before the next answer: slots are filled one after the other.
    if (executor.waiting > 0 && !settled) {
      executor.step(picks.next().value ?? 0);
      each();
    }
  }
  assert.ok(settled, "the schedule ends");
  return done;
}
