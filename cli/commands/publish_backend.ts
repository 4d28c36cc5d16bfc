/** A dataset's plan handed to Slurm or Lambda, and what came of it. */
import type { LambdaBackend, SlurmBackend } from "../flags/backend.ts";
import { publishJob, status } from "../../publish/job.ts";
import type { PublishOptions } from "../../publish/publish.ts";
import { takeRun } from "../../publish/run/take_run.ts";
import type { PublishPlan } from "../../publish/plan/plan.ts";
import type { PublishDirectory } from "../../publish/run/directory.ts";
import type { PublishReport } from "../../publish/run/finish.ts";
import { planRun } from "../../publish/run/plan_run.ts";
import { REPORT_KEY } from "../../runs/run_directory.ts";
import type { CliContext } from "../io/context.ts";
import { printReport } from "../io/report.ts";
import type { PublishScene } from "./publish_open.ts";
import { finishReport } from "./publish_report.ts";

export async function runPublishBackend(
  backend: SlurmBackend | LambdaBackend,
  { directory, dataset, opener }: PublishScene,
  options: PublishOptions,
  context: CliContext,
): Promise<void> {
  const taken = await takeRun(directory, context.signal);
  if ("heldBy" in taken) {
    const { host, pid, job, since } = taken.heldBy;
    context.log.info(
      `${dataset.name}: ${job ?? `process ${pid} on ${host}`} is at it since ${since}; nothing was done`,
    );
    if (context.json) printReport(context, "publish.held", { dataset: dataset.name, host, pid, since });
    return;
  }
  let plan: PublishPlan;
  try {
    plan = await planRun(directory, dataset, options);
  } finally {
    await taken.lease.release(); // what is submitted takes its own
  }
  if (backend.kind === "lambda") await runWithLambda(backend, directory, plan, opener, context);
  else await runWithSlurm(backend, directory, options.driver, context);
}

async function runWithLambda(
  backend: LambdaBackend,
  directory: PublishDirectory,
  plan: PublishPlan,
  opener: PublishScene["opener"],
  context: CliContext,
): Promise<void> {
  const { runOnLambda } = await import("../../runs/lambda/lambda.ts");
  const { address } = directory;
  const { signal } = context;
  if (directory.folder !== null) {
    context.log.warn(`${address}: a function sees this folder only where it is mounted in the function too`);
  }
  const progress = context.log.progress("tasks", null, "done");
  try {
    await runOnLambda(directory, await status(address, { signal }), plan.key, opener, {
      ...backend,
      signal,
      onNote: (note) => context.log.info(note),
      onProgress: (done) => progress.update(done),
    });
  } finally {
    progress.end();
  }
  await publishJob.finish(address, { signal, onWarning: (message) => context.log.warn(message) });
  await printFinished(directory, context);
}

async function runWithSlurm(
  backend: SlurmBackend,
  directory: PublishDirectory,
  driver: string | undefined,
  context: CliContext,
): Promise<void> {
  const { runOnSlurm } = await import("../../runs/slurm/slurm.ts");
  const { address } = directory;
  const { signal } = context;
  const run = await runOnSlurm(directory, () => status(address, { signal }), {
    ...backend,
    ...(driver === undefined ? {} : { driver }),
    signal,
    onNote: (note) => context.log.info(note),
  });
  if (run.status !== null) return await printFinished(directory, context);
  const { stages, finish } = run.submissions[0];
  const jobs = Object.fromEntries([...stages.map(({ name, job }) => [name, job]), ["finish", finish]]);
  if (context.json) printReport(context, "publish.submitted", { runDirectory: address, jobs });
  else context.out.write(Object.values(jobs).join("\n") + "\n");
}

async function printFinished(directory: PublishDirectory, context: CliContext): Promise<void> {
  const bytes = await directory.target.get(REPORT_KEY);
  finishReport(JSON.parse(new TextDecoder().decode(bytes)) as PublishReport, context);
}
