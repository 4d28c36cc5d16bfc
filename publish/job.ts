/** Publishing as a job of tasks: what any process does of a planned run, by its run directory's address. */
import os from "node:os";
import type { RangedSource } from "../core/access/block_cache.ts";
import { SourceOpener } from "../core/access/open.ts";
import { openTarget } from "../core/access/targets.ts";
import { inputError } from "../core/errors.ts";
import { parseDrivers } from "../catalog/driver_choice.ts";
import type { JobKind, PlanOutcome, TaskOptions, TaskOutcome, TaskWorker } from "../runs/job.ts";
import { takeLease } from "../runs/slurm/slurm_lease.ts";
import { parseDataset } from "./config/parse.ts";
import type { Dataset } from "./dataset.ts";
import type { PublishPlan } from "./plan/plan.ts";
import type { ConvertContext } from "./convert/convert_granule.ts";
import { convertTask } from "./run/convert_task.ts";
import { PublishDirectory } from "./run/directory.ts";
import { finishDataset, type PublishReport } from "./run/finish.ts";
import { planRun } from "./run/plan_run.ts";
import { itemTargets, registerTarget } from "./run/register.ts";
import { takeRun } from "./run/take_run.ts";
import { CONVERT, REGISTER } from "./run/stages.ts";
import { type PublishStatus, publishStatus } from "./run/status.ts";

const MOST_YAML_BYTES = 4 * 1024 * 1024;

type RunQuestion = Pick<TaskOptions, "signal" | "onWarning">;

function openerOf({ signal, onWarning }: RunQuestion): SourceOpener {
  return new SourceOpener({ signal, warn: onWarning ?? (() => {}) });
}

/** What converting a granule of a plan needs, the same for all. */
export async function convertContext(
  plan: PublishPlan,
  opener: SourceOpener,
  options: TaskOptions,
): Promise<ConvertContext> {
  return {
    opener,
    target: openTarget(plan.dataset.output, opener),
    driver: parseDrivers(options.driver ?? "auto"),
    localRegion: plan.convert.some(({ row }) => row.s3_base !== null) ? await opener.aws.region() : undefined,
    workers: options.workers ?? os.availableParallelism(),
    memoryBytes: options.memoryBytes,
    scratch: options.scratch,
    signal: options.signal,
  };
}

class PublishWorker implements TaskWorker {
  readonly #options: TaskOptions;
  readonly #opener: SourceOpener;
  #kept:
    | { address: string; directory: PublishDirectory; plan: PublishPlan; context: ConvertContext }
    | undefined;

  constructor(options: TaskOptions) {
    this.#options = options;
    this.#opener = openerOf(options);
  }

  async do(
    runDirectory: string,
    stage: string,
    task: number,
    { enough, planKey }: { enough?: AbortSignal; planKey?: string } = {},
  ): Promise<TaskOutcome> {
    const { directory, plan, context } = await this.#run(runDirectory, planKey);
    if (stage === CONVERT) {
      const planned = plan.convert[task];
      if (planned === undefined) throw noTask(directory, stage, task, plan.convert.length);
      if (enough?.aborted) return { stage, task, failed: [], left: 1, begun: 0, detail: {} };
      const { record, failure } = await convertTask(directory, plan, planned, context);
      const { id } = planned.row;
      return {
        stage,
        task,
        failed: failure === null ? [] : [{ id, reason: failure.reason }],
        left: 0,
        begun: 1,
        detail: {
          granule: id,
          files: record.done?.outputs.length ?? 0,
          items: record.done?.items.map((item) => item.id) ?? [],
          notes: record.notes,
        },
      };
    }
    if (stage === REGISTER) {
      const targets = itemTargets(plan.dataset);
      const index = targets[task];
      if (index === undefined) throw noTask(directory, stage, task, targets.length);
      const registered = await registerTarget(directory, plan, index, {
        opener: this.#opener,
        signal: this.#options.signal,
        enough,
      });
      return {
        stage,
        task,
        failed: registered.refused,
        left: registered.left,
        begun: registered.items,
        detail: { to: plan.dataset.targets[index].to, items: registered.items },
      };
    }
    throw inputError(`"${stage}" is no stage of publishing (wanted ${CONVERT} or ${REGISTER})`);
  }

  async #run(address: string, planKey: string | undefined) {
    const kept = this.#kept;
    if (kept?.address === address && planKey !== undefined && kept.plan.key === planKey) return kept;
    const directory = PublishDirectory.at(address, this.#opener);
    const plan = await directory.plan();
    const context = await convertContext(plan, this.#opener, this.#options);
    return this.#kept = { address, directory, plan, context };
  }

  close(): Promise<void> {
    return this.#opener.close();
  }
}

function noTask(directory: PublishDirectory, stage: string, task: number, tasks: number) {
  return inputError(`${directory.name}: has no ${stage} task ${task} (the plan has ${tasks}, from 0)`);
}

/** Finishes a run whose tasks are done. */
async function finish(runDirectory: string, options: RunQuestion): Promise<PublishReport> {
  const opener = openerOf(options);
  try {
    const directory = PublishDirectory.at(runDirectory, opener);
    const plan = await directory.plan();
    const lease = await takeLease(directory.target, { signal: options.signal });
    try {
      return await finishDataset(directory, plan, opener);
    } finally {
      await lease.release();
    }
  } finally {
    await opener.close();
  }
}

/** How far a run is. */
export async function status(runDirectory: string, options: RunQuestion = {}): Promise<PublishStatus> {
  const opener = openerOf(options);
  try {
    const directory = PublishDirectory.at(runDirectory, opener);
    return await publishStatus(directory, await directory.plan());
  } finally {
    await opener.close();
  }
}

/** Plans a run of the dataset whose YAML lies at an address; a run that lives is left alone. */
async function plan(description: string, runDirectory: string, options: RunQuestion): Promise<PlanOutcome> {
  const opener = openerOf(options);
  try {
    const source = await opener.open(description);
    const dataset = await readDataset(source, description);
    const directory = PublishDirectory.at(runDirectory, opener);
    const taken = await takeRun(directory, options.signal);
    if ("heldBy" in taken) return { held: true, key: null, tasks: {} };
    try {
      const made = await planRun(directory, dataset, { opener, onWarning: options.onWarning ?? (() => {}) });
      const tasks = { [CONVERT]: made.convert.length, [REGISTER]: itemTargets(dataset).length };
      return { held: false, key: made.key, tasks };
    } finally {
      await taken.lease.release();
    }
  } finally {
    await opener.close();
  }
}

async function readDataset(source: RangedSource, name: string): Promise<Dataset> {
  try {
    if (source.sizeBytes > MOST_YAML_BYTES) {
      throw inputError(`${name}: longer than ${MOST_YAML_BYTES} bytes, which no dataset's YAML is`);
    }
    return parseDataset(new TextDecoder().decode(await source.read(0, source.sizeBytes)), name);
  } finally {
    await source.close();
  }
}

export const publishJob: JobKind = {
  plan,
  worker: (options) => new PublishWorker(options),
  async finish(runDirectory, options) {
    const { failed, ...detail } = await finish(runDirectory, options);
    return { failed, detail };
  },
  status,
};
