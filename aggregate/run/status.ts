/** How far a run is, from its records. */
import type { JobStatus } from "../../runs/job.ts";
import { BILL_KEY, type LambdaBill } from "../../runs/lambda/lambda_bill.ts";
import type { Plan } from "../plan/plan.ts";
import type { ScatterCounts } from "../engine/contract.ts";
import { granuleKeys } from "../plan/granule_keys.ts";
import { readingSoFar } from "../run_directory/account.ts";
import type { RunDirectory } from "../run_directory/run_directory.ts";
import { scatterRecords } from "../run_directory/scatter_records.ts";
import { shardRecords } from "../run_directory/shard_records.ts";
import { REDUCE, SCATTER } from "../run_directory/stages.ts";
import { doneShards, failedGranules, wholeGranules } from "./granule_states.ts";
import { type ReportedFailure, reportedFailure } from "./tally.ts";

export interface RunStatus extends JobStatus {
  /** `failed` are the batches with granules that could not be read; they count as done. */
  batches: { total: number; done: number; left: number[]; failed: number[] };
  /** `incomplete` are the shards without such granules; they count as done. */
  shards: { total: number; done: number; left: number[]; incomplete: number[] };
  granules: { total: number; scattered: number; failed: ReportedFailure[] };
  observations: number;
  /** Of granules' files, in all parts of the run. */
  bytesRead: number;
  /** Rows that were read, in all parts of the run, and why some were not kept. */
  rows: ScatterCounts;
  storeBytes: number;
  /** Seconds of workers, all together. */
  workerSeconds: { scatter: number; reduce: number };
  /** What Lambda billed, where it did the run. */
  bill: LambdaBill | null;
}

export async function runStatus(directory: RunDirectory, plan: Plan): Promise<RunStatus> {
  const [found, shards, finished, bill] = await Promise.all([
    scatterRecords(directory),
    shardRecords(directory),
    directory.isFinished(),
    directory.record<LambdaBill>(BILL_KEY),
  ]);
  const reading = await readingSoFar(directory, found);
  const keys = granuleKeys(plan);
  const saved = wholeGranules(plan, found.scatter);
  const failed = failedGranules(plan, found.scatter);
  const done = new Map(doneShards(plan, shards, failed).map((record) => [record.shard, record]));
  // A run that is whole has dropped its spill files, and their records with them.
  const allReduced = done.size === plan.shards.length;
  if (allReduced) {
    const missing = new Set([...done.values()].flatMap((record) => record.missing));
    for (const granule of failed.keys()) {
      if (!missing.has(plan.granules[granule].id)) failed.delete(granule);
    }
  }
  const isScattered = (granule: number) => allReduced && !failed.has(granule) || saved.has(keys[granule]);
  const batchesLeft = plan.batches.flatMap(({ granules }, b) =>
    granules.every((granule) => isScattered(granule) || failed.has(granule)) ? [] : [b]
  );
  const batches = {
    total: plan.batches.length,
    done: plan.batches.length - batchesLeft.length,
    left: batchesLeft,
    failed: plan.batches.flatMap(({ granules }, b) =>
      granules.some((granule) => failed.has(granule)) ? [b] : []
    ),
  };
  const shardCounts = {
    total: plan.shards.length,
    done: done.size,
    left: plan.shards.flatMap((shard, s) => done.has(shard.index) ? [] : [s]),
    incomplete: plan.shards.flatMap(({ index }, s) => (done.get(index)?.missing.length ?? 0) > 0 ? [s] : []),
  };
  const records = [...done.values()];
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    stages: [
      { name: SCATTER, ...batches },
      {
        name: REDUCE,
        total: shardCounts.total,
        done: shardCounts.done,
        left: shardCounts.left,
        failed: shardCounts.incomplete,
      },
    ],
    finished,
    batches,
    shards: shardCounts,
    granules: {
      total: plan.granules.length,
      scattered: plan.granules.filter((_, granule) => isScattered(granule)).length,
      failed: [...failed].map(([granule, reason]) => reportedFailure(plan, { granule, reason })),
    },
    observations: sum(records.map((record) => record.observations)),
    bytesRead: reading.reads.bytes,
    rows: reading.counts,
    storeBytes: sum(records.map((record) => record.bytes)),
    workerSeconds: {
      scatter: reading.seconds,
      reduce: sum(records.map((record) => record.seconds)),
    },
    bill: bill ?? null,
  };
}
