/**
 * The main thread's side of a run: gives granules to slots until all are scattered, shards as soon as
 * their granules are in, and memory back when it is full. Every slot pulls; nothing is assigned ahead.
 */
import { granuleBytes } from "../plan/batches.ts";
import { deserializeError, GranaryError } from "../../core/errors.ts";
import type { Executor } from "./executor.ts";
import type {
  FromWorker,
  ReduceOutcome,
  ScatterOutcome,
  SpillOutcome,
  ToWorker,
} from "../engine/contract.ts";
import type { Plan } from "../plan/plan.ts";
import type { SegmentEntry } from "../engine/contract.ts";
import { expectGranules, workInReadingOrder } from "./read_ahead.ts";
import { partsOf } from "../engine/spill_file.ts";
import type { ScheduleOptions, ScheduleResult, ScheduleWork } from "./schedule_work.ts";
import { Prospect } from "./prospect.ts";
import { ShardLedger } from "./shard_ledger.ts";

/** How often a granule is tried before it counts as failed. */
const TRIES = 2;

/** Shards that may wait to be durable while others are reduced: those of which all is in files, or some in memory. */
const MOST_COMMITS = { files: 32, memory: 8 };

/** Does the work on an executor that has been started. */
export function runSchedule(
  plan: Plan,
  work: ScheduleWork,
  executor: Executor,
  options: ScheduleOptions,
): Promise<ScheduleResult> {
  return new Schedule(plan, work, executor, options).run();
}

class Schedule {
  #ledger: ShardLedger;
  #idle: number[];
  /** The next one to read is the last. */
  #waitingGranules: { granule: number; ranks: readonly number[] }[];
  #tries: Uint8Array;
  /** Granules that each shard still waits for. */
  #missing = new Map<number, number>();
  #shardsOf = new Map<number, number[]>();
  #ready: number[] = [];
  #unreduced: number;
  /** Scattered and in memory only. */
  #unsaved: ScatterOutcome[] = [];
  #unsavedBytes = 0;
  #savedAt = performance.now();
  #totalBytes = 0;
  #saving = new Map<number, ScatterOutcome[]>();
  /** Indices of shards whose segments were handed to a reducer. */
  #taken = new Set<number>();
  #saveAll: boolean;
  #prospect: Prospect;
  /** Shards on their way to be durable, as shares of the most that may be. */
  #committing = 0;
  /** Of spill files, by the reducers under way. */
  #readBackBytes = 0;
  #scattering = 0;
  #spilling = 0;
  #inFlight = new Map<number, { slot: number; message: ToWorker }>();
  #nextId = 0;
  #stopped = false;
  #started = performance.now();
  #result: ScheduleResult = {
    failed: [],
    left: [],
    spills: 0,
    spilledBytes: 0,
    peakSegmentBytes: 0,
    scatterSeconds: 0,
  };
  #settle!: { resolve: (result: ScheduleResult) => void; reject: (error: unknown) => void };

  constructor(
    readonly plan: Plan,
    work: ScheduleWork,
    readonly executor: Executor,
    readonly options: ScheduleOptions,
  ) {
    this.#ledger = new ShardLedger(executor.slots);
    this.#ledger.addParts(work.parts);
    this.#idle = Array.from({ length: executor.slots }, (_, slot) => slot);
    this.#tries = new Uint8Array(plan.granules.length);
    const waiting = new Set(work.granules.map(({ granule }) => granule));
    for (const granule of waiting) {
      this.#shardsOf.set(granule, []);
      this.#totalBytes += this.#sizeOf(granule);
    }
    for (const s of work.shards) {
      const needed = plan.shards[s].granules.filter((granule) => waiting.has(granule));
      for (const granule of needed) this.#shardsOf.get(granule)!.push(s);
      this.#missing.set(s, needed.length);
      if (needed.length === 0) this.#ready.push(s);
    }
    this.#unreduced = work.shards.length;
    const inOrder = workInReadingOrder(plan, work, executor.slots);
    expectGranules(inOrder, options);
    this.#waitingGranules = inOrder.reverse();
    this.#saveAll = work.saveAll ?? false;
    this.#prospect = new Prospect(work.granules.length, work.provenBefore ?? work.parts.length > 0);
  }

  #sizeOf(granule: number): number {
    return granuleBytes(this.plan.granules[granule]);
  }

  run(): Promise<ScheduleResult> {
    const { signal, enough } = this.options;
    const done = new Promise<ScheduleResult>((resolve, reject) => this.#settle = { resolve, reject });
    const abort = () => this.#stop(signal?.reason ?? new GranaryError("interrupted", "interrupted"));
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    const windDown = () => {
      this.#result.left.push(...this.#waitingGranules.splice(0).map(({ granule }) => granule));
      this.#guard(() => this.#feed());
    };
    if (enough?.aborted) windDown();
    enough?.addEventListener("abort", windDown, { once: true });
    this.executor.onMessage = (slot, message) => this.#guard(() => this.#handle(slot, message));
    this.executor.onCrash = (_slot, error) => this.#stop(error);
    this.#guard(() => this.#feed());
    return done.finally(() => {
      signal?.removeEventListener("abort", abort);
      enough?.removeEventListener("abort", windDown);
    });
  }

  #guard(step: () => void | Promise<void>): void {
    if (this.#stopped) return;
    Promise.resolve().then(step).catch((error) => this.#stop(error));
  }

  #stop(error: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#settle.reject(error);
  }

  #feed(): void {
    if (this.#stopped) return;
    while (this.#idle.length > 0) {
      const slot = this.#idle[this.#idle.length - 1];
      const message = this.#next(slot);
      if (message === undefined) break;
      this.#idle.pop();
      this.#inFlight.set(message.id, { slot, message });
      this.executor.post(slot, message);
    }
    const nothingWaits = this.#waitingGranules.length === 0 && (!this.#saveAll || this.#unsaved.length === 0);
    if (this.#unreduced === 0 && this.#inFlight.size === 0 && nothingWaits) this.#finish();
  }

  #finish(): void {
    this.#stopped = true;
    this.#result.peakSegmentBytes = this.#ledger.peakBytes;
    this.#settle.resolve(this.#result);
  }

  #next(slot: number): Exclude<ToWorker, { type: "start" }> | undefined {
    const id = this.#nextId++;
    const { segmentBytes } = this.options;
    const held = this.#ledger.heldBytes;
    const mayReduce = this.#mayReduce();
    const full = held > segmentBytes / 2 && this.#waitingGranules.length > 0 && !mayReduce;
    if (this.#spilling === 0 && (full || this.#checkpointDue())) {
      const entries = this.#ledger.takeAll();
      if (entries.length > 0) return this.#spillTask(id, slot, entries);
    }
    const allIn = this.#waitingGranules.length === 0 && this.#scattering === 0;
    if (this.#saveAll && allIn && this.#spilling === 0 && this.#unsaved.length > 0) {
      return this.#spillTask(id, slot, this.#ledger.takeAll());
    }
    // Before the next granule: a shard that is reduced gives memory back, and bytes from elsewhere come meanwhile.
    if (mayReduce) return this.#reduceTask(id, slot, this.#ready.pop()!);
    // The file that is being written and what came since are all that a crash costs: more has to wait for it.
    if (this.#spilling > 0 && this.#waitingGranules.length > 0 && this.#checkpointDue(this.#scattering)) {
      return undefined;
    }
    if (this.#waitingGranules.length > 0 && (held < segmentBytes || this.#spilling === 0)) {
      const { granule, ranks } = this.#waitingGranules.pop()!;
      this.#scattering += 1;
      this.#tries[granule] += 1;
      const { collection, id: granuleId } = this.plan.granules[granule];
      const task = {
        granule,
        name: { collection, id: granuleId },
        location: this.options.locate(granule),
        ranks,
        rows: this.options.rowsOf?.(granule) ?? null,
        indexOrder: this.options.indexOrder ?? null,
        granted: this.#ledger.grant(slot),
      };
      return { type: "scatter", id, task };
    }
    return undefined;
  }

  /** Nothing is written before a granule has been read. */
  #mayReduce(): boolean {
    return this.#prospect.proven && this.#ready.length > 0 && this.#spilling === 0 &&
      this.#committing < 1 && this.#fitsMemory(this.#ready.at(-1)!);
  }

  /** Whether a shard's spill files can be read back beside those under way; one shard alone always is. */
  #fitsMemory(s: number): boolean {
    const bytes = this.#ledger.partBytes(this.plan.shards[s].index);
    return bytes === 0 || this.#readBackBytes === 0 ||
      this.#readBackBytes + bytes <= this.options.segmentBytes;
  }

  #spillTask(id: number, slot: number, entries: SegmentEntry[]): Exclude<ToWorker, { type: "start" }> {
    this.#spilling += 1;
    this.#result.spills += 1;
    // A shard that is being reduced took its segments along: the file does not cover it.
    this.#saving.set(
      id,
      this.#unsaved.map((outcome) => ({
        ...outcome,
        shards: outcome.shards.filter((shard) => !this.#taken.has(shard)),
      })),
    );
    this.#unsaved = [];
    this.#unsavedBytes = 0;
    this.#savedAt = performance.now();
    const task = {
      path: this.options.nextSpillFile(),
      entries,
      slabs: this.#ledger.unknownTo(slot, entries),
    };
    return { type: "spill", id, task };
  }

  /** Whether what is unsaved, and `more` granules of middle size, have reached the share, to the nearest granule. */
  #checkpointDue(more = 0): boolean {
    const { seconds, share } = this.options.checkpoint;
    const oneGranule = this.#totalBytes / this.#shardsOf.size;
    return this.#unsavedBytes + more > 0 &&
      this.#unsavedBytes + (more + 0.5) * oneGranule >= share * this.#totalBytes &&
      performance.now() - this.#savedAt >= seconds * 1000;
  }

  #reduceTask(id: number, slot: number, s: number): Exclude<ToWorker, { type: "start" }> {
    const { index, firstRank, endRank } = this.plan.shards[s];
    this.#taken.add(index);
    const { entries, parts } = this.#ledger.take(index);
    this.#readBackBytes += parts.reduce((sum, { bytes }) => sum + bytes, 0);
    const slabs = this.#ledger.unknownTo(slot, entries);
    return { type: "reduce", id, task: { shard: { index, firstRank, endRank }, entries, slabs, parts } };
  }

  async #handle(slot: number, message: FromWorker): Promise<void> {
    const sent = this.#inFlight.get(message.id);
    if (sent === undefined) {
      throw new Error(`worker ${slot} answered task ${message.id}, which it was not given`);
    }
    switch (message.type) {
      case "scattered":
        this.#ledger.add(slot, message.outcome.slabs, message.outcome.entries);
        this.#unsaved.push(message.outcome);
        this.#unsavedBytes += this.#sizeOf(message.outcome.granule);
        await this.#endWith(this.#prospect.read(message.outcome));
        this.options.onScattered?.(message.outcome);
        this.#granuleDone(message.outcome.granule);
        break;
      case "spilled":
        await this.#spilled(message.id, sent.message, message.outcome);
        break;
      case "reduced":
        if (sent.message.type === "reduce") {
          const { entries, parts } = sent.message.task;
          this.#ledger.release(entries);
          this.#readBackBytes -= parts.reduce((sum, { bytes }) => sum + bytes, 0);
        }
        this.#commit(message.outcome);
        break;
      case "failed":
        this.#ledger.add(slot, message.slabs, []);
        await this.#failed(sent.message, deserializeError(message.error));
        break;
    }
    this.#inFlight.delete(message.id);
    this.#idle.push(slot);
    this.#feed();
  }

  #commit(outcome: ReduceOutcome): void {
    const share = 1 / MOST_COMMITS[outcome.puts.length + outcome.values.length > 0 ? "memory" : "files"];
    this.#committing += share;
    Promise.resolve(this.options.onReduced?.(outcome)).then(() => {
      this.#committing -= share;
      this.#unreduced -= 1;
      this.#feed();
    }).catch((error) => this.#stop(error));
  }

  #granuleDone(granule: number): void {
    this.#scattering -= 1;
    for (const s of this.#shardsOf.get(granule)!) {
      const missing = this.#missing.get(s)! - 1;
      this.#missing.set(s, missing);
      if (missing === 0) this.#ready.push(s);
    }
    if (this.#scattering > 0 || this.#waitingGranules.length > 0) return;
    this.#result.scatterSeconds = (performance.now() - this.#started) / 1000;
    // The largest first, so that no slot is left alone with one at the end.
    const bytes = new Map(this.#ready.map((s) => [s, this.#ledger.bytesOf(this.plan.shards[s].index)]));
    this.#ready.sort((a, b) => bytes.get(a)! - bytes.get(b)!);
  }

  async #spilled(id: number, sent: ToWorker, outcome: SpillOutcome): Promise<void> {
    if (sent.type !== "spill") throw new Error("a worker spilled what it was not asked to");
    await this.options.onSpilled?.(outcome, this.#saving.get(id)!);
    this.#saving.delete(id);
    this.#spilling -= 1;
    this.#result.spilledBytes += outcome.bytes;
    this.#ledger.addParts(partsOf({ kind: "local", url: outcome.path }, outcome.entries));
    this.#ledger.release(sent.task.entries);
  }

  /** Ends the run by what its first granules told of all, unless others of the run have read one. */
  async #endWith(error: GranaryError | undefined): Promise<void> {
    if (error === undefined) return;
    if (!await this.options.isProven?.()) throw error;
    this.#prospect.proven = true;
  }

  /** A granule's failure is a result; any other failure, and a refused credential, ends the run. */
  async #failed(sent: ToWorker, error: Error): Promise<void> {
    const isGranules = error instanceof GranaryError && (error.tag === "granule" || error.tag === "io");
    if (sent.type !== "scatter" || !isGranules || this.options.onError === "fail") throw error;
    const { granule } = sent.task;
    // Its first try tells as much of the way to all granules as its last.
    if (this.#tries[granule] <= 1) {
      await this.#endWith(this.#prospect.failed(error, this.plan.granules[granule].id));
    }
    if (mayPass(error) && this.#tries[granule] < TRIES) {
      this.#scattering -= 1;
      if (this.options.enough?.aborted) {
        this.#result.left.push(granule);
        return;
      }
      // Tried again last; at once where nothing has been read yet, to know soon whether anything can be.
      if (this.#prospect.proven) this.#waitingGranules.unshift(sent.task);
      else this.#waitingGranules.push(sent.task);
      return;
    }
    const failure = { granule, reason: error.message };
    this.#result.failed.push(failure);
    this.options.onFailed?.(failure);
    this.#granuleDone(granule);
    if (this.#scattering === 0 && this.#waitingGranules.length === 0) {
      await this.#endWith(this.#prospect.nothingRead());
    }
  }
}

/** Whether another try can help: a fault of the way to the bytes, not of the bytes. */
function mayPass(error: GranaryError): boolean {
  return error.tag === "io" || error.details.retry === true;
}
