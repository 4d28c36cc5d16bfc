/** Run directories made empty: before another run begins there, and after one that saved nothing. */
import { DELETES_AT_ONCE } from "../../core/access/object_target.ts";
import { mapBounded } from "../../core/concurrency.ts";
import { removeEmptyFolder } from "../../core/files/folders.ts";
import { BILL_KEY } from "../../runs/lambda/lambda_bill.ts";
import { PLAN_KEY, REPORT_KEY, SETTINGS_KEY } from "../../runs/run_directory.ts";
import { ACCOUNT_KEY } from "./account.ts";
import { APPEND_KEY, MOVED } from "./append_ledger.ts";
import type { RunDirectory } from "./run_directory.ts";
import { dropScratch, dropSpills, SCATTER_RECORDS, SPILLED } from "./scatter_records.ts";
import { SHARD_RECORDS } from "./shard_records.ts";
import { VALUES } from "./shard_values.ts";

/** Removes all that an earlier run remembered. What is there is asked once, and only that is deleted. */
export async function clearRun(directory: RunDirectory): Promise<void> {
  const { target } = directory;
  const there = await target.list("");
  const below = (...prefixes: string[]) =>
    there.filter((key) => prefixes.some((prefix) => key.startsWith(prefix)));
  if (below(SCATTER_RECORDS, SPILLED).length > 0) await dropSpills(directory);
  else dropScratch(directory);
  await mapBounded(below(SHARD_RECORDS, VALUES, MOVED), DELETES_AT_ONCE, (key) => target.delete(key));
  for (const key of [APPEND_KEY, PLAN_KEY, SETTINGS_KEY, REPORT_KEY, BILL_KEY, ACCOUNT_KEY]) {
    if (there.includes(key)) await target.delete(key);
  }
  await directory.dropTasks();
}

/** Whether no granule and no shard is remembered. */
export async function savedNothing({ target }: RunDirectory): Promise<boolean> {
  const saved = await Promise.all([SCATTER_RECORDS, SHARD_RECORDS].map((key) => target.list(key)));
  return saved.every((keys) => keys.length === 0);
}

/** Removes the folder of a run that was cleared and whose lease, at `leaseKey`, is released. */
export async function removeEmpty({ target, folder }: RunDirectory, leaseKey: string): Promise<void> {
  await target.delete(leaseKey);
  if (folder !== null) removeEmptyFolder(folder);
}
