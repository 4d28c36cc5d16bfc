/** Executes a plan on this machine: schedules its pieces, finishes the store, reports. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { inputError, systemCode } from "../../base/errors.ts";
import { writeError } from "../../base/atomic.ts";
import { allowedCores, allowedMemoryBytes, DEFAULT_MEMORY_SHARE } from "../../base/resources.ts";
import { storeMetadata } from "../store/metadata.ts";
import { shareMemory } from "./budget.ts";
import { type Executor, InlineExecutor, ThreadExecutor } from "./executor.ts";
import type { Location, ReduceOutcome } from "./messages.ts";
import { writeObject } from "./objects.ts";
import { ASSUMED_GRANULE_BYTES, type Plan } from "./plan.ts";
import { addCounts, noCounts, type ScatterCounts } from "./scatter.ts";
import { type FailedGranule, runSchedule } from "./schedule.ts";

/** What a run is doing, for whoever shows it. */
export interface RunProgress {
  phase: "scatter" | "reduce";
  granules: number;
  granulesTotal: number;
  /** Bytes of the granules' files that are done with, and of all. */
  bytes: number;
  bytesTotal: number;
  shards: number;
  shardsTotal: number;
  observations: number;
}

export interface RunOptions {
  /** A folder; it must not exist unless `overwrite`. */
  store: string;
  locate(granule: number): Location;
  workers?: number;
  memoryBytes?: number;
  /** Folder for runs files; by default beside the store. */
  scratch?: string;
  overwrite?: boolean;
  onError?: "report" | "fail";
  signal?: AbortSignal;
  onProgress?(progress: RunProgress): void;
  /** Threads that were started before the plan was ready. */
  executor?: Executor;
}

export interface RunReport {
  store: string;
  planKey: string;
  parents: number;
  granules: { total: number; read: number; failed: { id: string; collection: string; reason: string }[] };
  /** Parents that lack a failed granule, as nested ids at the parent order. */
  incompleteParents: number[];
  observations: ScatterCounts;
  groups: { present: number; empty: number; missing: number };
  /** Cells with observations, by order. */
  cells: Record<string, number>;
  reads: { opens: number; requests: number; bytes: number };
  objects: number;
  storeBytes: number;
  spilledBytes: number;
  peakSegmentBytes: number;
  workers: number;
  seconds: { total: number; scatter: number; reduce: number; workerScatter: number; workerReduce: number };
}

/** The number of worker threads when nobody says. */
export function defaultWorkers(): number {
  return allowedCores();
}

/** Bytes that a run may use when nobody says. */
export function defaultMemoryBytes(): number {
  return Math.floor(allowedMemoryBytes() * DEFAULT_MEMORY_SHARE);
}

/**
 * Runs a plan and writes its store. Failed granules are in the report, with the parents that lack
 * them; everything else that goes wrong throws a GranaryError.
 */
export async function executePlan(plan: Plan, options: RunOptions): Promise<RunReport> {
  const started = performance.now();
  const workers = options.workers ?? defaultWorkers();
  const budget = shareMemory(options.memoryBytes ?? defaultMemoryBytes(), Math.max(1, workers));
  prepareStore(options.store, options.overwrite ?? false);
  const scratch = path.join(
    options.scratch ?? path.dirname(path.resolve(options.store)),
    scratchName(options.store),
  );
  const executor = options.executor ?? startExecutor(workers);
  const tally = new Tally(plan, options);
  try {
    executor.start({
      pipeline: plan.pipeline,
      store: plan.store,
      storeFolder: options.store,
      slabBytes: budget.slabBytes,
    });
    const result = await runSchedule(plan, executor, {
      locate: options.locate,
      segmentBytes: budget.segmentBytes,
      scratch,
      prepareScratch: () => makeFolder(scratch),
      onError: options.onError ?? "report",
      signal: options.signal,
      onScattered: (outcome) => tally.scattered(outcome),
      onFailed: (failure) => tally.failed(failure),
      onReduced: (outcome) => tally.reduced(outcome),
    });
    const incomplete = incompleteParents(plan, result.failed);
    const spec = {
      ...plan.store,
      provenance: { ...plan.store.provenance, ...tally.provenance(), ...incomplete },
    };
    for (const [key, text] of storeMetadata(spec)) writeObject(options.store, key, text, true);
    const total = (performance.now() - started) / 1000;
    return {
      ...tally.report(),
      incompleteParents: incomplete.incomplete_parents ?? [],
      spilledBytes: result.spilledBytes,
      peakSegmentBytes: result.peakSegmentBytes,
      workers: executor.lanes,
      seconds: {
        total,
        scatter: result.scatterSeconds,
        reduce: total - result.scatterSeconds,
        ...tally.workerSeconds,
      },
    };
  } finally {
    await executor.close();
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** Worker threads, or this thread for none. */
export function startExecutor(workers: number): Executor {
  return workers === 0 ? new InlineExecutor() : new ThreadExecutor(workers);
}

function scratchName(store: string): string {
  return `.${path.basename(store)}.${os.hostname()}-${process.pid}.scratch`;
}

function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw writeError(folder, error);
  }
}

/** Makes an empty place for the store. What is there is never touched unasked. */
function prepareStore(store: string, overwrite: boolean): void {
  let names: string[];
  try {
    names = fs.readdirSync(store);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") {
      if (systemCode(error) === "ENOTDIR") {
        throw inputError(`${store}: a file is in the way of the store (choose another place for it)`);
      }
      throw writeError(store, error);
    }
    makeFolder(store);
    return;
  }
  if (names.length === 0) return;
  if (!overwrite) {
    throw inputError(
      `${store}: something is there already (${names.length} entries); nothing was changed` +
        " (choose another place, or say --overwrite)",
    );
  }
  if (!names.includes("zarr.json") && !names.some((name) => /^\d+$/.test(name))) {
    throw inputError(`${store}: the folder holds no Zarr store, so --overwrite will not empty it`);
  }
  fs.rmSync(store, { recursive: true });
  makeFolder(store);
}

/** The parents that a failed granule leaves incomplete, for the store's attributes. */
function incompleteParents(
  plan: Plan,
  failed: readonly FailedGranule[],
): { incomplete_parents?: number[]; missing_granules?: string[] } {
  if (failed.length === 0) return {};
  const ranks = new Set(failed.flatMap(({ granule }) => plan.ranks[granule]));
  return {
    incomplete_parents: [...ranks].sort((a, b) => a - b).map((rank) => plan.store.parents[rank]),
    missing_granules: failed.map(({ granule }) => plan.granules[granule].id).sort(),
  };
}

/** Adds up what the pieces say. */
class Tally {
  #counts = noCounts();
  #groups = { present: 0, empty: 0, missing: 0 };
  #reads = { opens: 0, requests: 0, bytes: 0 };
  #cells: number[];
  #read = 0;
  #failed: FailedGranule[] = [];
  #doneBytes = 0;
  #totalBytes: number;
  #shards = 0;
  #objects = 0;
  #storeBytes = 0;
  workerSeconds = { workerScatter: 0, workerReduce: 0 };

  constructor(readonly plan: Plan, readonly options: RunOptions) {
    this.#cells = plan.store.levels.map(() => 0);
    this.#totalBytes = plan.granules.reduce((sum, row) => sum + (row.size_bytes ?? ASSUMED_GRANULE_BYTES), 0);
  }

  scattered(outcome: Parameters<NonNullable<Parameters<typeof runSchedule>[2]["onScattered"]>>[0]): void {
    addCounts(this.#counts, outcome.counts);
    for (const key of ["present", "empty", "missing"] as const) this.#groups[key] += outcome.groups[key];
    for (const key of ["opens", "requests", "bytes"] as const) this.#reads[key] += outcome.reads[key];
    this.workerSeconds.workerScatter += outcome.seconds;
    this.#read += 1;
    this.#granuleDone(outcome.granule);
  }

  failed(failure: FailedGranule): void {
    this.#failed.push(failure);
    this.#granuleDone(failure.granule);
  }

  #granuleDone(granule: number): void {
    this.#doneBytes += this.plan.granules[granule].size_bytes ?? ASSUMED_GRANULE_BYTES;
    this.#progress();
  }

  reduced(outcome: ReduceOutcome): void {
    outcome.cells.forEach((count, l) => this.#cells[l] += count);
    this.#objects += outcome.objects;
    this.#storeBytes += outcome.bytes;
    this.workerSeconds.workerReduce += outcome.seconds;
    this.#shards += 1;
    this.#progress();
  }

  #progress(): void {
    const granules = this.#read + this.#failed.length;
    this.options.onProgress?.({
      phase: granules < this.plan.granules.length ? "scatter" : "reduce",
      granules,
      granulesTotal: this.plan.granules.length,
      bytes: this.#doneBytes,
      bytesTotal: this.#totalBytes,
      shards: this.#shards,
      shardsTotal: this.plan.shards.length,
      observations: this.#counts.rows,
    });
  }

  /** What the store says of itself: nothing that depends on where or how the run ran. */
  provenance(): Record<string, unknown> {
    return { observations: this.#counts.kept, rows_read: this.#counts.rows };
  }

  report(): Pick<
    RunReport,
    | "store"
    | "planKey"
    | "parents"
    | "granules"
    | "observations"
    | "groups"
    | "cells"
    | "reads"
    | "objects"
    | "storeBytes"
  > {
    const { granules, store, key } = this.plan;
    const failed = [...this.#failed].sort((a, b) => a.granule - b.granule);
    return {
      store: this.options.store,
      planKey: key,
      parents: store.parents.length,
      granules: {
        total: granules.length,
        read: this.#read,
        failed: failed.map(({ granule, reason }) => ({
          id: granules[granule].id,
          collection: granules[granule].collection,
          reason,
        })),
      },
      observations: this.#counts,
      groups: this.#groups,
      cells: Object.fromEntries(store.levels.map((level, l) => [String(level), this.#cells[l]])),
      reads: this.#reads,
      objects: this.#objects,
      storeBytes: this.#storeBytes,
    };
  }
}
