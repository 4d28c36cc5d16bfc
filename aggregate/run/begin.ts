/** How a run begins: its places are admitted and held, and made to fit the plan; what is left to do is known then. */
import { GranaryError } from "../../core/errors.ts";
import { FolderTarget } from "../../core/access/folder_target.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";
import type { LeaseOptions } from "../../runs/lease.ts";
import { absoluteAddress, defaultRunDirectory, REPORT_KEY } from "../../runs/run_directory.ts";
import { takeLease } from "../../runs/slurm/slurm_lease.ts";
import type { Plan } from "../plan/plan.ts";
import { noReading, readingSoFar, type ReadingSums } from "./account.ts";
import { carryOver, completeAppend } from "./append.ts";
import { shardRecordKey } from "./records.ts";
import { type Remaining, remainingWork } from "./resume.ts";
import { RunDirectory } from "./run_directory.ts";
import { type StoreMode, StorePlace } from "./store_place.ts";

/** Where a run is, and how it begins there. */
export interface PlaceOptions {
  /** The store's folder, or another place by a target. */
  store: string | ObjectTarget;
  /** What to do with a store that is there; default "new", which refuses it. */
  mode?: StoreMode;
  /** Default: a folder beside the store. Needed when the store is not in a folder. */
  runDirectory?: RunDirectory;
  /** Folder for spill files; by default the run directory. */
  scratch?: string;
  /** Remembered for tasks of the run that others do. */
  driver?: string;
  lease?: LeaseOptions;
  signal?: AbortSignal;
  /** What a resumed run keeps and redoes, in a sentence. */
  onNote?(note: string): void;
}

/** A run that has begun: its places, made to fit the plan, and what is left to do. */
export interface BegunRun {
  directory: RunDirectory;
  place: StorePlace;
  remaining: Remaining;
  /** What parts of the run before this one have read. */
  reading: ReadingSums;
}

/** Has `body` done while no other run may begin in the same places. */
export async function underLease<T>(
  plan: Plan,
  options: PlaceOptions,
  body: (run: BegunRun) => Promise<T>,
): Promise<T> {
  const target = typeof options.store === "string" ? new FolderTarget(options.store) : options.store;
  const directory = options.runDirectory ??
    RunDirectory.in(defaultRunDirectory(target.name), options.scratch);
  const { mode = "new", signal } = options;
  let place = await StorePlace.at(target, plan.store);
  await directory.admit(mode, plan, place);
  const goesOn = mode === "resume" || mode === "append";
  const lease = await takeLease(directory.target, { signal, ...options.lease });
  let isVain = false;
  try {
    let left = 0;
    if (!goesOn) await directory.clear();
    else {
      const before = await goOn(directory, target, plan, options);
      if (before.isChanged) place = await StorePlace.at(target, plan.store);
      left = before.left;
    }
    // Before records go that hold no more.
    const reading = goesOn ? await readingSoFar(directory) : noReading();
    return await body({
      directory,
      place,
      reading,
      remaining: await prepareRemaining(plan, directory, place, left, options),
    });
  } catch (error) {
    // A run that saved nothing has nothing to be resumed from.
    isVain = !goesOn && isFruitless(error) && await directory.savedNothing().catch(() => false);
    throw error;
  } finally {
    if (isVain) await directory.clear();
    await lease.release();
    if (isVain) await directory.removeEmpty(lease.key);
  }
}

/**
 * Ends an append that was begun before, and takes over what a run of other granules made. Tells whether the store was
 * changed, and how many of its shards hold no more.
 */
async function goOn(
  directory: RunDirectory,
  target: ObjectTarget,
  plan: Plan,
  { driver = "auto" }: PlaceOptions,
): Promise<{ isChanged: boolean; left: number }> {
  const ended = { isChanged: await completeAppend(directory, target), left: 0 };
  if (!await directory.exists()) return ended;
  const { plan: then, settings } = await directory.plan();
  if (then.key === plan.key) return ended;
  const left = await carryOver(directory, target, then, plan, { ...settings, driver });
  return left === undefined ? ended : { isChanged: true, left };
}

/** Whether a run ended for what no granule can give, rather than being stopped. */
function isFruitless(error: unknown): boolean {
  return error instanceof GranaryError && ["input", "io", "granule"].includes(error.tag);
}

/**
 * Writes the plan and makes run directory and store fit it: what an ended run left half written, records
 * that hold no more and the objects that they speak of are gone, and nobody reads the store while shards
 * of it are open. Returns what is left to do; `onNote` hears what is kept and what is not.
 */
async function prepareRemaining(
  plan: Plan,
  directory: RunDirectory,
  place: StorePlace,
  left: number,
  { driver = "auto", mode = "new", onNote }: PlaceOptions,
): Promise<Remaining> {
  const replaces = await replacesAnother(directory, place, mode);
  for (const prefix of ["runs/", "scatter/", "shards/", "values/", ".run.", ".plan.", ".report."]) {
    await directory.target.sweep(prefix); // not leases, which another may be trying to take
  }
  await place.target.sweep("");
  const [{ scatter, lost }, shards] = await Promise.all([
    directory.scatterRecords(),
    directory.shardRecords(),
  ]);
  const [objectsWhole, valuesWhole] = [place.wholeShards(), await directory.wholeValues()];
  const remaining = remainingWork(
    plan,
    scatter,
    shards,
    (record) => objectsWhole(record) && valuesWhole(record),
  );
  remaining.again.changed += left;
  if (remaining.shards.length > 0) {
    // Another store stands until the first shard that takes its place is ready.
    if (!replaces || shards.length > 0) await place.reopen();
    await directory.target.delete(REPORT_KEY);
  }
  if (scatter.length + shards.length + lost.length > 0) {
    onNote?.(describeKept(plan, remaining, lost.length, mode === "append" ? "appending" : "resuming"));
  }
  await directory.putPlan(plan, {
    kind: "aggregate",
    store: absoluteAddress(place.target.name),
    driver,
    created: new Date().toISOString(),
    ...replaces ? { replaces } : {},
  });
  for (const record of remaining.recut) await directory.freeOfBatch(record);
  for (const record of lost) await directory.forget(record);
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
  return (await directory.plan()).settings.replaces;
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
