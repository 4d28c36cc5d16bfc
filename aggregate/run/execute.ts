/** Executes a plan on this machine: resumes, schedules, finishes the store, reports. */
import { allowedCores, allowedMemoryBytes, DEFAULT_MEMORY_SHARE } from "../../core/resources.ts";
import { GranaryError } from "../../core/errors.ts";
import { FolderTarget } from "../../core/access/folder_target.ts";
import type { SourceLocation } from "../../core/access/location.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import type { GroupRuns } from "../../core/observations/row_runs.ts";
import type { LeaseOptions } from "../../runs/lease.ts";
import { takeLease } from "../../runs/slurm/slurm_lease.ts";
import { absoluteAddress, defaultRunDirectory, REPORT_KEY } from "../../runs/run_directory.ts";
import type { IndexedRows } from "../engine/contract.ts";
import type { Plan } from "../plan/plan.ts";
import { shareMemory } from "../schedule/budget.ts";
import { type Executor, startExecutor } from "../schedule/executor.ts";
import type { Checkpoint } from "../schedule/schedule_work.ts";
import { addReading, keepReading, noReading, readingSoFar, type ReadingSums } from "./account.ts";
import { commitShard, drive, missingIds } from "./drive.ts";
import { type ShardStates, statesOf } from "./coarse_levels.ts";
import { finishStore, incompleteParents, leftOutNote } from "./finish.ts";
import { shardRecordKey } from "./records.ts";
import { type Remaining, remainingWork } from "./resume.ts";
import { carryOver, completeAppend } from "./append.ts";
import { RunDirectory, type RunSettings } from "./run_directory.ts";
import type { SpillReader } from "./spill_files.ts";
import { type StoreMode, StorePlace } from "./store_place.ts";
import { type RunProgress, type RunTotals, Tally } from "./tally.ts";

/** Where a run is, and how it begins there. */
interface PlaceOptions {
  /** The store's folder, or another place by a target. */
  store: string | ObjectTarget;
  /** What to do with a store that is there; default "new", which refuses it. */
  mode?: StoreMode;
  /** Default: a folder beside the store. Needed when the store is not in a folder. */
  runDirectory?: RunDirectory;
  /** Folder for spill files; by default the run directory. */
  scratch?: string;
  /** Remembered for tasks of the run that others do. */
  driver?: string;
  lease?: LeaseOptions;
  signal?: AbortSignal;
  /** What a resumed run keeps and redoes, in a sentence. */
  onNote?(note: string): void;
}

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

/** A run that has begun: its places, made to fit the plan, and what is left to do. */
interface BegunRun {
  directory: RunDirectory;
  place: StorePlace;
  remaining: Remaining;
  /** What parts of the run before this one have read. */
  reading: ReadingSums;
}

/** Has `body` done while no other run may begin in the same places. */
async function underLease<T>(
  plan: Plan,
  options: PlaceOptions,
  body: (run: BegunRun) => Promise<T>,
): Promise<T> {
  const target = typeof options.store === "string" ? new FolderTarget(options.store) : options.store;
  const directory = options.runDirectory ??
    RunDirectory.in(defaultRunDirectory(target.name), options.scratch);
  const { mode = "new", signal } = options;
  let place = await StorePlace.at(target, plan.store);
  await directory.admit(mode, plan, place);
  const goesOn = mode === "resume" || mode === "append";
  const lease = await takeLease(directory.target, { signal, ...options.lease });
  let isVain = false;
  try {
    if (!goesOn) await directory.clear();
    else if (await goOn(directory, target, plan, options)) place = await StorePlace.at(target, plan.store);
    // Before records go that hold no more.
    const reading = goesOn ? await readingOfAll(directory) : noReading();
    return await body({
      directory,
      place,
      reading,
      remaining: await prepareRemaining(plan, directory, place, options),
    });
  } catch (error) {
    // A run that saved nothing has nothing to be resumed from.
    isVain = !goesOn && isFruitless(error) && await directory.savedNothing().catch(() => false);
    throw error;
  } finally {
    if (isVain) await directory.clear();
    await lease.release();
    if (isVain) await directory.removeEmpty(lease.key);
  }
}

/**
 * Ends an append that was begun before, and takes over what a run of other granules made; returns whether the store
 * was changed.
 */
async function goOn(
  directory: RunDirectory,
  target: ObjectTarget,
  plan: Plan,
  { driver = "auto" }: PlaceOptions,
): Promise<boolean> {
  const ended = await completeAppend(directory, target);
  if (!await directory.exists()) return ended;
  const { plan: then, settings } = await directory.plan();
  if (then.key === plan.key) return ended;
  const carried = await carryOver(directory, target, then, plan, { ...settings, driver });
  return ended || carried;
}

function settingsOf(target: ObjectTarget, driver: string): RunSettings {
  const store = absoluteAddress(target.name);
  return { kind: "aggregate", store, driver, created: new Date().toISOString() };
}

/** Whether a run ended for what no granule can give, rather than being stopped. */
function isFruitless(error: unknown): boolean {
  return error instanceof GranaryError && ["input", "io", "granule"].includes(error.tag);
}

/** Records are read whole here: also those whose files are gone. */
async function readingOfAll(directory: RunDirectory): Promise<ReadingSums> {
  const { scatter, lost } = await directory.scatterRecords();
  return await readingSoFar(directory, [...scatter, ...lost]);
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

/**
 * Writes the plan and makes run directory and store fit it: what an ended run left half written, records
 * that hold no more and the objects that they speak of are gone, and nobody reads the store while shards
 * of it are open. Returns what is left to do; `onNote` hears what is kept and what is not.
 */
async function prepareRemaining(
  plan: Plan,
  directory: RunDirectory,
  place: StorePlace,
  { driver = "auto", mode = "new", onNote }: PlaceOptions,
): Promise<Remaining> {
  for (const prefix of ["runs/", "scatter/", "shards/", "values/", ".run.", ".plan.", ".report."]) {
    await directory.target.sweep(prefix); // not leases, which another may be trying to take
  }
  await place.target.sweep("");
  const [{ scatter, lost }, shards] = await Promise.all([
    directory.scatterRecords(),
    directory.shardRecords(),
  ]);
  const [objectsWhole, valuesWhole] = [place.wholeShards(), await directory.wholeValues()];
  const remaining = remainingWork(
    plan,
    scatter,
    shards,
    (record) => objectsWhole(record) && valuesWhole(record),
  );
  const replaces = await replacesAnother(directory, place, mode);
  if (remaining.shards.length > 0) {
    // Another store stands until the first shard that takes its place is ready.
    if (!replaces || shards.length > 0) await place.reopen();
    await directory.target.delete(REPORT_KEY);
  }
  if (scatter.length + shards.length + lost.length > 0) {
    onNote?.(describeKept(plan, remaining, lost.length, mode === "append" ? "appending" : "resuming"));
  }
  await directory.putPlan(plan, { ...settingsOf(place.target, driver), ...replaces ? { replaces } : {} });
  for (const record of remaining.recut) await directory.freeOfBatch(record);
  for (const record of lost) await directory.forget(record);
  for (const { shard } of remaining.staleShards) {
    await directory.target.delete(shardRecordKey(shard)); // first: no record may outlive its objects
    await place.removeShard(shard);
  }
  return remaining;
}

/** Whether the store that was found is another run's, which this one is to replace. */
async function replacesAnother(
  directory: RunDirectory,
  place: StorePlace,
  mode: StoreMode,
): Promise<true | undefined> {
  if (mode === "overwrite" && !place.isEmpty) return true;
  if ((mode !== "resume" && mode !== "append") || !await directory.exists()) return undefined;
  return (await directory.plan()).settings.replaces;
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

function describeKept(plan: Plan, remaining: Remaining, lostFiles: number, what: string): string {
  const kept = remaining.keptShards.length;
  const saved = plan.granules.length - remaining.granules.length;
  const { changed, missing, damaged } = remaining.again;
  const reasons = [
    changed > 0 ? `${changed} because config, catalog or granules changed` : "",
    missing > 0 ? `${missing} because they are without granules that could not be read` : "",
    damaged > 0 ? `${damaged} because their objects are gone or damaged` : "",
  ].filter((reason) => reason !== "");
  return `${what}: ${kept} of ${plan.shards.length} shards are done, ` +
    `${saved} of ${plan.granules.length} granules need not be read again` +
    (reasons.length > 0 ? `; shards made again: ${reasons.join(", ")}` : "") +
    (lostFiles > 0 ? `; ${lostFiles} spill files are gone or damaged` : "");
}
