/** The plan as a run directory keeps it, with the run's settings and the tasks that are left. */
import { inputError } from "../../core/errors.ts";
import { PLAN_KEY, SETTINGS_KEY } from "../../runs/run_directory.ts";
import type { Plan } from "../plan/plan.ts";
import { PLAN_FORMAT } from "../plan/version.ts";
import type { RunDirectory, RunSettings } from "./run_directory.ts";
import { REDUCE, SCATTER } from "./stages.ts";

export async function putPlan(directory: RunDirectory, plan: Plan, settings: RunSettings): Promise<void> {
  await directory.putDocument(SETTINGS_KEY, JSON.stringify(settings));
  await directory.putDocument(PLAN_KEY, planJson(plan));
}

/** The plan, for a machine that did not make it. Throws an input error where there is none. */
export async function readPlan(directory: RunDirectory): Promise<{ plan: Plan; settings: RunSettings }> {
  const plan = await directory.document<Plan>(PLAN_KEY);
  const settings = await directory.document<RunSettings>(SETTINGS_KEY);
  if (plan.format !== PLAN_FORMAT) {
    throw inputError(
      `${directory.name}: the plan has format ${plan.format}, this granary reads ${PLAN_FORMAT} (plan the run again)`,
    );
  }
  return { plan: revivedPlan(plan), settings };
}

/** The tasks of a plan that are left: batches with granules to read, shards to make. */
export async function putTasksLeft(
  directory: RunDirectory,
  plan: Plan,
  left: { granules: readonly { granule: number }[]; shards: readonly number[] },
): Promise<void> {
  const open = new Set(left.granules.map(({ granule }) => granule));
  const batches = plan.batches.flatMap(({ granules }, batch) =>
    granules.some((granule) => open.has(granule)) ? [batch] : []
  );
  await directory.putTasks([{ name: SCATTER, tasks: batches }, { name: REDUCE, tasks: left.shards }]);
}

/** A plan as it was read, with the parts of granules that are not kept. */
export function revivedPlan(plan: Plan): Plan {
  for (const row of plan.granules) Object.assign(row, { cells: new BigUint64Array(0), geometry: null });
  return plan;
}

/** A plan as JSON: granules without footprints, which no task needs. */
export function planJson(plan: Plan): string {
  return JSON.stringify(plan, (key, value) => {
    if (key === "geometry" || key === "cells" && value instanceof BigUint64Array) return undefined;
    return typeof value === "bigint" ? value.toString() : value;
  });
}
