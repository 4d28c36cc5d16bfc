/**
 * One piece of a planned run at a time, by whoever can reach the run directory: threads, a batch job,
 * a function. A piece done twice, even at the same time, is harmless.
 */
import { commitFiles } from "../../core/files/atomic.ts";
import { inputError } from "../../core/errors.ts";
import { FolderTarget } from "../../core/access/folder_target.ts";
import type { SourceLocation } from "../../core/access/location.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { shareMemory } from "../schedule/budget.ts";
import { BILL_KEY, type LambdaBill } from "../../runs/lambda/lambda_bill.ts";
import type { GranuleReads } from "../engine/contract.ts";
import type { Executor } from "../schedule/executor.ts";
import { type Plan, shardOfRank } from "../plan/plan.ts";
import { runSchedule } from "../schedule/schedule.ts";
import type { ScheduleOptions, ScheduleWork } from "../schedule/schedule_work.ts";
import { DEFAULT_CHECKPOINT } from "../schedule/checkpoint.ts";
import { incompleteParents, lacking, openWork, sealStore, shardRecord } from "./execute.ts";
import { Lease, type LeaseOptions } from "../../runs/lease.ts";
import type { ScatterRecord, ShardRecord } from "./records.ts";
import { granuleKeys, remainingWork } from "./resume.ts";
import { unsealJson } from "../../core/files/sealed_json.ts";
import type { RunDirectory, RunsReader } from "./run_directory.ts";
import { StorePlace } from "./store_place.ts";
import { type ReportedFailure, type RunProgress, Tally } from "./tally.ts";

interface PieceOptions {
  executor: Executor;
  memoryBytes: number;
  locate(granule: number): SourceLocation;
  /** Hears where the granules lie, in the order in which they will be opened. */
  expect?(locations: SourceLocation[]): void;
  /** Opens runs files that are on S3. */
  reader?: RunsReader;
  signal?: AbortSignal;
  /** Once it aborts no granule is begun any more: what was read is saved, the rest is left. */
  enough?: AbortSignal;
  onProgress?(progress: RunProgress): void;
}

export interface ScatterPiece {
  batch: number;
  granules: { total: number; read: number; kept: number; failed: ReportedFailure[]; left: number };
  observations: number;
  reads: GranuleReads;
}

/** Scatters one batch of the plan into runs files. Granules that are saved already are not read again. */
export async function scatterPiece(
  directory: RunDirectory,
  plan: Plan,
  batch: number,
  options: PieceOptions,
): Promise<ScatterPiece> {
  const planned = piece(plan.batches, batch, "scatter batch");
  const keys = granuleKeys(plan);
  const { scatter } = await directory.records();
  const saved = wholeGranules(plan, scatter);
  const todo = planned.granules.filter((granule) => !saved.has(keys[granule]));
  const tally = new Tally(plan, options.onProgress);
  for (const granule of planned.granules) if (saved.has(keys[granule])) tally.notNeeded(granule);
  const work: ScheduleWork = {
    granules: todo.map((granule) => ({ granule, ranks: plan.ranks[granule] })),
    shards: [],
    parts: [],
    saveAll: true,
  };
  const { left } = await schedule(directory, plan, work, options, null, {
    enough: options.enough,
    nextRunsFile: () => directory.nextRunsFile(),
    onScattered: (outcome) => tally.scattered(outcome),
    onFailed: (failure) => tally.failed(failure),
    onSpilled: (outcome, granules) => directory.rememberRuns(plan, outcome, granules, []),
  });
  directory.dropCopies();
  if (tally.failures.length > 0) await directory.rememberFailures(plan, batch, tally.failures);
  const { granules, observations, reads } = tally.totals();
  return {
    batch,
    granules: { ...granules, total: planned.granules.length, left: left.length },
    observations: observations.kept,
    reads,
  };
}

/** Reduces one shard of the plan from the runs files. Throws when a granule it needs is neither there nor failed. */
export async function reducePiece(
  directory: RunDirectory,
  plan: Plan,
  s: number,
  store: string | ObjectTarget,
  options: PieceOptions,
): Promise<{ shard: number; observations: number; lacks: string[] }> {
  const planned = piece(plan.shards, s, "shard");
  const { scatter, shards } = await directory.records();
  const others = shards.filter((record) => record.shard !== planned.index);
  const remaining = remainingWork({ ...plan, shards: [planned] }, scatter, others);
  const failed = failedGranules(plan, scatter);
  const missing = remaining.granules.filter(({ granule }) => !failed.has(granule));
  if (missing.length > 0) {
    const batches = plan.batches.flatMap(({ granules }, b) =>
      missing.some(({ granule }) => granules.includes(granule)) ? [b] : []
    );
    throw inputError(
      `${directory.name}: shard ${s} needs ${missing.length} granules that are not scattered yet` +
        ` (do granary work ${directory.name} --scatter N first, N = ${batches.slice(0, 20).join(", ")}${
          batches.length > 20 ? ", …" : ""
        })`,
    );
  }
  const work = await openWork(directory, { ...remaining, granules: [], shards: [s] }, options.reader);
  const target = typeof store === "string" ? new FolderTarget(store) : store;
  const lacks = lacking(
    plan,
    planned.granules,
    [...failed].map(([granule, reason]) => ({ granule, reason })),
  );
  let observations = 0;
  await schedule(directory, plan, work, options, typeof store === "string" ? store : null, {
    nextRunsFile: () => directory.nextRunsFile(),
    onReduced: async (outcome) => {
      await commitFiles(outcome.pending);
      for (const { key, bytes } of outcome.puts) await target.put(key, bytes);
      await directory.putShard(shardRecord(outcome, planned.key, lacks));
      observations = outcome.observations;
    },
  });
  return { shard: s, observations, lacks };
}

export interface FinishedRun {
  store: string;
  observations: number;
  cells: Record<string, number>;
  failed: ReportedFailure[];
  incompleteParents: number[];
}

/** Seals the store when every shard is done. Throws an input error that names what is left otherwise. */
export async function finishRun(
  directory: RunDirectory,
  plan: Plan,
  target: ObjectTarget,
  leaseOptions: LeaseOptions = {},
): Promise<FinishedRun> {
  const lease = await Lease.take(directory.target, leaseOptions);
  try {
    const { scatter, shards } = await directory.records();
    const place = await StorePlace.at(target, plan.store.parentOrder);
    const unread = failedGranules(plan, scatter);
    const isWhole = place.wholeShards();
    const done = doneShards(plan, shards, unread).filter(isWhole);
    if (done.length < plan.shards.length) {
      const have = new Set(done.map((record) => record.shard));
      const left = plan.shards.flatMap((shard, s) => have.has(shard.index) ? [] : [s]);
      throw inputError(
        `${directory.name}: ${left.length} of ${plan.shards.length} shards are not done` +
          ` (do granary work ${directory.name} --reduce N, N = ${left.slice(0, 20).join(", ")}${
            left.length > 20 ? ", …" : ""
          })`,
      );
    }
    const lackingIds = new Set(done.flatMap((record) => record.lacks));
    const failed = [...unread]
      .filter(([granule]) => lackingIds.has(plan.granules[granule].id))
      .map(([granule, reason]) => ({ granule, reason }));
    await target.sweep("");
    const incomplete = incompleteParents(plan, failed);
    const observations = done.reduce((sum, record) => sum + record.observations, 0);
    const states = done.flatMap((record) => record.states);
    const coarse = await sealStore(plan, place, states, { observations, ...incomplete });
    if (failed.length === 0) await directory.dropRuns();
    const cells = Object.fromEntries(
      plan.store.levels.filter((level) => level >= plan.store.parentOrder)
        .map((level, l) => [level, done.reduce((sum, record) => sum + record.cells[l], 0)]),
    );
    return {
      store: target.name,
      observations,
      cells: { ...cells, ...coarse },
      failed: failed.map(({ granule, reason }) => ({
        id: plan.granules[granule].id,
        collection: plan.granules[granule].collection,
        reason,
      })),
      incompleteParents: incomplete.incomplete_parents ?? [],
    };
  } finally {
    await lease.release();
  }
}

export interface RunStatus {
  /** `failed` are the batches with granules that could not be read; they count as done. */
  batches: { total: number; done: number; left: number[]; failed: number[] };
  /** `lacking` are the shards that lack such granules; they count as done. */
  shards: { total: number; done: number; left: number[]; lacking: number[] };
  granules: { total: number; scattered: number; failed: ReportedFailure[] };
  observations: number;
  /** Of granules in runs files, which are dropped when the run is whole; 0 then. */
  bytesRead: number;
  storeBytes: number;
  /** Seconds of workers, all together. */
  workerSeconds: { scatter: number; reduce: number };
  sealed: boolean;
  /** What Lambda billed, where it did the run. */
  bill: LambdaBill | null;
}

/** How far a run is. */
export async function runStatus(directory: RunDirectory, plan: Plan): Promise<RunStatus> {
  const { scatter, shards } = await directory.records();
  const keys = granuleKeys(plan);
  const saved = wholeGranules(plan, scatter);
  const failed = failedGranules(plan, scatter);
  const done = new Map(doneShards(plan, shards, failed).map((record) => [record.shard, record]));
  const lackingIds = new Set([...done.values()].flatMap((record) => record.lacks));
  const report = await directory.target.get("report.json");
  const bill = await directory.target.get(BILL_KEY);
  // A run that is whole has dropped its runs files, and their records with them.
  const allReduced = done.size === plan.shards.length;
  if (allReduced) {
    for (const granule of failed.keys()) {
      if (!lackingIds.has(plan.granules[granule].id)) failed.delete(granule);
    }
  }
  const isScattered = (granule: number) => allReduced && !failed.has(granule) || saved.has(keys[granule]);
  const batchesLeft = plan.batches.flatMap(({ granules }, b) =>
    granules.every((granule) => isScattered(granule) || failed.has(granule)) ? [] : [b]
  );
  const shardsLeft = plan.shards.flatMap((shard, s) => done.has(shard.index) ? [] : [s]);
  const reads = scatter.flatMap((record) => record.granules.map(({ reads }) => reads.bytes));
  return {
    batches: {
      total: plan.batches.length,
      done: plan.batches.length - batchesLeft.length,
      left: batchesLeft,
      failed: plan.batches.flatMap(({ granules }, b) =>
        granules.some((granule) => failed.has(granule)) ? [b] : []
      ),
    },
    shards: {
      total: plan.shards.length,
      done: done.size,
      left: shardsLeft,
      lacking: plan.shards.flatMap(({ index }, s) => (done.get(index)?.lacks.length ?? 0) > 0 ? [s] : []),
    },
    granules: {
      total: plan.granules.length,
      scattered: plan.granules.filter((_, granule) => isScattered(granule)).length,
      failed: [...failed].map(([granule, reason]) => ({
        id: plan.granules[granule].id,
        collection: plan.granules[granule].collection,
        reason,
      })),
    },
    observations: [...done.values()].reduce((sum, record) => sum + record.observations, 0),
    bytesRead: reads.reduce((sum, bytes) => sum + bytes, 0),
    storeBytes: [...done.values()].reduce((sum, record) => sum + record.bytes, 0),
    workerSeconds: {
      scatter: scatter.reduce(
        (sum, { granules }) => granules.reduce((own, { seconds }) => own + seconds, sum),
        0,
      ),
      reduce: [...done.values()].reduce((sum, record) => sum + record.seconds, 0),
    },
    sealed: report !== undefined,
    bill: bill === undefined ? null : unsealJson(bill) as LambdaBill,
  };
}

function schedule(
  directory: RunDirectory,
  plan: Plan,
  work: ScheduleWork,
  options: PieceOptions,
  storeFolder: string | null,
  hooks: Partial<ScheduleOptions> & Pick<ScheduleOptions, "nextRunsFile">,
) {
  const budget = shareMemory(options.memoryBytes, options.executor.lanes);
  options.executor.start({
    pipeline: plan.pipeline,
    store: plan.store,
    storeFolder,
    slabBytes: budget.slabBytes,
    selective: plan.selective,
  });
  return runSchedule(plan, work, options.executor, {
    locate: options.locate,
    expect: options.expect,
    checkpoint: DEFAULT_CHECKPOINT,
    segmentBytes: directory.segmentLimit(budget.segmentBytes),
    onError: "report",
    signal: options.signal,
    ...hooks,
  });
}

/**
 * Records of shards that need no more work: made under the plan's key, and lacking only granules that
 * still cannot be read. One that lacks a granule which was read since, or of whose failure nobody knows,
 * is not done.
 */
function doneShards(
  plan: Plan,
  records: readonly ShardRecord[],
  unread: ReadonlyMap<number, string>,
): ShardRecord[] {
  const keys = new Map(plan.shards.map((shard) => [shard.index, shard.key]));
  const unreadIds = new Set([...unread.keys()].map((granule) => plan.granules[granule].id));
  return records.filter((record) =>
    keys.get(record.shard) === record.key && record.lacks.every((id) => unreadIds.has(id))
  );
}

function piece<T>(pieces: readonly T[], n: number, what: string): T {
  const found = pieces[n];
  if (found === undefined) {
    throw inputError(`there is no ${what} ${n} (the plan has 0 to ${pieces.length - 1})`);
  }
  return found;
}

/** Keys of granules that stand in runs files with every shard that they touch. */
function wholeGranules(plan: Plan, records: readonly ScatterRecord[]): Set<string> {
  const shardOf = shardOfRank(plan.store);
  const wanted = new Map(
    granuleKeys(plan).map((key, granule) => [key, new Set(plan.ranks[granule].map(shardOf))]),
  );
  const whole = records.flatMap((record) => record.granules).filter(({ key, shards }) => {
    const covered = new Set(shards);
    return [...wanted.get(key) ?? []].every((shard) => covered.has(shard));
  });
  return new Set(whole.map(({ key }) => key));
}

/** Granules that failed and that no later try has read, with the reason. */
function failedGranules(plan: Plan, records: readonly ScatterRecord[]): Map<number, string> {
  const numbers = new Map(granuleKeys(plan).map((key, granule) => [key, granule]));
  const failed = new Map<number, string>();
  for (const record of records) {
    for (const { key, reason } of record.failed) {
      const granule = numbers.get(key);
      if (granule !== undefined) failed.set(granule, reason);
    }
  }
  const saved = wholeGranules(plan, records);
  for (const [key, granule] of numbers) if (saved.has(key)) failed.delete(granule);
  return failed;
}
