/** Has a schedule done under a run directory: what a whole run, a batch and a shard have in common. */
import { FolderTarget } from "../../core/access/folder_target.ts";
import type { SourceLocation } from "../../core/access/location.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { clipCells, type RowCut } from "../engine/row_cut.ts";
import { DEFAULT_CLIP } from "../pipeline.ts";
import { areasOf, timeWindow } from "../plan/row_rules.ts";
import type { Plan } from "../plan/plan.ts";
import type { RunDirectory } from "../run_directory/run_directory.ts";
import type { MemoryBudget } from "../schedule/budget.ts";
import { DEFAULT_CHECKPOINT } from "../schedule/checkpoint.ts";
import type { Executor } from "../schedule/executor.ts";
import { runSchedule } from "../schedule/schedule.ts";
import type { ScheduleOptions, ScheduleResult, ScheduleWork } from "../schedule/schedule_work.ts";

export interface DriveOptions {
  executor: Executor;
  budget: MemoryBudget;
  locate(granule: number): SourceLocation;
  /** Hears where the granules lie, in the order in which they will be opened. */
  expect?(locations: SourceLocation[]): void;
  signal?: AbortSignal;
}

/** What a schedule asks of its caller, beside where things are. */
type Hooks = Partial<
  Omit<ScheduleOptions, "locate" | "expect" | "signal" | "segmentBytes" | "nextSpillFile">
>;

/** Does `work` of the plan. Objects go to `store`, which scattering alone has no need of. */
export function drive(
  directory: RunDirectory,
  plan: Plan,
  work: ScheduleWork,
  store: ObjectTarget | null,
  options: DriveOptions,
  hooks: Hooks,
): Promise<ScheduleResult> {
  const { executor, budget } = options;
  executor.start({
    pipeline: plan.pipeline,
    store: plan.store,
    storeFolder: store instanceof FolderTarget ? store.name : null,
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
  const { levels, latitude, plane } = store;
  return {
    window: timeWindow(rows),
    clip: clipCells(areasOf(rows), rows.clip ?? DEFAULT_CLIP, {
      childOrder: levels[0],
      convention: latitude,
      projected: plane?.grid,
    }),
  };
}
