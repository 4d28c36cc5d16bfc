/** Whether a run may begin in its places, asked before anything is changed. */
import { inputError } from "../../core/errors.ts";
import type { Plan } from "../plan/plan.ts";
import { resumeDifferences } from "../plan/resumable.ts";
import { latestPlan } from "../run_directory/append_ledger.ts";
import { mustBeOfThisEngine } from "../run_directory/plan_document.ts";
import type { RunDirectory } from "../run_directory/run_directory.ts";
import { SCATTER_RECORDS } from "../run_directory/scatter_records.ts";
import type { StoreMode, StorePlace } from "./store_place.ts";

/**
 * Throws an input error, and changes nothing, where a run of `plan` may not begin here in this mode:
 * something is in the store's way, an unfinished run has saved work that a new one would throw away, or
 * what would be resumed is another selection or config, or no run at all.
 */
export async function admit(
  directory: RunDirectory,
  mode: StoreMode,
  plan: Plan,
  place: StorePlace,
): Promise<void> {
  const exists = await directory.exists();
  place.check(mode, exists);
  if (mode === "new") await refuseUnfinished(directory);
  if (mode !== "resume" && mode !== "append") return;
  if (exists) await refuseOthers(directory, plan, mode);
  else if (!place.isEmpty) {
    throw inputError(
      `${place.target.name}: there is a store, and no run in ${directory.name} to ${
        mode === "append" ? "append to" : "resume"
      }; nothing was changed` +
        " (say --run-dir where the run is, or --overwrite to begin again)",
    );
  }
}

async function refuseUnfinished(directory: RunDirectory): Promise<void> {
  if (await directory.isFinished()) return;
  const saved = (await directory.target.list(SCATTER_RECORDS)).length;
  if (saved === 0) return;
  throw inputError(
    `${directory.name}: an unfinished run has saved work here (${saved} records); nothing was changed` +
      " (say --resume to go on with it, or --overwrite to begin again)",
  );
}

async function refuseOthers(directory: RunDirectory, plan: Plan, mode: "resume" | "append"): Promise<void> {
  const then = await latestPlan(directory);
  mustBeOfThisEngine(directory, then);
  const differences = resumeDifferences(then, plan, mode === "append");
  if (differences.length === 0) return;
  throw inputError(
    `${directory.name}: this is not the run that was begun there: ${
      differences.join("; ")
    }; nothing was changed` +
      ` (repeat the run's own command with --${mode}, choose another store, or say --overwrite to replace it)`,
    { differences },
  );
}
