/** Pieces of a planned run by the run directory's address: what `granary work`, `runs` and `finish` call. */
import type { SourceOpener } from "../core/access/open.ts";
import { openTarget } from "../core/access/targets.ts";
import { expectRemote, isRemote, lazyOpener, locator, openRunDirectory } from "./aggregate.ts";
import { jobLeaseOptions } from "../runs/slurm/slurm_lease.ts";
import { type Executor, startExecutor } from "./schedule/executor.ts";
import type { Plan } from "./plan/plan.ts";
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
import { RunDirectory, type RunSettings } from "./run/run_directory.ts";
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

/** A piece of a run: scatter batch `n` or shard `n` of its plan. */
type Piece = { scatter: number } | { reduce: number };

/** What came of a piece. */
type PieceDone = ScatterPiece | { shard: number; observations: number; lacks: string[] };

/**
 * Does pieces, one after the other, with threads that stay up and a plan that is kept between them. After
 * an error it is closed: tasks of the failed piece may still be under way in its threads.
 */
export class PieceWorker {
  readonly #options: WorkOptions;
  readonly #opener: ReturnType<typeof lazyOpener>;
  readonly #executor: Executor;
  #kept: { address: string; directory: RunDirectory; plan: Plan; settings: RunSettings } | undefined;

  constructor(options: WorkOptions = {}) {
    this.#options = options;
    this.#opener = lazyOpener(options.signal, options.onWarning ?? (() => {}));
    this.#executor = startExecutor(
      options.workers ?? defaultWorkers(),
      () => Promise.resolve(this.#opener()),
    );
  }

  /** `planKey` is that of the plan, where the caller knows it: the plan is read again when it is another. */
  async do(
    runDirectory: string,
    piece: Piece,
    enough: AbortSignal | undefined = this.#options.enough,
    planKey?: string,
  ): Promise<PieceDone> {
    const options = this.#options;
    const { directory, plan, settings } = await this.#run(runDirectory, planKey);
    const common = {
      executor: this.#executor,
      memoryBytes: options.memoryBytes ?? defaultMemoryBytes(),
      locate: await locator(
        plan,
        options.driver ?? settings.driver,
        this.#opener,
        options.onWarning ?? (() => {}),
      ),
      expect: expectRemote(this.#opener),
      reader: {
        open: (location: Parameters<SourceOpener["open"]>[0]) => this.#opener().open(location),
      },
      signal: options.signal,
      enough,
      onProgress: options.onProgress,
    };
    if ("scatter" in piece) return await scatterPiece(directory, plan, piece.scatter, common);
    const store = isRemote(settings.store) ? openTarget(settings.store, this.#opener()) : settings.store;
    return await reducePiece(directory, plan, piece.reduce, store, common);
  }

  async #run(address: string, planKey: string | undefined) {
    const kept = this.#kept;
    if (kept?.address === address && planKey !== undefined && kept.plan.key === planKey) return kept;
    const { scratch } = this.#options;
    const directory = isRemote(address)
      ? openRunDirectory(address, scratch, this.#opener)
      : RunDirectory.sharedIn(address, scratch);
    return this.#kept = { address, directory, ...await directory.plan() };
  }

  async close(): Promise<void> {
    await this.#executor.close();
    await this.#opener.close();
  }
}

/** Does scatter batch `n` or shard `n` of the run. */
export async function work(
  runDirectory: string,
  piece: Piece,
  options: WorkOptions = {},
): Promise<PieceDone> {
  const worker = new PieceWorker(options);
  try {
    return await worker.do(runDirectory, piece);
  } finally {
    await worker.close();
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
