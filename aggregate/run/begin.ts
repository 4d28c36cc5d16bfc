/** How a run begins: its places are admitted and held, and made to fit the plan; what is left to do is known then. */
import { FolderTarget } from "../../core/access/folder_target.ts";
import { askAhead, forget, knownTarget } from "../../core/access/known_target.ts";
import { GranaryError } from "../../core/errors.ts";
import { defaultRunDirectory } from "../../runs/run_directory.ts";
import { lastLeaseNumber } from "../../runs/lease.ts";
import { Hold } from "../../runs/slurm/hold.ts";
import type { Plan } from "../plan/plan.ts";
import type { ReadingSums } from "../run_directory/account.ts";
import { clearRun, removeEmpty, savedNothing } from "../run_directory/clear.ts";
import { RunDirectory } from "../run_directory/run_directory.ts";
import { admit } from "./admit.ts";
import { makeReady } from "./make_ready.ts";
import type { Remaining } from "./resume.ts";
import type { PlaceOptions } from "./run_options.ts";
import { settingsOf, storeHolder, storeLeases } from "./store_holder.ts";
import { StorePlace } from "./store_place.ts";
import { takeOver } from "./take_over.ts";

/** A run that has begun: its places, made to fit the plan, and what is left to do. */
export interface BegunRun {
  directory: RunDirectory;
  place: StorePlace;
  remaining: Remaining;
  /** What parts of the run before this one have read. */
  reading: ReadingSums;
  /** Before it nothing may be kept in the directory or the store. */
  written: Promise<void>;
  /** Throws an input error where another run has taken one of the places, after a silence of this one: a machine that slept. */
  mustBeHeld(): Promise<void>;
}

/** Has `body` done while no other run may begin in the same places. */
export async function underLease<T>(
  plan: Plan,
  options: PlaceOptions,
  body: (run: BegunRun) => Promise<T>,
): Promise<T> {
  const target = knownTarget(
    typeof options.store === "string" ? new FolderTarget(options.store) : options.store,
  );
  const directory = (options.runDirectory ??
    RunDirectory.in(defaultRunDirectory(target.name), options.scratch)).known();
  const { mode = "new", driver = "auto", signal, onNote } = options;
  const goesOn = mode === "resume" || mode === "append";
  const leases = storeLeases(directory, target, options.besideStore);
  // Of a folder it is known in what order things are asked; what is known of a service may be of any time before.
  const seen = target instanceof FolderTarget ? await lastLeaseNumber(leases ?? directory.target) : 0;
  const [found, settings] = await Promise.all([
    StorePlace.at(target, plan.store),
    goesOn ? settingsOf(directory) : undefined,
    askAhead(directory.target),
  ]);
  let place = found;
  await admit(directory, mode, plan, place);
  if (!goesOn && place.isEmpty && (await directory.target.list("")).length === 0) options.onAdmitted?.();
  const claim = settings?.claim ?? crypto.randomUUID();
  const holder = storeHolder(directory, target, leases, { claim, created: settings?.created });
  const hold = await Hold.take(directory.target, holder, { signal, ...options.lease }, options.onWarning);
  if (hold.isAfter(seen)) {
    // A run may have ended since the store was looked at.
    try {
      forget(target);
      place = await StorePlace.at(target, plan.store);
      await admit(directory, mode, plan, place);
    } catch (error) {
      await hold.release(true);
      await hold.forget();
      throw error;
    }
  }
  const isAnothers = settings !== undefined && hold.isAfterAnother(holder);
  if (isAnothers) {
    onNote?.(
      `${target.name}: the run in ${
        hold.placeBefore(directory.address)
      } has written there since this one did: every shard is made again`,
    );
  }
  let hasNothing = false, isVain = false;
  let written: Promise<void> | undefined;
  try {
    let left = 0, replaces = mode === "overwrite" && !place.isEmpty;
    if (!goesOn) await clearRun(directory);
    else {
      const before = await takeOver(directory, target, plan, driver, isAnothers);
      if (before.isChanged) place = await StorePlace.at(target, plan.store);
      ({ left, replaces } = before);
    }
    const how = { mode, driver, claim, isAnothers, left, replaces, onNote };
    const ready = await makeReady(plan, directory, place, how);
    written = ready.written;
    return await body({ directory, place, ...ready, mustBeHeld: () => hold.mustBeHeld() });
  } catch (error) {
    hasNothing = !goesOn && await savedNothing(directory).catch(() => false);
    // A run that saved nothing has nothing to be resumed from.
    isVain = hasNothing && isFruitless(error) && await hold.mustBeHeld().then(() => true, () => false);
    throw error;
  } finally {
    await written?.catch(() => {}); // it ends before another run may begin
    if (isVain) await clearRun(directory);
    await hold.release(hasNothing);
    if (isVain) {
      await removeEmpty(directory, hold.key);
      await hold.forget();
    }
  }
}

/** Whether a run ended for what no granule can give, rather than being stopped. */
function isFruitless(error: unknown): boolean {
  return error instanceof GranaryError && ["input", "io", "granule"].includes(error.tag);
}
