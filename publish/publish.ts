/** A dataset brought up to date by this process: discover, plan, convert, register, finish. */
import os from "node:os";
import type { SourceOpener } from "../core/access/open.ts";
import { mapBounded } from "../core/concurrency.ts";
import { GranaryError } from "../core/errors.ts";
import type { LeaseHolder } from "../runs/lease.ts";
import type { Dataset } from "./dataset.ts";
import { convertContext } from "./job.ts";
import type { PublishPlan } from "./plan/plan.ts";
import { convertTask } from "./run/convert_task.ts";
import type { PublishDirectory } from "./run/directory.ts";
import { finishDataset, type PublishReport } from "./run/finish.ts";
import { type PlanOptions, planRun } from "./run/plan_run.ts";
import { itemTargets, registerTarget } from "./run/register.ts";
import { takeRun } from "./run/take_run.ts";
import { checkSecrets } from "./targets/open.ts";

/** Granules that are converted side by side, whatever the cores: each holds windows of its grids in memory. */
const MOST_AT_ONCE = 4;

export interface PublishOptions extends PlanOptions {
  readonly workers?: number | undefined;
  readonly driver?: string | undefined;
  readonly onPlan?: (plan: PublishPlan) => void;
  readonly onConverted?: (granules: number, failed: number) => void;
  readonly onRegistered?: (items: number) => void;
}

/** So many failures one after the other are no matter of the granules. */
const MOST_IN_A_ROW = 20;

/** What came of a run, or who else is at it. */
type Published = { readonly report: PublishReport } | { readonly heldBy: LeaseHolder };

/** Throws for what stops the whole run; granules that failed are in the report. */
export async function publishDataset(
  directory: PublishDirectory,
  dataset: Dataset,
  options: PublishOptions,
): Promise<Published> {
  const { opener } = options;
  const { signal } = opener;
  checkSecrets(dataset.targets, opener.env);
  const taken = await takeRun(directory, signal);
  if ("heldBy" in taken) return taken;
  try {
    const plan = await planRun(directory, dataset, options);
    options.onPlan?.(plan);
    const stopped = await convertAll(directory, plan, opener, options);
    await registerAll(directory, plan, opener, options);
    if (stopped !== null) throw stopped;
    return { report: await finishDataset(directory, plan, opener) };
  } finally {
    await taken.lease.release();
  }
}

/** Tells every target; one that fails keeps no other from being informed, and is an error when all were tried. */
async function registerAll(
  directory: PublishDirectory,
  plan: PublishPlan,
  opener: SourceOpener,
  options: PublishOptions,
): Promise<void> {
  const failures: unknown[] = [];
  for (const index of itemTargets(plan.dataset)) {
    try {
      await registerTarget(directory, plan, index, {
        opener,
        signal: opener.signal,
        overwrite: options.overwrite ?? false,
        retryRefused: options.retry !== undefined && options.retry !== false,
        ...(options.onRegistered === undefined ? {} : { onProgress: options.onRegistered }),
      });
    } catch (error) {
      opener.signal?.throwIfAborted();
      failures.push(error);
    }
  }
  if (failures.length === 0) return;
  for (const other of failures.slice(1)) options.onWarning?.((other as Error).message);
  throw failures[0];
}

/** Why no more granules were begun, where the trouble is not theirs: an archive that is down, a full disk. */
async function convertAll(
  directory: PublishDirectory,
  plan: PublishPlan,
  opener: SourceOpener,
  options: PublishOptions,
): Promise<GranaryError | null> {
  const workers = options.workers ?? os.availableParallelism();
  const atOnce = Math.max(1, Math.min(workers, MOST_AT_ONCE));
  const context = await convertContext(plan, opener, {
    workers: Math.max(1, Math.ceil(workers / atOnce)),
    ...(options.driver === undefined ? {} : { driver: options.driver }),
    ...(opener.signal === undefined ? {} : { signal: opener.signal }),
  });
  let [done, failed, inARow] = [0, 0, 0];
  let stopped: GranaryError | null = null;
  await mapBounded(plan.convert, atOnce, async (planned) => {
    opener.signal?.throwIfAborted();
    if (stopped !== null) return;
    const { failure } = await convertTask(directory, plan, planned, context);
    if (failure !== null) failed += 1;
    inARow = failure?.permanent === false ? inARow + 1 : 0;
    options.onConverted?.(++done, failed);
    if (inARow >= MOST_IN_A_ROW && done < plan.convert.length) {
      stopped ??= new GranaryError(
        "io",
        `${plan.dataset.name}: ${inARow} granules in a row failed by what may pass, the last by: ${failure?.reason}; the others were not begun (run again when it has passed)`,
      );
    }
  });
  return stopped;
}
