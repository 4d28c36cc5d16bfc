/** A planned run handed to Slurm or Lambda, and what came of it. */
import process from "node:process";
import { formatCount, formatSeconds } from "../../core/units.ts";
import type { Plan } from "../../aggregate/plan/plan.ts";
import type { FinishedRun } from "../../aggregate/run/finish.ts";
import type { RunStatus } from "../../aggregate/run/status.ts";
import type { RunDirectory } from "../../aggregate/run_directory/run_directory.ts";
import type { CliContext, Progress } from "../io/context.ts";
import type { LambdaBackend, SlurmBackend } from "../flags/backend.ts";
import { failOnFailures } from "../io/failures.ts";
import { printReport } from "../io/report.ts";

/** Hands a planned run to its backend and prints what came of it. */
export function runBackend(
  backend: SlurmBackend | LambdaBackend,
  plan: Plan,
  directory: RunDirectory,
  driver: string | undefined,
  context: CliContext,
): Promise<void> {
  return backend.kind === "lambda"
    ? runWithLambda(backend, plan, directory, context)
    : runWithSlurm(backend, directory, driver, context);
}

async function runWithLambda(
  backend: LambdaBackend,
  plan: Plan,
  directory: RunDirectory,
  context: CliContext,
): Promise<void> {
  const { finish, placeHolder, status } = await import("../../aggregate/job.ts");
  const { dollarsText, priced } = await import("../../runs/prices.ts");
  const { readPrices } = await import("../../runs/read_prices.ts");
  const { runOnLambda } = await import("../../runs/lambda/lambda.ts");
  const { SourceOpener } = await import("../../core/access/open.ts");
  const { address } = directory;
  if (directory.folder !== null) {
    context.log.warn(`${address}: a function sees this folder only where it is mounted in the function too`);
  }
  const { signal } = context;
  const warn = (message: string) => context.log.warn(message);
  const opener = new SourceOpener({ signal, warn });
  let progress: Progress | undefined;
  try {
    const prices = readPrices(process.env); // a fault in them is told before anything is paid
    const counted = await runOnLambda(directory, await status(address, { signal }), plan.key, opener, {
      ...backend,
      place: await placeHolder(address, () => opener),
      signal,
      onNote: (note) => context.log.info(note),
      onProgress: (done, tasks) => {
        progress ??= context.log.progress("tasks", tasks, "done");
        progress.update(done);
      },
    });
    const bill = priced(counted, prices);
    progress?.end();
    context.log.info(
      `${
        formatCount(bill.invocations)
      } invocations (${bill.retried} sent again, ${bill.coldStarts} cold starts), ` +
        `${formatSeconds(bill.billedSeconds)} billed, ${
          formatCount(Math.ceil(bill.gigabyteSeconds))
        } GB-seconds, ` +
        dollarsText(bill.dollars, bill.prices),
    );
    await finish(address, { signal, onWarning: warn });
    await printFinished(directory, await status(address, { signal }), { bill }, context);
  } finally {
    progress?.end();
    await opener.close();
  }
}

async function runWithSlurm(
  backend: SlurmBackend,
  directory: RunDirectory,
  driver: string | undefined,
  context: CliContext,
): Promise<void> {
  const { placeHolder, status } = await import("../../aggregate/job.ts");
  const { runOnSlurm } = await import("../../runs/slurm/slurm.ts");
  const { SourceOpener } = await import("../../core/access/open.ts");
  const { address } = directory;
  const { signal } = context;
  const opener = new SourceOpener({ signal, warn: (message) => context.log.warn(message) });
  const progress = backend.wait ? context.log.progress("tasks", null, "done") : undefined;
  try {
    const run = await runOnSlurm(directory, () => status(address, { signal }), {
      ...backend,
      driver,
      place: await placeHolder(address, () => opener),
      signal,
      onNote: (note) => context.log.info(note),
      onProgress: ({ stages }) => progress?.update(stages.reduce((sum, { done }) => sum + done, 0)),
    });
    progress?.end();
    if (run.status === null) {
      const { stages, finish } = run.submissions[0];
      const jobs = Object.fromEntries([...stages.map(({ name, job }) => [name, job]), ["finish", finish]]);
      if (context.json) printReport(context, "aggregate.submitted", { runDirectory: address, jobs });
      else context.out.write(Object.values(jobs).join("\n") + "\n");
      return;
    }
    await printFinished(directory, await status(address, { signal }), {
      submissions: run.submissions,
    }, context);
  } finally {
    progress?.end();
    await opener.close();
  }
}

/** The end of a run that others did: its report, and the failures that its records tell. */
async function printFinished(
  directory: RunDirectory,
  status: RunStatus,
  more: Record<string, unknown>,
  context: CliContext,
): Promise<void> {
  const bytes = await directory.target.get("report.json");
  const report: FinishedRun = JSON.parse(new TextDecoder().decode(bytes));
  if (context.json) printReport(context, "run.finish", { ...report, ...more });
  else {
    const cells = Object.entries(report.cells).map(([order, count]) => `${formatCount(count)} at ${order}`);
    context.out.table(["what", "value"], [
      ["store", report.store],
      ["granules", `${formatCount(status.granules.scattered)} of ${formatCount(status.granules.total)} read`],
      ["observations", formatCount(report.observations)],
      ["cells", cells.join(", ")],
    ]);
  }
  failOnFailures(
    report.failed,
    `${report.failed.length} of ${status.granules.total} granules could not be read;` +
      ` ${report.incompleteParents.length} parent cells (or tiles) are without them, and the store says so` +
      " (say --resume to try them again)",
    context,
  );
}
