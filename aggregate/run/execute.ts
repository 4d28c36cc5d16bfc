/** Executes a plan on this machine, or lays it out for others to execute. */
import type { Plan } from "../plan/plan.ts";
import { putTasksLeft } from "../run_directory/plan_document.ts";
import { defaultMemoryBytes, defaultWorkers, shareMemory } from "../schedule/budget.ts";
import { startExecutor } from "../schedule/executor.ts";
import { expectGranules, workInReadingOrder } from "../schedule/read_ahead.ts";
import { underLease } from "./begin.ts";
import { remainingWork } from "./resume.ts";
import type { PlaceOptions, RunOptions } from "./run_options.ts";
import { type RunReport, wholeRun } from "./whole_run.ts";

/**
 * Runs a plan and writes its store. Failed granules are in the report, with the parents that are
 * without them; everything else that goes wrong throws a GranaryError, and the run can be resumed.
 */
export async function executePlan(plan: Plan, options: RunOptions): Promise<RunReport> {
  const started = performance.now();
  const executor = options.executor ?? startExecutor(options.workers ?? defaultWorkers());
  try {
    const budget = shareMemory(options.memoryBytes ?? defaultMemoryBytes(), executor.slots); // too little is refused first
    const onAdmitted = () => readAhead(plan, executor.slots, options);
    return await underLease(plan, { ...options, onAdmitted }, async (run) => {
      const report = await wholeRun(plan, run, { executor, budget }, options);
      report.seconds.total = (performance.now() - started) / 1000;
      await run.directory.putReport(report);
      return report;
    });
  } finally {
    await executor.close();
  }
}

/** Has the granules that a run from the beginning reads first opened, if they lie elsewhere. */
function readAhead(plan: Plan, slots: number, options: RunOptions): void {
  if (plan.granules.every((_, granule) => options.locate(granule).kind === "local")) return;
  expectGranules(workInReadingOrder(plan, remainingWork(plan, [], []), slots), options);
}

/** Writes the plan into a run directory where no run lives, and makes sure that the store may be made. */
export function layOutRun(plan: Plan, options: PlaceOptions): Promise<void> {
  return underLease(plan, options, async ({ directory, place, remaining, written }) => {
    await written;
    await putTasksLeft(directory, plan, remaining);
    if (options.mode !== "overwrite" || place.isEmpty) return;
    options.onNote?.(
      `${place.target.name}: the store that is there stays until the run's first shard is ready`,
    );
  });
}
