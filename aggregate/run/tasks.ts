/**
 * One task of a planned run at a time, by any process that can reach the run directory: threads, a batch job, a
 * function. A task done twice, even at the same time, is harmless. A task reads the records that speak of
 * its own granules, and no others.
 */
import { inputError } from "../../core/errors.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import type { GranuleReads } from "../engine/contract.ts";
import { granuleKeys } from "../plan/granule_keys.ts";
import type { Plan } from "../plan/plan.ts";
import type { ScheduleWork } from "../schedule/schedule_work.ts";
import type { RunDirectory } from "../run_directory/run_directory.ts";
import {
  hasSpills,
  rememberFailures,
  rememberSpill,
  scatterRecords,
} from "../run_directory/scatter_records.ts";
import { hasShard, putShard } from "../run_directory/shard_records.ts";
import { commitObjects, missingIds } from "./commit_shard.ts";
import { drive, type DriveOptions } from "./drive.ts";
import { failedGranules, wholeGranules } from "./granule_states.ts";
import { remainingWork } from "./resume.ts";
import { spilledWork, type SpillReader } from "./spilled_work.ts";
import { StorePlace } from "./store_place.ts";
import { type ReportedFailure, type RunProgress, Tally } from "./tally.ts";

export interface TaskSettings extends DriveOptions {
  /** Throws an input error where another run has taken the store, after a silence of this process. */
  mustBeHeld?(): Promise<void>;
  /** Opens spill files that are on S3. */
  reader?: SpillReader;
  /** Once it aborts no granule is begun any more: what was read is saved, the rest is left. */
  enough?: AbortSignal;
  /** Another store lies where this one will; see RunSettings. */
  replaces?: boolean;
  onProgress?(progress: RunProgress): void;
  onWarning?(message: string): void;
}

interface ScatteredBatch {
  batch: number;
  granules: { total: number; read: number; kept: number; failed: ReportedFailure[]; left: number };
  observations: number;
  reads: GranuleReads;
}

/** Scatters one batch of the plan into spill files. Granules that are saved already are not read again. */
export async function scatterBatch(
  directory: RunDirectory,
  plan: Plan,
  batch: number,
  options: TaskSettings,
): Promise<ScatteredBatch> {
  const planned = taskOf(plan.batches, batch, "scatter batch");
  const keys = granuleKeys(plan);
  const { scatter } = await scatterRecords(directory, new Set([batch]));
  const saved = wholeGranules(plan, scatter);
  const todo = planned.granules.filter((granule) => !saved.has(keys[granule]));
  const tally = new Tally(plan, options.onProgress, options.onWarning);
  for (const granule of planned.granules) if (saved.has(keys[granule])) tally.notNeeded(granule);
  const work: ScheduleWork = {
    granules: todo.map((granule) => ({ granule, ranks: plan.ranks[granule] })),
    shards: [],
    parts: [],
    saveAll: true,
  };
  const { left } = await drive(directory, plan, work, null, options, {
    enough: options.enough,
    onScattered: (outcome) => tally.scattered(outcome),
    onFailed: (failure) => tally.failed(failure),
    isProven: () => hasSpills(directory),
    onSpilled: (outcome, granules) => rememberSpill(directory, plan, outcome, granules, [], batch),
  });
  directory.spills.dropCopies();
  if (tally.failures.length > 0) await rememberFailures(directory, plan, batch, tally.failures);
  const { granules, observations, reads } = tally.totals();
  return {
    batch,
    granules: { ...granules, total: planned.granules.length, left: left.length },
    observations: observations.kept,
    reads,
  };
}

interface ReducedShard {
  shard: number;
  observations: number;
  /** Ids of granules that failed, so that the shard does not have them. */
  missing: string[];
}

/** Reduces one shard of the plan from the spill files. Throws when a granule it needs is neither there nor failed. */
export async function reduceShard(
  directory: RunDirectory,
  plan: Plan,
  s: number,
  store: ObjectTarget,
  options: TaskSettings,
): Promise<ReducedShard> {
  const planned = taskOf(plan.shards, s, "shard");
  const needed = new Set(planned.granules);
  const batches = new Set(
    plan.batches.flatMap(({ granules }, b) => granules.some((granule) => needed.has(granule)) ? [b] : []),
  );
  const { scatter } = await scatterRecords(directory, batches);
  const remaining = remainingWork({ ...plan, shards: [planned] }, scatter, [], undefined, granuleKeys(plan));
  const failed = failedGranules(plan, scatter);
  const unread = remaining.granules.filter(({ granule }) => !failed.has(granule));
  if (unread.length > 0) throw unreadError(directory, plan, s, unread.map(({ granule }) => granule));
  const work = await spilledWork(
    directory.spills,
    { ...remaining, granules: [], shards: [s] },
    options.reader,
  );
  const failures = [...failed].map(([granule, reason]) => ({ granule, reason }));
  const missing = missingIds(plan, planned.granules, failures);
  let observations = 0;
  await drive(directory, plan, work, store, options, {
    onReduced: async (outcome) => {
      await options.mustBeHeld?.();
      if (options.replaces) await makeRoom(directory, plan, planned, store);
      await putShard(directory, await commitObjects(directory, store, outcome, planned.key, missing));
      observations = outcome.observations;
    },
  });
  return { shard: s, observations, missing };
}

/** Not where another has done the task meanwhile: the store may be finished, and read. */
async function makeRoom(
  directory: RunDirectory,
  plan: Plan,
  { index, key }: Plan["shards"][number],
  store: ObjectTarget,
): Promise<void> {
  if (await hasShard(directory, index, key)) return;
  await (await StorePlace.at(store, plan.store)).makeRoom(index);
}

function unreadError(directory: RunDirectory, plan: Plan, s: number, unread: readonly number[]): Error {
  const batches = plan.batches.flatMap(({ granules }, b) =>
    unread.some((granule) => granules.includes(granule)) ? [b] : []
  );
  const list = batches.slice(0, 20).join(", ");
  return inputError(
    `${directory.name}: shard ${s} needs ${unread.length} granules that are not scattered yet` +
      ` (do granary run work ${directory.name} --stage scatter --task N first, N = ${list}${
        batches.length > 20 ? ", …" : ""
      })`,
  );
}

function taskOf<T>(tasks: readonly T[], n: number, what: string): T {
  const found = tasks[n];
  if (found === undefined) {
    throw inputError(`there is no ${what} ${n} (the plan has 0 to ${tasks.length - 1})`);
  }
  return found;
}
