/** The kind of job that a run directory is of, whatever it is. */
import { FolderTarget } from "../core/access/folder_target.ts";
import { SourceOpener } from "../core/access/open.ts";
import { openTarget } from "../core/access/targets.ts";
import { inputError } from "../core/errors.ts";
import type { JobKind, JobKinds, TaskOptions } from "./job.ts";
import { JobDirectory, jobKindOf } from "./run_directory.ts";
import { isObjectAddress } from "../core/files/address.ts";

/** Throws an input error where no run is, or one of a kind that this program does not do. */
export async function openJob(
  runDirectory: string,
  kinds: JobKinds,
  options: Pick<TaskOptions, "signal" | "onWarning"> = {},
): Promise<JobKind> {
  const isRemote = isObjectAddress(runDirectory);
  const opener = isRemote
    ? new SourceOpener({ signal: options.signal, warn: options.onWarning ?? (() => {}) })
    : undefined;
  try {
    const target = opener === undefined ? new FolderTarget(runDirectory) : openTarget(runDirectory, opener);
    const kind = await jobKindOf(new JobDirectory(target, isRemote ? null : runDirectory));
    const load = kinds[kind];
    if (load === undefined) {
      throw inputError(
        `${runDirectory}: a run of kind "${kind}" (this granary does ${Object.keys(kinds).join(", ")})`,
      );
    }
    return await load();
  } finally {
    await opener?.close();
  }
}
