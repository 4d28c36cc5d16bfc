/** What an append makes of a run, once it is decided: brought to its end whatever happens meanwhile. */
import type { Plan } from "../plan/plan.ts";
import { planJson, readPlan, revivedPlan } from "./plan_document.ts";
import type { RunDirectory, RunSettings } from "./run_directory.ts";
import type { ShardRecord } from "./shard_records.ts";

export interface AppendLedger {
  plan: Plan;
  settings: RunSettings;
  /** Of the shards that are taken over. */
  records: ShardRecord[];
  /** Keys of objects of the store that wait beside the run. */
  moved: string[];
  /** Shards whose objects stay where they are. */
  inPlace: number[];
}

export const APPEND_KEY = "append.json";

/** Objects of a store that grows, at their new places, until they are brought there. */
export const MOVED = "moved/";

export async function putAppend(
  directory: RunDirectory,
  { plan, ...rest }: AppendLedger,
): Promise<void> {
  await directory.putDocument(APPEND_KEY, JSON.stringify({ ...rest, plan: JSON.parse(planJson(plan)) }));
}

/** An append that is decided and not done. */
export async function readAppend(directory: RunDirectory): Promise<AppendLedger | undefined> {
  if (await directory.target.get(APPEND_KEY) === undefined) return undefined;
  const ledger = await directory.document<AppendLedger>(APPEND_KEY);
  return { ...ledger, plan: revivedPlan(ledger.plan) };
}

/** The plan, or that of an append which is decided and not done. */
export async function latestPlan(directory: RunDirectory): Promise<Plan> {
  return (await readAppend(directory))?.plan ?? (await readPlan(directory)).plan;
}
