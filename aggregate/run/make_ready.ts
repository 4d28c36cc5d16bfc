/** Run directory and store are made to fit a plan, before its tasks begin. */
import { absoluteAddress, REPORT_KEY } from "../../runs/run_directory.ts";
import type { Plan } from "../plan/plan.ts";
import { putPlan, readPlan } from "../run_directory/plan_document.ts";
import type { RunDirectory } from "../run_directory/run_directory.ts";
import { forgetSpill, freeOfBatch, scatterRecords } from "../run_directory/scatter_records.ts";
import { shardRecordKey, shardRecords } from "../run_directory/shard_records.ts";
import { type Remaining, remainingWork } from "./resume.ts";
import type { StoreMode, StorePlace } from "./store_place.ts";
import { wholeShards } from "./whole_shards.ts";

/** Where writers that ended in the middle leave something; not leases, which another may be trying to take. */
const SWEPT = ["runs/", "scatter/", "shards/", "values/", ".run.", ".plan.", ".report."];

interface ReadyOptions {
  mode: StoreMode;
  driver: string;
  /** Shards of a run before that were not taken over. */
  left: number;
  /** Hears what is kept and what is not. */
  onNote?(note: string): void;
}

/**
 * Writes the plan and makes run directory and store fit it: what an ended run left half written, records
 * that hold no more and the objects that they speak of are gone, and nobody reads the store while shards
 * of it are open. Returns what is left to do.
 */
export async function makeReady(
  plan: Plan,
  directory: RunDirectory,
  place: StorePlace,
  { mode, driver, left, onNote }: ReadyOptions,
): Promise<Remaining> {
  const replaces = await replacesAnother(directory, place, mode);
  for (const prefix of SWEPT) await directory.target.sweep(prefix);
  await place.target.sweep("");
  const [{ scatter, lost }, shards] = await Promise.all([scatterRecords(directory), shardRecords(directory)]);
  const remaining = remainingWork(plan, scatter, shards, await wholeShards(directory, place));
  remaining.again.changed += left;
  if (remaining.shards.length > 0) {
    // Another store stands until the first shard that takes its place is ready.
    if (!replaces || shards.length > 0) await place.reopen();
    await directory.target.delete(REPORT_KEY);
  }
  if (scatter.length + shards.length + lost.length > 0) {
    onNote?.(describeKept(plan, remaining, lost.length, mode === "append" ? "appending" : "resuming"));
  }
  await putPlan(directory, plan, {
    kind: "aggregate",
    store: absoluteAddress(place.target.name),
    driver,
    created: new Date().toISOString(),
    ...replaces ? { replaces } : {},
  });
  for (const record of remaining.recut) await freeOfBatch(directory, record);
  for (const record of lost) await forgetSpill(directory, record);
  for (const { shard } of remaining.staleShards) {
    await directory.target.delete(shardRecordKey(shard)); // first: no record may outlive its objects
    await place.removeShard(shard);
  }
  return remaining;
}

/** Whether the store that was found is another run's, which this one is to replace. */
async function replacesAnother(
  directory: RunDirectory,
  place: StorePlace,
  mode: StoreMode,
): Promise<true | undefined> {
  if (mode === "overwrite" && !place.isEmpty) return true;
  if ((mode !== "resume" && mode !== "append") || !await directory.exists()) return undefined;
  return (await readPlan(directory)).settings.replaces;
}

function describeKept(plan: Plan, remaining: Remaining, lostFiles: number, what: string): string {
  const kept = remaining.keptShards.length;
  const saved = plan.granules.length - remaining.granules.length;
  const { changed, missing, damaged } = remaining.again;
  const reasons = [
    changed > 0 ? `${changed} because config, catalog or granules changed` : "",
    missing > 0 ? `${missing} because they are without granules that could not be read` : "",
    damaged > 0 ? `${damaged} because their objects are gone or damaged` : "",
  ].filter((reason) => reason !== "");
  return `${what}: ${kept} of ${plan.shards.length} shards are done, ` +
    `${saved} of ${plan.granules.length} granules need not be read again` +
    (reasons.length > 0 ? `; shards made again: ${reasons.join(", ")}` : "") +
    (lostFiles > 0 ? `; ${lostFiles} spill files are gone or damaged` : "");
}
