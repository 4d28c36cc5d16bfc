/** An append that is decided is brought to its end, by whoever goes on with the run. */
import type { ObjectTarget } from "../../core/access/object_target.ts";
import { APPEND_KEY, type AppendLedger, MOVED } from "../run_directory/append_ledger.ts";
import { putPlan } from "../run_directory/plan_document.ts";
import type { RunDirectory } from "../run_directory/run_directory.ts";
import { replaceShards } from "../run_directory/shard_records.ts";
import { StorePlace } from "./store_place.ts";

/** Makes store and records those that the ledger says. Doing it twice is harmless. */
export async function completeAppend(
  directory: RunDirectory,
  store: ObjectTarget,
  { plan, settings, records, moved, inPlace }: AppendLedger,
): Promise<void> {
  const { target } = directory;
  const place = await StorePlace.at(store, plan.store);
  await place.reopen();
  for (const key of moved) {
    const bytes = await target.get(`${MOVED}${key}`);
    if (bytes === undefined) continue; // it was brought before
    await store.put(key, bytes);
    await target.delete(`${MOVED}${key}`);
  }
  await place.keepShards(new Set(inPlace), new Set(moved));
  await replaceShards(directory, records);
  await putPlan(directory, plan, settings);
  await target.delete(APPEND_KEY);
  for (const key of await target.list(MOVED)) await target.delete(key);
}
