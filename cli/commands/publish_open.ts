/** A dataset with its run directory and what opens its places, for the time of a command. */
import path from "node:path";
import { SourceOpener } from "../../core/access/open.ts";
import { inputError } from "../../core/errors.ts";
import { outputAddress } from "../../core/files/address.ts";
import { loadDataset } from "../../publish/config/load.ts";
import type { Dataset } from "../../publish/dataset.ts";
import type { PublishOptions } from "../../publish/publish.ts";
import { PublishDirectory } from "../../publish/run/directory.ts";
import type { CliContext } from "../io/context.ts";

/** Flags of every command that runs or plans a dataset. */
export interface SceneFlags {
  runDir?: string;
  keep?: true;
  overwrite?: true;
  workers?: number;
  driver?: string;
}

export interface PublishScene {
  readonly dataset: Dataset;
  readonly directory: PublishDirectory;
  readonly opener: SourceOpener;
  readonly options: PublishOptions;
}

export async function withDataset(
  file: string,
  flags: SceneFlags,
  context: CliContext,
  work: (scene: PublishScene) => Promise<void>,
): Promise<void> {
  const dataset = loadDataset(file);
  const warn = (message: string) => context.log.warn(message);
  const opener = new SourceOpener({ signal: context.signal, warn });
  try {
    await work({
      dataset,
      directory: PublishDirectory.at(runDirectoryOf(file, flags), opener),
      opener,
      options: {
        opener,
        keepOld: flags.keep ?? false,
        overwrite: flags.overwrite ?? false,
        workers: flags.workers,
        driver: flags.driver,
        onWarning: warn,
      },
    });
  } finally {
    await opener.close();
  }
}

export function runDirectoryOf(file: string, { runDir }: { runDir?: string }): string {
  if (runDir !== undefined) return outputAddress(runDir);
  if (file === "-") throw inputError("a dataset from stdin wants a place for its run (say --run-dir)");
  return defaultRunDir(file);
}

/** `omto3d.yaml` as `omto3d.run` beside it. */
function defaultRunDir(file: string): string {
  return path.join(path.dirname(file), `${path.basename(file).replace(/\.ya?ml$/i, "")}.run`);
}
