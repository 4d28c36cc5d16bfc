/**
 * The main thread's side of a run: gives granules to lanes until all are scattered, shards as soon as
 * their granules are in, and memory back when it is full. Every lane pulls; nothing is assigned ahead.
 */
import path from "node:path";
import { deserializeError, GranaryError } from "../../base/errors.ts";
import type { Executor } from "./executor.ts";
import type {
  FromWorker,
  Location,
  ReduceOutcome,
  RunsPart,
  ScatterOutcome,
  SpillOutcome,
  ToWorker,
} from "./messages.ts";
import { ASSUMED_GRANULE_BYTES, type Plan } from "./plan.ts";
import type { SegmentEntry } from "./scatter.ts";
import { ShardLedger } from "./shard_ledger.ts";

/** A granule that could not be read, after its retries. */
export interface FailedGranule {
  granule: number;
  reason: string;
}

export interface ScheduleOptions {
  locate(granule: number): Location;
  /** Bytes of shared memory that segments may fill. */
  segmentBytes: number;
  /** Folder for runs files; made when first needed. */
  scratch: string;
  /** Runs files are named in it. */
  prepareScratch(): void;
  onError: "report" | "fail";
  signal?: AbortSignal;
  onScattered?(outcome: ScatterOutcome): void;
  onFailed?(failure: FailedGranule): void;
  onSpilled?(outcome: SpillOutcome): void;
  /** Awaited before the shard counts as done. */
  onReduced?(outcome: ReduceOutcome): void | Promise<void>;
}

export interface ScheduleResult {
  failed: FailedGranule[];
  spills: number;
  spilledBytes: number;
  peakSegmentBytes: number;
  scatterSeconds: number;
}

/** How often a granule is tried before it counts as failed. */
const TRIES = 2;

/** Runs the whole plan on an executor that has been started. */
export function runSchedule(
  plan: Plan,
  executor: Executor,
  options: ScheduleOptions,
): Promise<ScheduleResult> {
  return new Schedule(plan, executor, options).run();
}

class Schedule {
  #ledger: ShardLedger;
  #idle: number[];
  #waitingGranules: number[];
  #tries: Uint8Array;
  /** Granules that each shard still waits for. */
  #missing: number[];
  #shardsOf: number[][];
  #ready: number[] = [];
  #unreduced: number;
  #scattering = 0;
  #spilling = 0;
  #inFlight = new Map<number, { lane: number; message: ToWorker }>();
  #nextId = 0;
  #stopped = false;
  #started = performance.now();
  #result: ScheduleResult = {
    failed: [],
    spills: 0,
    spilledBytes: 0,
    peakSegmentBytes: 0,
    scatterSeconds: 0,
  };
  #settle!: { resolve: (result: ScheduleResult) => void; reject: (error: unknown) => void };

  constructor(readonly plan: Plan, readonly executor: Executor, readonly options: ScheduleOptions) {
    this.#ledger = new ShardLedger(executor.lanes);
    this.#idle = Array.from({ length: executor.lanes }, (_, lane) => lane);
    const size = (granule: number) => plan.granules[granule].size_bytes ?? ASSUMED_GRANULE_BYTES;
    // Largest first, taken from the end.
    this.#waitingGranules = plan.granules.map((_, i) => i).sort((a, b) => size(a) - size(b) || b - a);
    this.#tries = new Uint8Array(plan.granules.length);
    this.#missing = plan.shards.map((shard) => shard.granules.length);
    this.#shardsOf = plan.granules.map(() => []);
    plan.shards.forEach((shard, s) => shard.granules.forEach((granule) => this.#shardsOf[granule].push(s)));
    this.#missing.forEach((count, s) => count === 0 && this.#ready.push(s));
    this.#unreduced = plan.shards.length;
  }

  run(): Promise<ScheduleResult> {
    const { signal } = this.options;
    const done = new Promise<ScheduleResult>((resolve, reject) => this.#settle = { resolve, reject });
    const abort = () => this.#stop(signal?.reason ?? new GranaryError("interrupted", "interrupted"));
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    this.executor.onMessage = (lane, message) => this.#guard(() => this.#handle(lane, message));
    this.executor.onCrash = (_lane, error) => this.#stop(error);
    this.#guard(() => this.#feed());
    return done.finally(() => signal?.removeEventListener("abort", abort));
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
      const lane = this.#idle[this.#idle.length - 1];
      const message = this.#next(lane);
      if (message === undefined) break;
      this.#idle.pop();
      this.#inFlight.set(message.id, { lane, message });
      this.executor.post(lane, message);
    }
    if (this.#unreduced === 0 && this.#inFlight.size === 0) this.#finish();
  }

  #finish(): void {
    this.#stopped = true;
    this.#result.peakSegmentBytes = this.#ledger.peakBytes;
    this.#settle.resolve(this.#result);
  }

  #next(lane: number): Exclude<ToWorker, { type: "start" }> | undefined {
    const id = this.#nextId++;
    const { segmentBytes } = this.options;
    const held = this.#ledger.heldBytes;
    if (this.#spilling === 0 && held > segmentBytes / 2 && this.#waitingGranules.length > 0) {
      const entries = this.#ledger.takeAll();
      if (entries.length > 0) return this.#spillTask(id, lane, entries);
    }
    if (this.#waitingGranules.length > 0 && (held < segmentBytes || this.#spilling === 0)) {
      const granule = this.#waitingGranules.pop()!;
      this.#scattering += 1;
      this.#tries[granule] += 1;
      const task = {
        granule,
        location: this.options.locate(granule),
        ranks: this.plan.ranks[granule],
        granted: this.#ledger.grant(),
      };
      return { type: "scatter", id, task };
    }
    if (this.#ready.length > 0 && this.#spilling === 0) return this.#reduceTask(id, lane, this.#ready.pop()!);
    return undefined;
  }

  #spillTask(id: number, lane: number, entries: SegmentEntry[]): Exclude<ToWorker, { type: "start" }> {
    if (this.#result.spills === 0) this.options.prepareScratch();
    this.#spilling += 1;
    this.#result.spills += 1;
    const file = path.join(this.options.scratch, `${String(this.#result.spills).padStart(6, "0")}.runs`);
    return { type: "spill", id, task: { path: file, entries, slabs: this.#ledger.unknownTo(lane, entries) } };
  }

  #reduceTask(id: number, lane: number, s: number): Exclude<ToWorker, { type: "start" }> {
    const { index, firstRank, endRank } = this.plan.shards[s];
    const { entries, parts } = this.#ledger.take(index);
    const slabs = this.#ledger.unknownTo(lane, entries);
    return { type: "reduce", id, task: { shard: { index, firstRank, endRank }, entries, slabs, parts } };
  }

  async #handle(lane: number, message: FromWorker): Promise<void> {
    if (message.type === "ready") return;
    const sent = this.#inFlight.get(message.id);
    if (sent === undefined) {
      throw new Error(`worker ${lane} answered task ${message.id}, which it was not given`);
    }
    switch (message.type) {
      case "scattered":
        this.#ledger.add(lane, message.outcome.slabs, message.outcome.entries);
        this.options.onScattered?.(message.outcome);
        this.#granuleDone(message.outcome.granule);
        break;
      case "spilled":
        this.#spilled(sent.message, message.outcome);
        break;
      case "reduced":
        await this.options.onReduced?.(message.outcome);
        if (sent.message.type === "reduce") this.#ledger.release(sent.message.task.entries);
        this.#unreduced -= 1;
        break;
      case "failed":
        this.#ledger.add(lane, message.slabs, []);
        this.#failed(sent.message, deserializeError(message.error));
        break;
    }
    this.#inFlight.delete(message.id);
    this.#idle.push(lane);
    this.#feed();
  }

  #granuleDone(granule: number): void {
    this.#scattering -= 1;
    if (this.#scattering === 0 && this.#waitingGranules.length === 0) {
      this.#result.scatterSeconds = (performance.now() - this.#started) / 1000;
    }
    for (const s of this.#shardsOf[granule]) {
      this.#missing[s] -= 1;
      if (this.#missing[s] === 0) this.#ready.push(s);
    }
  }

  #spilled(sent: ToWorker, outcome: SpillOutcome): void {
    if (sent.type !== "spill") throw new Error("a worker spilled what it was not asked to");
    this.#spilling -= 1;
    this.#result.spilledBytes += outcome.bytes;
    this.#ledger.addParts(partsOf(outcome));
    this.#ledger.release(sent.task.entries);
    this.options.onSpilled?.(outcome);
  }

  /** A granule's failure is a result; any other failure, and a refused credential, ends the run. */
  #failed(sent: ToWorker, error: Error): void {
    const isGranules = error instanceof GranaryError && (error.tag === "granule" || error.tag === "io");
    if (sent.type !== "scatter" || !isGranules || this.options.onError === "fail") throw error;
    const { granule } = sent.task;
    if (mayPass(error) && this.#tries[granule] < TRIES) {
      this.#scattering -= 1;
      this.#waitingGranules.unshift(granule); // tried again last
      return;
    }
    const failure = { granule, reason: error.message };
    this.#result.failed.push(failure);
    this.options.onFailed?.(failure);
    this.#granuleDone(granule);
  }
}

/** Whether another try can help: a fault of the way to the bytes, not of the bytes. */
function mayPass(error: GranaryError): boolean {
  return error.tag === "io" || error.details.retry === true;
}

/** The parts of a runs file, one a shard: neighbours in the file. */
function partsOf(outcome: SpillOutcome): (RunsPart & { shard: number })[] {
  const parts: (RunsPart & { shard: number })[] = [];
  for (const { shard, granule, group, offset, bytes } of outcome.entries) {
    let part = parts[parts.length - 1];
    if (part === undefined || part.shard !== shard) {
      const location: Location = { kind: "file", path: outcome.path, name: outcome.path };
      part = { shard, location, offset, bytes: 0, entries: [] };
      parts.push(part);
    }
    part.bytes = offset + bytes - part.offset;
    part.entries.push({ granule, group, offset });
  }
  return parts;
}
