/** How a run goes on where another part of it, or a run of other granules, has been. */
import type { ObjectTarget } from "../../core/access/object_target.ts";
import type { Plan } from "../plan/plan.ts";
import { readPlan } from "../run_directory/plan_document.ts";
import type { RunDirectory } from "../run_directory/run_directory.ts";
import { decideAppend } from "./carry_over.ts";
import { completeAppend } from "./complete_append.ts";

interface TakenOver {
  /** Whether the store was changed. */
  isChanged: boolean;
  /** How many of its shards hold no more. */
  left: number;
}

/** Ends an append that was begun before, and takes over what a run of other granules made. */
export async function takeOver(
  directory: RunDirectory,
  store: ObjectTarget,
  plan: Plan,
  driver: string,
): Promise<TakenOver> {
  const isChanged = await completeAppend(directory, store);
  if (!await directory.exists()) return { isChanged, left: 0 };
  const { plan: then, settings } = await readPlan(directory);
  if (then.key === plan.key) return { isChanged, left: 0 };
  const left = await decideAppend(directory, store, then, plan, { ...settings, driver });
  if (left === undefined) return { isChanged, left: 0 };
  await completeAppend(directory, store);
  return { isChanged: true, left };
}
