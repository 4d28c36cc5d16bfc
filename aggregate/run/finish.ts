/** The end of a run whose tasks were done one by one. */
import { inputError } from "../../core/errors.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import type { LeaseOptions } from "../../runs/lease.ts";
import { Hold, type PlaceHolder } from "../../runs/slurm/hold.ts";
import type { Plan } from "../plan/plan.ts";
import { keepReading, readingSoFar } from "../run_directory/account.ts";
import type { RunDirectory } from "../run_directory/run_directory.ts";
import { dropSpills, scatterRecords } from "../run_directory/scatter_records.ts";
import { shardRecords } from "../run_directory/shard_records.ts";
import { statesOf } from "./coarse_levels.ts";
import { finishStore } from "./finish_store.ts";
import { doneShards, failedGranules } from "./granule_states.ts";
import { StorePlace } from "./store_place.ts";
import { type ReportedFailure, reportedFailure } from "./tally.ts";
import { wholeShards } from "./whole_shards.ts";

export interface FinishedRun {
  store: string;
  observations: number;
  cells: Record<string, number>;
  failed: ReportedFailure[];
  incompleteParents: number[];
}

/** Finishes the store when every shard is done. Throws an input error that names what is left otherwise. */
export async function finishRun(
  directory: RunDirectory,
  plan: Plan,
  target: ObjectTarget,
  holder: PlaceHolder,
  leaseOptions: LeaseOptions & { onWarning?: (message: string) => void } = {},
): Promise<FinishedRun> {
  const { onWarning, ...options } = leaseOptions;
  const hold = await Hold.take(directory.target, holder, { ...options, goesOn: true }, onWarning);
  try {
    const [found, shards] = await Promise.all([scatterRecords(directory), shardRecords(directory)]);
    const place = await StorePlace.at(target, plan.store);
    const unread = failedGranules(plan, found.scatter);
    const done = doneShards(plan, shards, unread).filter(await wholeShards(directory, place));
    if (done.length < plan.shards.length) {
      const have = new Set(done.map((record) => record.shard));
      const left = plan.shards.flatMap((shard, s) => have.has(shard.index) ? [] : [s]);
      throw inputError(
        `${directory.name}: ${left.length} of ${plan.shards.length} shards are not done` +
          ` (do granary run work ${directory.name} --stage reduce --task N, N = ${
            left.slice(0, 20).join(", ")
          }${left.length > 20 ? ", …" : ""})`,
      );
    }
    const missingOf = new Set(done.flatMap((record) => record.missing));
    const failed = [...unread]
      .filter(([granule]) => missingOf.has(plan.granules[granule].id))
      .map(([granule, reason]) => ({ granule, reason }));
    await target.sweep("");
    const observations = done.reduce((sum, record) => sum + record.observations, 0);
    const finished = await finishStore(plan, directory, place, done.map(statesOf), {
      observations,
      leftOut: {
        time: done.reduce((sum, { leftOut }) => sum + leftOut.time, 0),
        area: done.reduce((sum, { leftOut }) => sum + leftOut.area, 0),
      },
      failed,
    });
    await keepReading(directory, await readingSoFar(directory, found));
    if (failed.length === 0) await dropSpills(directory);
    const cells = Object.fromEntries(
      plan.store.levels.filter((level) => level >= plan.store.parentOrder)
        .map((level, l) => [level, done.reduce((sum, record) => sum + record.cells[l], 0)]),
    );
    return {
      store: target.name,
      observations,
      cells: { ...cells, ...finished.cells },
      failed: failed.map((failure) => reportedFailure(plan, failure)),
      incompleteParents: finished.incompleteParents,
    };
  } finally {
    await hold.release();
  }
}
