/** Adds up what the tasks of a run say, for progress and for the report. */
import type { GranuleReads, ReduceOutcome, ScatterOutcome } from "../engine/contract.ts";
import type { Plan } from "../plan/plan.ts";
import { addCounts, noCounts } from "../engine/scatter.ts";
import type { LeftOut } from "../engine/segment.ts";
import type { ScatterCounts } from "../engine/contract.ts";
import type { FailedGranule } from "../schedule/schedule_work.ts";
import type { ScatteredGranule } from "../run_directory/scatter_records.ts";
import type { ShardRecord } from "../run_directory/shard_records.ts";
import type { Remaining } from "./resume.ts";

/** What a run is doing, for its display. */
export interface RunProgress {
  phase: "scatter" | "reduce";
  granules: number;
  granulesTotal: number;
  /** Bytes of the granules' files that are done with, and of all; null where a size is unknown. */
  bytes: number | null;
  bytesTotal: number | null;
  shards: number;
  shardsTotal: number;
  observations: number;
}

export interface ReportedFailure {
  id: string;
  collection: string;
  reason: string;
}

/** A failure as it is reported to people. */
export function reportedFailure(plan: Plan, { granule, reason }: FailedGranule): ReportedFailure {
  const { id, collection } = plan.granules[granule];
  return { id, collection, reason };
}

/** What was read and written: by this run, and by the runs that it resumed. */
export interface RunTotals {
  granules: { total: number; read: number; kept: number; failed: ReportedFailure[] };
  observations: ScatterCounts;
  groups: { present: number; empty: number; missing: number };
  /** Cells with observations, by order. */
  cells: Record<string, number>;
  reads: GranuleReads;
  shards: { total: number; made: number; kept: number };
  objects: number;
  storeBytes: number;
}

export class Tally {
  #counts = noCounts();
  #groups = { present: 0, empty: 0, missing: 0 };
  #reads: GranuleReads = { opens: 0, requests: 0, bytes: 0, chunks: 0 };
  #cells: number[];
  #observations = 0;
  #leftOut: LeftOut = { time: 0, area: 0 };
  #read = 0;
  #kept = 0;
  #failed: FailedGranule[] = [];
  #done = new Set<number>();
  #doneBytes = 0;
  /** Of all granules; null where the catalog does not know a size. */
  #totalBytes: number | null;
  #shardsMade = 0;
  #shardsKept = 0;
  #objects = 0;
  #storeBytes = 0;
  workerSeconds = { workerScatter: 0, workerReduce: 0 };

  #warned = new Set<string>();

  constructor(
    readonly plan: Plan,
    readonly onProgress?: (progress: RunProgress) => void,
    readonly onWarning?: (message: string) => void,
  ) {
    this.#cells = plan.store.levels.map(() => 0);
    this.#totalBytes = plan.granules.some((row) => row.size_bytes === null)
      ? null
      : plan.granules.reduce((sum, row) => sum + row.size_bytes!, 0);
  }

  get failures(): readonly FailedGranule[] {
    return this.#failed;
  }

  /** Observations in the store: of shards made and shards kept. */
  get observations(): number {
    return this.#observations;
  }

  /** Observations of the store's cells that were left out by time and place, of the same shards. */
  get leftOut(): LeftOut {
    return this.#leftOut;
  }

  /** What earlier parts of the run left: shards that are done, granules that are in spill files. */
  keptBefore(remaining: Remaining): void {
    for (const record of remaining.keptShards) this.#keptShard(record);
    const toScatter = new Set(remaining.granules.map(({ granule }) => granule));
    const saved = new Map(
      remaining.spillFiles.flatMap(({ granules }) => [...granules]).map(([was, is]) => [is, was]),
    );
    const records = new Map(remaining.keptGranules.map((record) => [record.granule, record]));
    this.plan.granules.forEach((_, granule) => {
      if (toScatter.has(granule)) return;
      const record = records.get(saved.get(granule) ?? -1);
      if (record === undefined) this.notNeeded(granule);
      else this.#keptGranule(granule, record);
    });
  }

  scattered(outcome: ScatterOutcome): void {
    this.#addGranule(outcome);
    for (const key of ["opens", "requests", "bytes", "chunks"] as const) {
      this.#reads[key] += outcome.reads[key];
    }
    this.workerSeconds.workerScatter += outcome.seconds;
    this.#read += 1;
    this.#warn(outcome);
    this.#granuleDone(outcome.granule);
  }

  /** Granules of one product say the same: each sentence is passed on once, of the first that says it. */
  #warn({ granule, warnings }: ScatterOutcome): void {
    for (const warning of warnings) {
      if (this.#warned.has(warning)) continue;
      this.#warned.add(warning);
      this.onWarning?.(`${this.plan.granules[granule].id}: ${warning}`);
    }
  }

  /** A granule whose segments an earlier run left. */
  #keptGranule(granule: number, record: ScatteredGranule): void {
    this.#addGranule(record);
    this.#kept += 1;
    this.#granuleDone(granule);
  }

  /** A granule that no open shard needs. */
  notNeeded(granule: number): void {
    this.#kept += 1;
    this.#granuleDone(granule);
  }

  #addGranule({ counts, groups }: Pick<ScatterOutcome, "counts" | "groups">): void {
    addCounts(this.#counts, counts);
    for (const key of ["present", "empty", "missing"] as const) this.#groups[key] += groups[key];
  }

  failed(failure: FailedGranule): void {
    this.#failed.push(failure);
    this.#granuleDone(failure.granule);
  }

  #granuleDone(granule: number): void {
    this.#done.add(granule);
    this.#doneBytes += this.plan.granules[granule].size_bytes ?? 0;
    this.#progress();
  }

  reduced(outcome: ReduceOutcome): void {
    this.#addShard(outcome);
    this.workerSeconds.workerReduce += outcome.seconds;
    this.#shardsMade += 1;
    this.#progress();
  }

  #keptShard(record: ShardRecord): void {
    this.#addShard(record);
    this.#shardsKept += 1;
  }

  #addShard(shard: Pick<ShardRecord, "observations" | "leftOut" | "cells" | "objects" | "bytes">): void {
    this.#observations += shard.observations;
    this.#leftOut.time += shard.leftOut.time;
    this.#leftOut.area += shard.leftOut.area;
    shard.cells.forEach((count, l) => this.#cells[l] += count);
    this.#objects += shard.objects;
    this.#storeBytes += shard.bytes;
  }

  #progress(): void {
    this.onProgress?.({
      phase: this.#done.size < this.plan.granules.length ? "scatter" : "reduce",
      granules: this.#done.size,
      granulesTotal: this.plan.granules.length,
      bytes: this.#totalBytes === null ? null : this.#doneBytes,
      bytesTotal: this.#totalBytes,
      shards: this.#shardsMade + this.#shardsKept,
      shardsTotal: this.plan.shards.length,
      observations: this.#counts.rows,
    });
  }

  totals(): RunTotals {
    const { granules, store, shards } = this.plan;
    const failed = [...this.#failed].sort((a, b) => a.granule - b.granule);
    return {
      granules: {
        total: granules.length,
        read: this.#read,
        kept: this.#kept,
        failed: failed.map((failure) => reportedFailure(this.plan, failure)),
      },
      observations: this.#counts,
      groups: this.#groups,
      cells: Object.fromEntries(store.levels.map((level, l) => [String(level), this.#cells[l]])),
      reads: this.#reads,
      shards: { total: shards.length, made: this.#shardsMade, kept: this.#shardsKept },
      objects: this.#objects,
      storeBytes: this.#storeBytes,
    };
  }
}
