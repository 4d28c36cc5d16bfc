/** Granules that failed: how they are shown, and how the command ends. */
import { GranaryError } from "../../core/errors.ts";
import type { CliContext } from "./context.ts";

/** So many are shown one by one; `--json` and the error's details list all. */
const SHOWN = 20;

export interface FailedItem {
  /** Absent where there is no catalog yet. */
  collection?: string;
  id: string;
  reason: string;
}

/** One line a failed granule, on stderr, and how many more there are. */
export function showFailures(failed: readonly FailedItem[], context: CliContext): void {
  for (const { collection, id, reason } of failed.slice(0, SHOWN)) {
    const name = collection === undefined ? id : `${collection} ${id}`;
    context.log.error(reason.startsWith(id) ? reason : `${name}: ${reason}`);
  }
  if (failed.length > SHOWN) {
    context.log.error(`${failed.length - SHOWN} more failed alike (--json lists all of them)`);
  }
}

/** Shows what failed, if anything did, and ends the command with exit code 3 and `message`. */
export function failOnFailures(
  failed: readonly FailedItem[],
  message: string,
  context: CliContext,
): void {
  if (failed.length === 0) return;
  showFailures(failed, context);
  throw new GranaryError("granule", message, { details: { failed: failed.map(({ id }) => id) } });
}
