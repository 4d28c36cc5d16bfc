/** Aggregation as a job of tasks: what any process does of a planned run, by its run directory's address. */
import { locateAll } from "../catalog/locate_all.ts";
import { parseDrivers } from "../catalog/driver_choice.ts";
import type { SourceOpener } from "../core/access/open.ts";
import { inputError } from "../core/errors.ts";
import type { JobKind, TaskOptions, TaskOutcome, TaskWorker } from "../runs/job.ts";
import { type PlaceHolder, shareHold } from "../runs/slurm/hold.ts";
import {
  expectRemote,
  isRemote,
  type LazyOpener,
  lazyOpener,
  openBesideStore,
  openRunDirectory,
  openStore,
} from "./places.ts";
import { type Executor, startExecutor } from "./schedule/executor.ts";
import type { Plan } from "./plan/plan.ts";
import { type FinishedRun, finishRun } from "./run/finish.ts";
import { type RunStatus, runStatus } from "./run/status.ts";
import { reduceShard, scatterBatch, type TaskSettings } from "./run/tasks.ts";
import { storeHolder, storeLeases } from "./run/store_holder.ts";
import { SETTINGS_KEY } from "../runs/run_directory.ts";
import { mustBeOfThisEngine, readPlan } from "./run_directory/plan_document.ts";
import { RunDirectory, type RunSettings } from "./run_directory/run_directory.ts";
import { REDUCE, SCATTER } from "./run_directory/stages.ts";
import { defaultMemoryBytes, defaultWorkers, shareMemory } from "./schedule/budget.ts";

type RunQuestion = Pick<TaskOptions, "signal" | "onWarning">;

/** Does tasks with threads that stay up and a plan that is kept between them. */
class AggregateWorker implements TaskWorker {
  readonly #options: TaskOptions;
  readonly #opener: LazyOpener;
  readonly #executor: Executor;
  #kept: { address: string; directory: RunDirectory; plan: Plan; settings: RunSettings } | undefined;

  constructor(options: TaskOptions) {
    this.#options = options;
    this.#opener = lazyOpener(options.signal, options.onWarning ?? (() => {}));
    this.#executor = startExecutor(
      options.workers ?? defaultWorkers(),
      () => Promise.resolve(this.#opener()),
    );
  }

  async do(
    runDirectory: string,
    stage: string,
    task: number,
    { enough, planKey }: { enough?: AbortSignal; planKey?: string } = {},
  ): Promise<TaskOutcome> {
    if (stage !== SCATTER && stage !== REDUCE) {
      throw inputError(`"${stage}" is no stage of an aggregation (wanted ${SCATTER} or ${REDUCE})`);
    }
    const options = this.#options;
    const { directory, plan, settings } = await this.#run(runDirectory, planKey);
    const warn = options.onWarning ?? (() => {});
    const text = options.driver ?? settings.driver;
    const drivers = { text, choice: parseDrivers(text), saidBy: "--driver" };
    const region = () => stage === SCATTER ? this.#opener().aws.region() : Promise.resolve(undefined);
    const common = {
      executor: this.#executor,
      budget: shareMemory(options.memoryBytes ?? defaultMemoryBytes(), this.#executor.slots),
      locate: await locateAll(plan.granules, plan.pipeline.dataSource.asset, drivers, region, warn),
      expect: expectRemote(this.#opener),
      reader: {
        open: (location: Parameters<ReturnType<LazyOpener>["open"]>[0]) => this.#opener().open(location),
      },
      signal: options.signal,
      enough,
      replaces: settings.replaces,
      onProgress: ({ granules }: { granules: number }) => options.onProgress?.(granules),
      onWarning: warn,
    };
    // Other runs see by it that this one lives, and it sees whether one has taken the store.
    const shared = await shareHold(directory.target, holderOf(directory, settings, this.#opener));
    try {
      const settled = { ...common, mustBeHeld: () => shared.mustBeHeld() };
      return await this.#task(directory, plan, settings, stage, task, settled);
    } finally {
      await shared.leave();
    }
  }

  async #task(
    directory: RunDirectory,
    plan: Plan,
    settings: RunSettings,
    stage: string,
    task: number,
    common: TaskSettings,
  ): Promise<TaskOutcome> {
    if (stage === SCATTER) {
      const { granules, ...rest } = await scatterBatch(directory, plan, task, common);
      const { failed, left, read } = granules;
      return { stage, task, failed, left, begun: read, detail: { granules, ...rest } };
    }
    const store = openStore(settings.store, this.#opener);
    const detail = await reduceShard(directory, plan, task, store, common);
    return { stage, task, failed: [], left: 0, begun: 1, detail: { ...detail } };
  }

  async #run(address: string, planKey: string | undefined) {
    const kept = this.#kept;
    if (kept?.address === address && planKey !== undefined && kept.plan.key === planKey) return kept;
    const { scratch } = this.#options;
    const directory = isRemote(address)
      ? openRunDirectory(address, scratch, this.#opener)
      : RunDirectory.sharedIn(address, scratch);
    const read = await readPlan(directory);
    mustBeOfThisEngine(directory, read.plan);
    return this.#kept = { address, directory, ...read };
  }

  async close(): Promise<void> {
    await this.#executor.close();
    await this.#opener.close();
  }
}

/** A task of a run: scatter batch `n` or shard `n` of its plan. */
type Task = { scatter: number } | { reduce: number };

/** Does scatter batch `n` or shard `n` of the run. */
export async function work(
  runDirectory: string,
  task: Task,
  options: TaskOptions = {},
): Promise<TaskOutcome> {
  const worker = new AggregateWorker(options);
  try {
    return "scatter" in task
      ? await worker.do(runDirectory, SCATTER, task.scatter)
      : await worker.do(runDirectory, REDUCE, task.reduce);
  } finally {
    await worker.close();
  }
}

/** Finishes the run's store. */
export async function finish(runDirectory: string, options: RunQuestion = {}): Promise<FinishedRun> {
  const opener = lazyOpener(options.signal, options.onWarning ?? (() => {}));
  const directory = openRunDirectory(runDirectory, undefined, opener);
  const { plan, settings } = await readPlan(directory);
  mustBeOfThisEngine(directory, plan);
  const { signal } = options;
  const store = openStore(settings.store, opener);
  const finished = await finishRun(directory, plan, store, holderOf(directory, settings, opener), {
    signal,
    onWarning: options.onWarning,
  });
  await directory.putReport(finished);
  return finished;
}

/** The run as a holder of its store, for what hands it to others. */
export async function placeHolder(runDirectory: string, opener: () => SourceOpener): Promise<PlaceHolder> {
  const directory = openRunDirectory(runDirectory, undefined, opener);
  return holderOf(directory, await directory.document<RunSettings>(SETTINGS_KEY), opener);
}

function holderOf(
  directory: RunDirectory,
  { store: address, claim, created }: RunSettings,
  opener: () => SourceOpener,
): PlaceHolder {
  const store = openStore(address, opener);
  const leases = storeLeases(directory, store, openBesideStore(address, opener));
  return storeHolder(directory, store, leases, { claim, created });
}

/** How far the run is. */
export async function status(
  runDirectory: string,
  options: RunQuestion = {},
): Promise<RunStatus & { store: string }> {
  const opener = lazyOpener(options.signal, options.onWarning ?? (() => {}));
  const directory = openRunDirectory(runDirectory, undefined, opener);
  const { plan, settings } = await readPlan(directory);
  return { store: settings.store, ...await runStatus(directory, plan) };
}

export const aggregateJob: JobKind = {
  worker: (options) => new AggregateWorker(options),
  async finish(runDirectory, options) {
    const { failed, ...detail } = await finish(runDirectory, options);
    return { failed, detail };
  },
  status,
};
