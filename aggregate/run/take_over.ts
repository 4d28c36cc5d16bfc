/** How a run goes on where another part of it, or a run of other granules, has been. */
import type { ObjectTarget } from "../../core/access/object_target.ts";
import type { Plan } from "../plan/plan.ts";
import { readAppend } from "../run_directory/append_ledger.ts";
import { readPlan } from "../run_directory/plan_document.ts";
import type { RunDirectory } from "../run_directory/run_directory.ts";
import { decideAppend } from "./carry_over.ts";
import { completeAppend } from "./complete_append.ts";

interface TakenOver {
  /** Whether the store was changed. */
  isChanged: boolean;
  /** How many of its shards hold no more. */
  left: number;
  /** Whether the place holds another store, which the run is to replace. */
  replaces: boolean;
}

/** Ends an append that was begun before, and takes over what a run of other granules made. */
export async function takeOver(
  directory: RunDirectory,
  store: ObjectTarget,
  plan: Plan,
  driver: string,
  /** Whether another run has written the store since, so that nothing of it is taken over. */
  isAnothers: boolean,
): Promise<TakenOver> {
  const begun = await readAppend(directory);
  if (begun !== undefined) await completeAppend(directory, store, begun);
  const isChanged = begun !== undefined;
  if (!await directory.exists()) return { isChanged, left: 0, replaces: false };
  const { plan: then, settings } = await readPlan(directory);
  const replaces = settings.replaces ?? false;
  if (isAnothers || then.key === plan.key) return { isChanged, left: 0, replaces };
  const decided = await decideAppend(directory, store, then, plan, { ...settings, driver });
  if (decided === undefined) return { isChanged, left: 0, replaces };
  await completeAppend(directory, store, decided.ledger);
  return { isChanged: true, left: decided.left, replaces };
}
