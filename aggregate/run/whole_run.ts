/** All that is left of a plan, done on this machine: scattered, reduced, and the store finished. */
import { mapBounded } from "../../core/concurrency.ts";
import type { Plan } from "../plan/plan.ts";
import { addReading, keepReading, type ReadingSums } from "../run_directory/account.ts";
import { dropSpills, rememberFailures, rememberSpill } from "../run_directory/scatter_records.ts";
import { putShard } from "../run_directory/shard_records.ts";
import type { MemoryBudget } from "../schedule/budget.ts";
import type { Executor } from "../schedule/executor.ts";
import type { BegunRun } from "./begin.ts";
import { type ShardStates, statesOf } from "./coarse_levels.ts";
import { commitObjects, missingIds } from "./commit_shard.ts";
import { drive } from "./drive.ts";
import { type FinishedStore, finishStore } from "./finish_store.ts";
import type { RunOptions } from "./run_options.ts";
import { spilledWork } from "./spilled_work.ts";
import { type RunTotals, Tally } from "./tally.ts";

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

/** What does the tasks, and the memory for it. */
interface Workforce {
  executor: Executor;
  budget: MemoryBudget;
}

/** Records of shards that may be on their way while the next shards are committed. */
const RECORDS_AT_ONCE = 8;

/** Does what is left of a plan in places that a run has begun in. */
export async function wholeRun(
  plan: Plan,
  { directory, place, remaining, reading, written, mustBeHeld }: BegunRun,
  workforce: Workforce,
  options: RunOptions,
): Promise<RunReport> {
  const started = performance.now();
  const store = place.target;
  const tally = new Tally(plan, options.onProgress, options.onWarning);
  tally.keptBefore(remaining);
  const records: ShardStates[] = remaining.keptShards.map(statesOf);
  const recorded: Promise<void>[] = [];
  const planned = new Map(plan.shards.map((shard) => [shard.index, shard]));
  const work = await spilledWork(directory.spills, remaining, options.reader);
  const done = drive(directory, plan, work, store, { ...options, ...workforce }, {
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
    onSpilled: async (outcome, granules) => {
      await written;
      await mustBeHeld();
      await rememberSpill(directory, plan, outcome, granules, tally.failures);
    },
    onReduced: async (outcome) => {
      await written;
      const { key, granules } = planned.get(outcome.shard)!;
      const missing = missingIds(plan, granules, tally.failures);
      await recorded.at(-RECORDS_AT_ONCE); // one that could not be put ends the run
      await mustBeHeld();
      await place.makeRoom(outcome.shard);
      const record = await commitObjects(directory, store, outcome, key, missing);
      const put = putShard(directory, record);
      put.catch(() => {/* The failure is met by those who wait. */});
      recorded.push(put);
      records.push(statesOf(record));
      tally.reduced(outcome);
    },
  });
  const { failed, ...result } = await done.catch(async (error) => {
    await Promise.allSettled(recorded);
    // What ended the run is reported, and not that this could not be kept besides.
    await keepReading(directory, reading).catch(() => {});
    throw error;
  });
  await written;
  // Threads take time to end, which finishing the store takes too; whoever made them waits for both.
  if (options.exitsAfter) workforce.executor.leave();
  else void workforce.executor.close();
  const { observations, leftOut } = tally;
  await mustBeHeld();
  const allRecorded = Promise.all(recorded).then(mustBeHeld);
  const account = async () => {
    await allRecorded;
    if (failed.length === 0) await dropSpills(directory);
    else await rememberFailures(directory, plan, null, failed);
    await keepReading(directory, reading);
  };
  const note = { observations, leftOut, failed };
  let finished!: FinishedStore;
  const finish = async () => {
    finished = await finishStore(plan, directory, place, records, note, allRecorded);
  };
  // Neither needs the other; where one fails the other has ended too.
  await mapBounded([finish, account], 2, (part) => part());
  const seconds = (performance.now() - started) / 1000;
  const totals = tally.totals();
  return {
    store: store.name,
    runDirectory: directory.target.name,
    planKey: plan.key,
    parents: plan.store.parents.length,
    ...totals,
    cells: { ...totals.cells, ...finished.cells },
    incompleteParents: finished.incompleteParents,
    spilledBytes: result.spilledBytes,
    peakSegmentBytes: result.peakSegmentBytes,
    storeObservations: observations,
    allParts: reading,
    workers: workforce.executor.slots,
    seconds: {
      total: seconds,
      scatter: result.scatterSeconds,
      reduce: seconds - result.scatterSeconds,
      ...tally.workerSeconds,
    },
  };
}
