/** Pieces of a planned run by the run directory's address: what `granary work`, `runs` and `finish` call. */
import { openTarget } from "../catalog/access/targets.ts";
import { isRemote, lazyOpener, locator, openRunDirectory } from "./aggregate.ts";
import { jobLeaseOptions } from "./backends/slurm_lease.ts";
import { startExecutor } from "./engine/executor.ts";
import { defaultMemoryBytes, defaultWorkers } from "./run/execute.ts";
import {
  type FinishedRun,
  finishRun,
  reducePiece,
  type RunStatus,
  runStatus,
  type ScatterPiece,
  scatterPiece,
} from "./run/pieces.ts";
import { RunDirectory } from "./run/run_directory.ts";
import type { RunProgress } from "./run/tally.ts";

export interface WorkOptions {
  workers?: number;
  memoryBytes?: number;
  scratch?: string;
  /** Over the one that the plan was made with. */
  driver?: string;
  signal?: AbortSignal;
  /** Once it aborts a scatter begins no more granules: it saves what it has read and leaves the rest. */
  enough?: AbortSignal;
  onWarning?(message: string): void;
  onProgress?(progress: RunProgress): void;
}

/** Does scatter batch `n` or shard `n` of the run. */
export async function work(
  runDirectory: string,
  piece: { scatter: number } | { reduce: number },
  options: WorkOptions = {},
): Promise<ScatterPiece | { shard: number; observations: number; lacks: string[] }> {
  const warn = options.onWarning ?? (() => {});
  const opener = lazyOpener(options.signal, warn);
  const executor = startExecutor(options.workers ?? defaultWorkers(), () => Promise.resolve(opener()));
  try {
    const directory = isRemote(runDirectory)
      ? openRunDirectory(runDirectory, options.scratch, opener)
      : RunDirectory.sharedIn(runDirectory, options.scratch);
    const { plan, settings } = await directory.plan();
    const common = {
      executor,
      memoryBytes: options.memoryBytes ?? defaultMemoryBytes(),
      locate: await locator(plan, options.driver ?? settings.driver, opener, warn),
      reader: {
        open: (location: Parameters<ReturnType<typeof opener>["open"]>[0]) => opener().open(location),
      },
      signal: options.signal,
      enough: options.enough,
      onProgress: options.onProgress,
    };
    if ("scatter" in piece) return await scatterPiece(directory, plan, piece.scatter, common);
    const store = isRemote(settings.store) ? openTarget(settings.store, opener()) : settings.store;
    return await reducePiece(directory, plan, piece.reduce, store, common);
  } finally {
    await executor.close();
  }
}

/** Seals the run's store. */
export async function finish(
  runDirectory: string,
  options: Pick<WorkOptions, "signal" | "onWarning"> = {},
): Promise<FinishedRun> {
  const opener = lazyOpener(options.signal, options.onWarning ?? (() => {}));
  const directory = openRunDirectory(runDirectory, undefined, opener);
  const { plan, settings } = await directory.plan();
  const finished = await finishRun(directory, plan, openTarget(settings.store, opener()), {
    signal: options.signal,
    ...jobLeaseOptions(),
  });
  await directory.target.put("report.json", new TextEncoder().encode(JSON.stringify(finished)));
  return finished;
}

/** How far the run is. */
export async function status(
  runDirectory: string,
  options: Pick<WorkOptions, "signal" | "onWarning"> = {},
): Promise<RunStatus & { store: string }> {
  const opener = lazyOpener(options.signal, options.onWarning ?? (() => {}));
  const directory = openRunDirectory(runDirectory, undefined, opener);
  const { plan, settings } = await directory.plan();
  return { store: settings.store, ...await runStatus(directory, plan) };
}
