/** Executes a plan on this machine: schedules what is left, finishes the store, reports. */
import { allowedCores, allowedMemoryBytes, DEFAULT_MEMORY_SHARE } from "../../core/resources.ts";
import type { SourceLocation } from "../../core/access/location.ts";
import type { GroupRuns } from "../../core/observations/row_runs.ts";
import type { IndexedRows } from "../engine/contract.ts";
import type { Plan } from "../plan/plan.ts";
import { shareMemory } from "../schedule/budget.ts";
import { type Executor, startExecutor } from "../schedule/executor.ts";
import type { Checkpoint } from "../schedule/schedule_work.ts";
import { addReading, keepReading, type ReadingSums } from "./account.ts";
import { commitShard, drive, missingIds } from "./drive.ts";
import { type ShardStates, statesOf } from "./coarse_levels.ts";
import { finishStore, incompleteParents, leftOutNote } from "./finish.ts";
import { type BegunRun, type PlaceOptions, underLease } from "./begin.ts";
import type { Remaining } from "./resume.ts";
import type { SpillReader } from "./spill_files.ts";
import { type RunProgress, type RunTotals, Tally } from "./tally.ts";

export interface RunOptions extends PlaceOptions {
  locate(granule: number): SourceLocation;
  /** Hears where the granules lie, in the order in which they will be opened. */
  expect?(locations: SourceLocation[]): void;
  /** What a row index says of each granule. */
  rowsOf?(granule: number): IndexedRows | null;
  /** Takes the runs of granules that were read whole, at an order of cells. */
  rowIndex?: { order: number; add(granule: number, runs: GroupRuns[]): void };
  /** Opens spill files that are on S3. */
  reader?: SpillReader;
  workers?: number;
  memoryBytes?: number;
  onError?: "report" | "fail";
  checkpoint?: Checkpoint;
  onProgress?(progress: RunProgress): void;
  onWarning?(message: string): void;
  /** Threads that were started before the plan was ready. */
  executor?: Executor;
}

export interface RunReport extends RunTotals {
  store: string;
  runDirectory: string;
  planKey: string;
  parents: number;
  /** Parents without a failed granule, as nested ids at the parent order. */
  incompleteParents: number[];
  spilledBytes: number;
  peakSegmentBytes: number;
  /** Observations in the store: of shards that were made and of those that were kept. */
  storeObservations: number;
  /** What this run read and the parts of it that were before, which it resumed. */
  allParts: ReadingSums;
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
 * Runs a plan and writes its store. Failed granules are in the report, with the parents that are
 * without them; everything else that goes wrong throws a GranaryError, and the run can be resumed.
 */
export async function executePlan(plan: Plan, options: RunOptions): Promise<RunReport> {
  const started = performance.now();
  const executor = options.executor ?? startExecutor(options.workers ?? defaultWorkers());
  try {
    shareMemory(options.memoryBytes ?? defaultMemoryBytes(), executor.slots); // too little is refused first
    return await underLease(plan, options, async (run) => {
      const report = await runUnderLease(plan, executor, run, options);
      report.seconds.total = (performance.now() - started) / 1000;
      await run.directory.putReport(report);
      return report;
    });
  } finally {
    await executor.close();
  }
}

/** Writes the plan into a run directory where no run lives, and makes sure that the store may be made. */
export function layOutRun(plan: Plan, options: PlaceOptions): Promise<void> {
  return underLease(plan, options, async ({ directory, place, remaining }) => {
    await directory.putLeft(plan, remaining);
    if (options.mode !== "overwrite" || place.isEmpty) return;
    options.onNote?.(
      `${place.target.name}: the store that is there stays until the run's first shard is ready`,
    );
  });
}

async function runUnderLease(
  plan: Plan,
  executor: Executor,
  { directory, place, remaining, reading }: BegunRun,
  options: RunOptions,
): Promise<RunReport> {
  const started = performance.now();
  const tally = new Tally(plan, options.onProgress, options.onWarning);
  const work = await directory.spills.work(remaining, options.reader);
  tallyKept(plan, remaining, tally);
  const records: ShardStates[] = remaining.keptShards.map(statesOf);
  const planned = new Map(plan.shards.map((shard) => [shard.index, shard]));
  const store = typeof options.store === "string" ? options.store : place.target;
  const memoryBytes = options.memoryBytes ?? defaultMemoryBytes();
  const done = drive(directory, plan, work, store, { ...options, executor, memoryBytes }, {
    rowsOf: options.rowsOf,
    indexOrder: options.rowIndex?.order,
    ...options.checkpoint === undefined ? {} : { checkpoint: options.checkpoint },
    ...options.onError === undefined ? {} : { onError: options.onError },
    onScattered: (outcome) => {
      tally.scattered(outcome);
      addReading(reading, outcome);
      if (outcome.runs !== null) options.rowIndex?.add(outcome.granule, outcome.runs);
    },
    onFailed: (failure) => tally.failed(failure),
    onSpilled: (outcome, granules) => directory.rememberSpill(plan, outcome, granules, tally.failures),
    onReduced: async (outcome) => {
      const { key, granules } = planned.get(outcome.shard)!;
      const missing = missingIds(plan, granules, tally.failures);
      await place.makeRoom(outcome.shard);
      const record = await commitShard(directory, store, outcome, key, missing);
      records.push(statesOf(record));
      tally.reduced(outcome);
    },
  });
  const result = await done.catch(async (error) => {
    // What ended the run is reported, and not that this could not be kept besides.
    await keepReading(directory, reading).catch(() => {});
    throw error;
  });
  const incomplete = incompleteParents(plan, result.failed);
  const coarseCells = await finishStore(plan, directory, place, records, {
    observations: tally.observations,
    ...leftOutNote(plan, tally.leftOut),
    ...incomplete,
  });
  if (result.failed.length === 0) await directory.dropSpills();
  else await directory.rememberFailures(plan, null, result.failed);
  await keepReading(directory, reading);
  const seconds = (performance.now() - started) / 1000;
  return {
    store: place.target.name,
    runDirectory: directory.target.name,
    planKey: plan.key,
    parents: plan.store.parents.length,
    ...tally.totals(),
    cells: { ...tally.totals().cells, ...coarseCells },
    incompleteParents: incomplete.incomplete_parents ?? [],
    spilledBytes: result.spilledBytes,
    peakSegmentBytes: result.peakSegmentBytes,
    storeObservations: tally.observations,
    allParts: reading,
    workers: executor.slots,
    seconds: {
      total: seconds,
      scatter: result.scatterSeconds,
      reduce: seconds - result.scatterSeconds,
      ...tally.workerSeconds,
    },
  };
}

function tallyKept(plan: Plan, remaining: Remaining, tally: Tally): void {
  for (const record of remaining.keptShards) tally.keptShard(record);
  const toScatter = new Set(remaining.granules.map(({ granule }) => granule));
  const saved = new Map(
    remaining.spillFiles.flatMap(({ granules }) => [...granules]).map(([was, is]) => [is, was]),
  );
  const records = new Map(remaining.keptGranules.map((record) => [record.granule, record]));
  plan.granules.forEach((_, granule) => {
    if (toScatter.has(granule)) return;
    const record = records.get(saved.get(granule) ?? -1);
    if (record === undefined) tally.notNeeded(granule);
    else tally.kept(granule, record);
  });
}
