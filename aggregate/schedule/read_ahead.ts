/** Which granules are read first, told to what opens them ahead. */
import { granuleBytes } from "../plan/batches.ts";
import type { Plan } from "../plan/plan.ts";
import { readingOrder } from "./granule_order.ts";
import type { ScheduleOptions, ScheduleWork } from "./schedule_work.ts";

type Tasks = ScheduleWork["granules"];

/** The granules of some work in the order in which `slots` read them. */
export function workInReadingOrder(
  plan: Plan,
  { granules, shards }: Pick<ScheduleWork, "granules" | "shards">,
  slots: number,
): Tasks {
  const tasks = new Map(granules.map((task) => [task.granule, task]));
  const order = readingOrder({
    granules: [...tasks.keys()],
    shards: shards.map((s) => plan.shards[s].granules.filter((granule) => tasks.has(granule))),
    slots,
    sizeOf: (granule) => granuleBytes(plan.granules[granule]),
  });
  return order.map((granule) => tasks.get(granule)!);
}

/** Has granules opened ahead, in the order of their tasks; not those of which a row index says what is read. */
export function expectGranules(
  tasks: Tasks,
  { expect, locate, rowsOf }: Pick<ScheduleOptions, "expect" | "locate" | "rowsOf">,
): void {
  expect?.(tasks.filter(({ granule }) => !rowsOf?.(granule)).map(({ granule }) => locate(granule)));
}
