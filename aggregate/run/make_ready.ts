/** Run directory and store are made to fit a plan, before its tasks begin. */
import { absoluteAddress, REPORT_KEY } from "../../runs/run_directory.ts";
import type { Plan } from "../plan/plan.ts";
import { readingSoFar, type ReadingSums } from "../run_directory/account.ts";
import { putPlan } from "../run_directory/plan_document.ts";
import type { RunDirectory, RunSettings } from "../run_directory/run_directory.ts";
import {
  forgetSpill,
  freeOfBatch,
  type ScatterRecord,
  scatterRecords,
} from "../run_directory/scatter_records.ts";
import { shardRecordKey, shardRecords } from "../run_directory/shard_records.ts";
import { describeRemaining, type Remaining, remainingWork } from "./resume.ts";
import type { StoreMode, StorePlace } from "./store_place.ts";
import { wholeShards } from "./whole_shards.ts";

/** Where writers that ended in the middle leave something; not leases, which another may be trying to take. */
const SWEPT = ["runs/", "scatter/", "shards/", "values/", ".run.", ".plan.", ".report."];

interface ReadyOptions {
  mode: StoreMode;
  driver: string;
  /** The run's name as a holder of its store. */
  claim: string;
  /** Whether another run has written the store since this one did: none of its shards is relied on. */
  isAnothers: boolean;
  /** Shards of a run before that were not taken over. */
  left: number;
  /** Whether the store that was found is another run's, which this one is to replace. */
  replaces: boolean;
  /** Hears what is kept and what is not. */
  onNote?(note: string): void;
}

/** What a run begins with. */
interface ReadyRun {
  /** What is left to do. */
  remaining: Remaining;
  /** What parts of the run before this one have read. */
  reading: ReadingSums;
  /** Plan and directory are as the run needs them. Reading may begin before; what is kept has to wait for it. */
  written: Promise<void>;
}

/**
 * Writes the plan and makes run directory and store fit it: what an ended run left half written, records
 * that hold no more and the objects that they speak of are gone, and nobody reads the store while shards
 * of it are open.
 */
export async function makeReady(
  plan: Plan,
  directory: RunDirectory,
  place: StorePlace,
  { mode, driver, claim, isAnothers, left, replaces, onNote }: ReadyOptions,
): Promise<ReadyRun> {
  for (const prefix of SWEPT) await directory.target.sweep(prefix);
  await place.target.sweep("");
  const [found, shards] = await Promise.all([scatterRecords(directory), shardRecords(directory)]);
  const { scatter, lost } = found;
  const reading = await readingSoFar(directory, found); // before records go that hold no more
  const isWhole = isAnothers ? () => false : await wholeShards(directory, place);
  const remaining = remainingWork(plan, scatter, shards, isWhole);
  remaining.again.changed += left;
  if (remaining.shards.length > 0) {
    // Another store stands until the first shard that takes its place is ready.
    if (!replaces || shards.length > 0) await place.reopen();
    await directory.target.delete(REPORT_KEY);
  }
  if (scatter.length + shards.length + lost.length > 0) {
    onNote?.(describeRemaining(plan, remaining, lost.length, mode === "append" ? "appending" : "resuming"));
  }
  const settings: RunSettings = {
    kind: "aggregate",
    store: absoluteAddress(place.target.name),
    driver,
    claim,
    created: new Date().toISOString(),
    ...replaces ? { replaces: true } : {},
  };
  const written = writeReady(plan, directory, place, settings, remaining, lost);
  written.catch(() => {/* The failure is met by those who wait. */});
  return { remaining, reading, written };
}

/** Writes the plan, and removes what holds no more under it. */
async function writeReady(
  plan: Plan,
  directory: RunDirectory,
  place: StorePlace,
  settings: RunSettings,
  { recut, staleShards }: Remaining,
  lost: readonly ScatterRecord[],
): Promise<void> {
  await putPlan(directory, plan, settings);
  for (const record of recut) await freeOfBatch(directory, record);
  for (const record of lost) await forgetSpill(directory, record);
  for (const { shard } of staleShards) {
    await directory.target.delete(shardRecordKey(shard)); // first: no record may outlive its objects
    await place.removeShard(shard);
  }
}
