/** Has a schedule done under a run directory: what a whole run, a batch and a shard have in common. */
import { commitFiles } from "../../core/files/atomic.ts";
import { FolderTarget } from "../../core/access/folder_target.ts";
import type { SourceLocation } from "../../core/access/location.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import type { ReduceOutcome } from "../engine/contract.ts";
import { clipCells, type RowCut } from "../engine/row_cut.ts";
import { DEFAULT_CLIP } from "../pipeline.ts";
import { areasOf, timeWindow } from "../plan/row_rules.ts";
import type { Plan } from "../plan/plan.ts";
import { shareMemory } from "../schedule/budget.ts";
import { DEFAULT_CHECKPOINT } from "../schedule/checkpoint.ts";
import type { Executor } from "../schedule/executor.ts";
import { runSchedule } from "../schedule/schedule.ts";
import type {
  FailedGranule,
  ScheduleOptions,
  ScheduleResult,
  ScheduleWork,
} from "../schedule/schedule_work.ts";
import { encodeState, type ShardRecord, valuesKey } from "./records.ts";
import type { RunDirectory } from "./run_directory.ts";

export interface DriveOptions {
  executor: Executor;
  memoryBytes: number;
  locate(granule: number): SourceLocation;
  /** Hears where the granules lie, in the order in which they will be opened. */
  expect?(locations: SourceLocation[]): void;
  signal?: AbortSignal;
}

/** What a schedule asks of its caller, beside where things are. */
type Hooks = Partial<
  Omit<ScheduleOptions, "locate" | "expect" | "signal" | "segmentBytes" | "nextSpillFile">
>;

/** Does `work` of the plan. Objects go to `store`: a folder, another place, or none for scattering alone. */
export function drive(
  directory: RunDirectory,
  plan: Plan,
  work: ScheduleWork,
  store: string | ObjectTarget | null,
  options: DriveOptions,
  hooks: Hooks,
): Promise<ScheduleResult> {
  const { executor } = options;
  const budget = shareMemory(options.memoryBytes, executor.slots);
  executor.start({
    pipeline: plan.pipeline,
    store: plan.store,
    storeFolder: typeof store === "string" ? store : null,
    slabBytes: budget.slabBytes,
    selective: plan.selective,
    rows: rowCut(plan),
  });
  return runSchedule(plan, work, executor, {
    checkpoint: DEFAULT_CHECKPOINT,
    onError: "report",
    ...hooks,
    locate: options.locate,
    expect: options.expect,
    signal: options.signal,
    segmentBytes: directory.spills.segmentLimit(budget.segmentBytes),
    nextSpillFile: () => directory.spills.next(),
  });
}

/** The plan's rules for rows, as workers need them. */
function rowCut({ rows, store }: Plan): RowCut {
  if (rows === undefined || rows === null) return { window: null, clip: null };
  const { levels, latitude } = store;
  return {
    window: timeWindow(rows),
    clip: clipCells(areasOf(rows), rows.clip ?? DEFAULT_CLIP, levels[0], latitude),
  };
}

/** Makes a shard's objects durable, then its record, which is returned. */
export async function commitShard(
  directory: RunDirectory,
  store: string | ObjectTarget,
  outcome: ReduceOutcome,
  key: string,
  missing: string[],
): Promise<ShardRecord> {
  const target = typeof store === "string" ? new FolderTarget(store) : store;
  await commitFiles(outcome.pending);
  if (outcome.puts.length > 0) {
    await target.putAll(new Map(outcome.puts.map(({ key, bytes }) => [key, bytes])));
  }
  const values: ShardRecord["values"] = [];
  for (const [digest, kept] of outcome.values.entries()) {
    const name = valuesKey(outcome.shard, key, digest);
    const { buffer, byteOffset, byteLength } = kept.values;
    await directory.target.put(name, new Uint8Array(buffer, byteOffset, byteLength));
    values.push({ key: name, counts: kept.counts });
  }
  const record: ShardRecord = {
    kind: "shard",
    shard: outcome.shard,
    key,
    observations: outcome.observations,
    leftOut: outcome.leftOut,
    cells: outcome.cells,
    parents: outcome.parents,
    objects: outcome.objects,
    bytes: outcome.bytes,
    missing,
    states: outcome.states.map(({ rank, state }) => [rank, encodeState(state)]),
    ...outcome.zones === undefined ? {} : {
      zones: outcome.zones.map(({ zone, rank, rows, state }) => [zone, rank, rows, encodeState(state)]),
    },
    ...values.length === 0 ? {} : { values },
    seconds: outcome.seconds,
    finished: new Date().toISOString(),
  };
  await directory.putShard(record);
  return record;
}

/** Ids of the granules that a shard needs and does not have. */
export function missingIds(
  plan: Plan,
  needed: readonly number[],
  failed: readonly FailedGranule[],
): string[] {
  if (failed.length === 0) return [];
  const missing = new Set(failed.map(({ granule }) => granule));
  return needed.filter((granule) => missing.has(granule)).map((granule) => plan.granules[granule].id);
}
