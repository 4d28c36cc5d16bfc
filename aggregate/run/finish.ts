/** The end of a run: levels above the parents, the store's documents, the spill files dropped. */
import { keepReading, readingSoFar } from "./account.ts";
import { inputError } from "../../core/errors.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { storeMetadata } from "../../core/store/metadata.ts";
import { coordinateObjects } from "../../core/store/time_axis.ts";
import type { LeaseOptions } from "../../runs/lease.ts";
import { takeLease } from "../../runs/slurm/slurm_lease.ts";
import type { LeftOut } from "../engine/segment.ts";
import { rowRules } from "../plan/row_rules.ts";
import type { Plan } from "../plan/plan.ts";
import type { FailedGranule } from "../schedule/schedule_work.ts";
import { coarseLevels, type ShardStates, statesOf } from "./coarse_levels.ts";
import { doneShards, failedGranules } from "./granule_states.ts";
import type { RunDirectory } from "./run_directory.ts";
import { StorePlace } from "./store_place.ts";
import { zoneTable } from "./zone_table.ts";
import { type ReportedFailure, reportedFailure } from "./tally.ts";

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
  leaseOptions: LeaseOptions = {},
): Promise<FinishedRun> {
  const lease = await takeLease(directory.target, leaseOptions);
  try {
    const [{ scatter, lost }, shards] = await Promise.all([
      directory.scatterRecords(),
      directory.shardRecords(),
    ]);
    const place = await StorePlace.at(target, plan.store);
    const unread = failedGranules(plan, scatter);
    const [objectsWhole, valuesWhole] = [place.wholeShards(), await directory.wholeValues()];
    const done = doneShards(plan, shards, unread)
      .filter((record) => objectsWhole(record) && valuesWhole(record));
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
    const incomplete = incompleteParents(plan, failed);
    const observations = done.reduce((sum, record) => sum + record.observations, 0);
    const coarse = await finishStore(plan, directory, place, done.map(statesOf), {
      observations,
      ...leftOutNote(plan, {
        time: done.reduce((sum, { leftOut }) => sum + leftOut.time, 0),
        area: done.reduce((sum, { leftOut }) => sum + leftOut.area, 0),
      }),
      ...incomplete,
    });
    await keepReading(directory, await readingSoFar(directory, { scatter, lost }));
    if (failed.length === 0) await directory.dropSpills();
    const cells = Object.fromEntries(
      plan.store.levels.filter((level) => level >= plan.store.parentOrder)
        .map((level, l) => [level, done.reduce((sum, record) => sum + record.cells[l], 0)]),
    );
    return {
      store: target.name,
      observations,
      cells: { ...cells, ...coarse },
      failed: failed.map((failure) => reportedFailure(plan, failure)),
      incompleteParents: incomplete.incomplete_parents ?? [],
    };
  } finally {
    await lease.release();
  }
}

/**
 * Makes the store readable: writes the levels above the parents from the states of all parents, removes
 * what is no part of the store, writes its documents, the root last. Returns the cells with
 * observations of the levels above the parents.
 */
export async function finishStore(
  plan: Plan,
  directory: RunDirectory,
  place: StorePlace,
  records: readonly ShardStates[],
  provenance: Record<string, unknown>,
): Promise<Record<string, number>> {
  const zones = zoneTable(plan, records);
  const spec = {
    ...plan.store,
    provenance: { ...plan.store.provenance, ...provenance, ...zones === null ? {} : { zones } },
  };
  const shards = new Set(plan.shards.map((shard) => shard.index));
  const coarse = await coarseLevels(plan, records, (key) => directory.target.open(key));
  await place.target.putAll(coarse.objects);
  const others = new Set(coarse.objects.keys());
  // No window owns these: with windows of time they are written here, without by the shards.
  if (spec.time !== undefined) {
    for (const [key, bytes] of coordinateObjects(spec)) {
      await place.target.put(key, bytes);
      others.add(key);
    }
  }
  await place.finish(storeMetadata(spec), shards, others);
  await directory.dropStaleValues(records);
  return coarse.cells;
}

/** How many observations the rules for rows left out, for the store's attributes; nothing without rules. */
export function leftOutNote({ rows }: Plan, { time, area }: LeftOut): Record<string, unknown> {
  const rules = rowRules(rows ?? null);
  const counts = {
    ..."time" in rules ? { time } : {},
    ..."clip" in rules ? { area } : {},
  };
  return Object.keys(counts).length === 0 ? {} : { observations_left_out: counts };
}

/** The parents that a failed granule leaves incomplete, for the store's attributes. */
export function incompleteParents(
  plan: Plan,
  failed: readonly FailedGranule[],
): { incomplete_parents?: number[]; missing_granules?: string[] } {
  if (failed.length === 0) return {};
  const { parents } = plan.store;
  const ranks = new Set(
    failed.flatMap(({ granule }) => plan.ranks[granule].map((rank) => rank % parents.length)),
  );
  return {
    incomplete_parents: [...ranks].sort((a, b) => a - b).map((rank) => parents[rank]),
    missing_granules: failed.map(({ granule }) => plan.granules[granule].id).sort(),
  };
}
