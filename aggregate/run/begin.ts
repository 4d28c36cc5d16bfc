/** How a run begins: its places are admitted and held, and made to fit the plan; what is left to do is known then. */
import { FolderTarget } from "../../core/access/folder_target.ts";
import { askAhead, forget, knownTarget } from "../../core/access/known_target.ts";
import { GranaryError } from "../../core/errors.ts";
import { defaultRunDirectory } from "../../runs/run_directory.ts";
import { takeLease } from "../../runs/slurm/slurm_lease.ts";
import type { Plan } from "../plan/plan.ts";
import type { ReadingSums } from "../run_directory/account.ts";
import { clearRun, removeEmpty, savedNothing } from "../run_directory/clear.ts";
import { RunDirectory } from "../run_directory/run_directory.ts";
import { admit } from "./admit.ts";
import { makeReady } from "./make_ready.ts";
import type { Remaining } from "./resume.ts";
import type { PlaceOptions } from "./run_options.ts";
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
  let [place] = await Promise.all([StorePlace.at(target, plan.store), askAhead(directory.target)]);
  await admit(directory, mode, plan, place);
  const goesOn = mode === "resume" || mode === "append";
  const lease = await takeLease(directory.target, { signal, ...options.lease });
  // Ahead of the first lease nobody was here. Ahead of a later one a run may have ended since the store was looked at.
  if (lease.number > 1 && forget(target)) {
    try {
      place = await StorePlace.at(target, plan.store);
      await admit(directory, mode, plan, place);
    } catch (error) {
      await lease.release();
      throw error;
    }
  }
  let isVain = false;
  let written: Promise<void> | undefined;
  try {
    let left = 0, replaces = mode === "overwrite" && !place.isEmpty;
    if (!goesOn) await clearRun(directory);
    else {
      const before = await takeOver(directory, target, plan, driver);
      if (before.isChanged) place = await StorePlace.at(target, plan.store);
      ({ left, replaces } = before);
    }
    const ready = await makeReady(plan, directory, place, { mode, driver, left, replaces, onNote });
    written = ready.written;
    return await body({ directory, place, ...ready });
  } catch (error) {
    // A run that saved nothing has nothing to be resumed from.
    isVain = !goesOn && isFruitless(error) && await savedNothing(directory).catch(() => false);
    throw error;
  } finally {
    await written?.catch(() => {}); // it ends before another run may begin
    if (isVain) await clearRun(directory);
    await lease.release();
    if (isVain) await removeEmpty(directory, lease.key);
  }
}

/** Whether a run ended for what no granule can give, rather than being stopped. */
function isFruitless(error: unknown): boolean {
  return error instanceof GranaryError && ["input", "io", "granule"].includes(error.tag);
}
