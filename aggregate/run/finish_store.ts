/** A store is made readable: levels above the parents, documents, the root last. */
import { storeMetadata } from "../../core/store/metadata.ts";
import { coordinateObjects } from "../../core/store/time_axis.ts";
import type { LeftOut } from "../engine/segment.ts";
import type { Plan } from "../plan/plan.ts";
import { rowRules } from "../plan/row_rules.ts";
import type { RunDirectory } from "../run_directory/run_directory.ts";
import { dropStaleValues } from "../run_directory/shard_values.ts";
import type { FailedGranule } from "../schedule/schedule_work.ts";
import { coarseLevels, type ShardStates } from "./coarse_levels.ts";
import type { StorePlace } from "./store_place.ts";
import { zoneTable } from "./zone_table.ts";

/** What a store says of the run that made it, beside its plan. */
interface RunNote {
  observations: number;
  leftOut: LeftOut;
  failed: readonly FailedGranule[];
}

export interface FinishedStore {
  /** Cells with observations of the levels above the parents, by order. */
  cells: Record<string, number>;
  /** Parents without a failed granule, as nested ids at the parent order. */
  incompleteParents: number[];
}

/**
 * Makes the store readable: writes the levels above the parents from the states of all parents, removes
 * what is no part of the store, writes its documents, the root last, once all shards are `recorded`.
 */
export async function finishStore(
  plan: Plan,
  directory: RunDirectory,
  place: StorePlace,
  records: readonly ShardStates[],
  { observations, leftOut, failed }: RunNote,
  recorded: Promise<unknown> = Promise.resolve(),
): Promise<FinishedStore> {
  const zones = zoneTable(plan, records);
  const incomplete = incompleteParents(plan, failed);
  const spec = {
    ...plan.store,
    provenance: {
      ...plan.store.provenance,
      observations,
      ...leftOutNote(plan, leftOut),
      ...incomplete,
      ...zones === null ? {} : { zones },
    },
  };
  const shards = new Set(plan.shards.map((shard) => shard.index));
  const coarse = await coarseLevels(plan, records, (key) => directory.target.open(key));
  await place.target.putAll(coarse.objects);
  const others = new Set(coarse.objects.keys());
  // Coordinates that no shard owns.
  for (const [key, bytes] of coordinateObjects(spec)) {
    await place.target.put(key, bytes);
    others.add(key);
  }
  await place.finish(storeMetadata(spec), shards, others, recorded);
  await dropStaleValues(directory, records);
  return { cells: coarse.cells, incompleteParents: incomplete.incomplete_parents ?? [] };
}

/** How many observations the rules for rows left out, for the store's attributes; nothing without rules. */
function leftOutNote({ rows }: Plan, { time, area }: LeftOut): Record<string, unknown> {
  const rules = rowRules(rows ?? null);
  const counts = {
    ..."time" in rules ? { time } : {},
    ..."clip" in rules ? { area } : {},
  };
  return Object.keys(counts).length === 0 ? {} : { observations_left_out: counts };
}

/** The parents that a failed granule leaves incomplete, for the store's attributes. */
function incompleteParents(
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
