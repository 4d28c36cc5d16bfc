/** `--backend` and what goes with it: who does the pieces of a planned run. */
import { type CommandUnknownOpts, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { GranaryError, inputError } from "../../core/errors.ts";
import { formatCount, formatSeconds, parseBytes } from "../../core/units.ts";
import type { Plan } from "../../aggregate/plan/plan.ts";
import type { FinishedRun, RunStatus } from "../../aggregate/run/pieces.ts";
import type { RunDirectory } from "../../aggregate/run/run_directory.ts";
import type { CliContext, Progress } from "../io/context.ts";

const BACKENDS = ["local", "slurm", "lambda"] as const;

interface BackendFlags {
  backend?: (typeof BACKENDS)[number];
  partition?: string;
  account?: string;
  time?: string;
  cpus?: number;
  mem?: string;
  sbatchFlag?: string[];
  maxParallel?: number;
  wait?: boolean;
  retries?: number;
  retryScale?: number;
  functionName?: string;
  awsRegion?: string;
}

/** The flags of each backend besides those of planning. */
const FLAGS: Readonly<Record<string, readonly (keyof BackendFlags)[]>> = {
  local: [],
  slurm: [
    "partition",
    "account",
    "time",
    "cpus",
    "mem",
    "sbatchFlag",
    "maxParallel",
    "wait",
    "retries",
    "retryScale",
  ],
  lambda: ["functionName", "awsRegion", "maxParallel", "retries"],
};

export function addBackendOptions(command: CommandUnknownOpts): void {
  command
    .addOption(
      new Option("--backend <who>", "who does the work: this process, jobs of Slurm, or a Lambda function")
        .choices(BACKENDS).default("local"),
    )
    .option("--partition <name>", "slurm: the partition of the jobs")
    .option("--account <name>", "slurm: the account that pays")
    .option("--time <limit>", "slurm: time limit of a task, such as 30 (minutes) or 2:00:00")
    .option("--cpus <n>", "slurm: cores of a task", wholeNumber)
    .option("--mem <size>", "slurm: memory of a task, such as 8GB")
    .option("--sbatch-flag <flag>", "slurm: one more flag of sbatch's (may be repeated)", collect)
    .option("--function-name <name>", "lambda: the function's name or ARN (see granary deploy aws)")
    .option(
      "--aws-region <region>",
      "lambda: the function's region; --region says it too (default: as the AWS tools find it)",
    )
    .option("--max-parallel <n>", "pieces that are done at the same time", wholeNumber)
    .option("--wait", "slurm: follow the jobs to their end, and submit again what failed")
    .option("--retries <n>", "how often what failed is tried again", wholeNumber)
    .option("--retry-scale <x>", "slurm: time and memory of a next try, as a multiple", factor);
}

/** `us-west-2`: no place on a map has such a name. */
const AWS_REGION = /^[a-z]{2,3}(-[a-z]+)+-\d$/;

/**
 * The backend that the flags ask for; undefined is this process. `--region` names a place on the map,
 * and a region of AWS's where a function is asked for.
 */
export function backendFrom(flags: BackendFlags & { region?: string }): BackendFlags | undefined {
  const backend = flags.backend ?? "local";
  if (backend === "lambda" && flags.region !== undefined && AWS_REGION.test(flags.region)) {
    flags.awsRegion ??= flags.region;
    delete flags.region;
  }
  const all = [...new Set(Object.values(FLAGS).flat())];
  const idle = all.find((name) => flags[name] !== undefined && !FLAGS[backend].includes(name));
  if (idle !== undefined) {
    const flag = idle.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const users = Object.keys(FLAGS).filter((name) => FLAGS[name].includes(idle));
    throw inputError(
      `--${flag} means nothing to --backend ${backend} (it is for --backend ${users.join(" and ")})`,
    );
  }
  if (backend === "lambda" && flags.functionName === undefined) {
    throw inputError("--backend lambda needs --function-name (granary deploy aws prints what makes one)");
  }
  return backend === "local" ? undefined : flags;
}

/** Hands a planned run to its backend and prints what came of it. */
export function runBackend(
  flags: BackendFlags,
  plan: Plan,
  directory: RunDirectory,
  driver: string | undefined,
  context: CliContext,
): Promise<void> {
  return flags.backend === "lambda"
    ? runWithLambda(flags, plan, directory, context)
    : runWithSlurm(flags, directory, driver, context);
}

async function runWithLambda(
  flags: BackendFlags,
  plan: Plan,
  directory: RunDirectory,
  context: CliContext,
): Promise<void> {
  const { status, finish } = await import("../../aggregate/job.ts");
  const { runOnLambda } = await import("../../runs/lambda/lambda.ts");
  const { SourceOpener } = await import("../../core/access/open.ts");
  const address = directory.folder ?? directory.name;
  if (directory.folder !== null) {
    context.log.warn(`${address}: a function sees this folder only where it is mounted in the function too`);
  }
  const { signal } = context;
  const warn = (message: string) => context.log.warn(message);
  const opener = new SourceOpener({ signal, warn });
  let progress: Progress | undefined;
  try {
    const bill = await runOnLambda(directory, await status(address, { signal }), plan.key, opener, {
      functionName: flags.functionName!,
      region: flags.awsRegion,
      maxParallel: flags.maxParallel,
      retries: flags.retries,
      signal,
      onNote: (note) => context.log.info(note),
      onProgress: (done, pieces) => {
        progress ??= context.log.progress("pieces", pieces, "done");
        progress.update(done);
      },
    });
    progress?.end();
    context.log.info(
      `${formatCount(bill.invocations)} invocations (${bill.retried} sent again, ${bill.coldStarts} cold), ` +
        `${formatSeconds(bill.billedSeconds)} billed, ${
          formatCount(Math.ceil(bill.gigabyteSeconds))
        } GB s, ` +
        `about $${bill.dollars.toFixed(4)} at list prices`,
    );
    await finish(address, { signal, onWarning: warn });
    await printFinished(directory, await status(address, { signal }), { bill }, context);
  } finally {
    progress?.end();
    await opener.close();
  }
}

async function runWithSlurm(
  flags: BackendFlags,
  directory: RunDirectory,
  driver: string | undefined,
  context: CliContext,
): Promise<void> {
  const { status } = await import("../../aggregate/job.ts");
  const { runOnSlurm } = await import("../../runs/slurm/slurm.ts");
  const address = directory.folder ?? directory.name;
  const progress = flags.wait ? context.log.progress("pieces", null, "done") : undefined;
  try {
    const run = await runOnSlurm(directory, () => status(address, { signal: context.signal }), {
      partition: flags.partition,
      account: flags.account,
      time: flags.time,
      cpus: flags.cpus,
      memoryBytes: flags.mem === undefined ? undefined : parseBytes(flags.mem),
      flags: flags.sbatchFlag,
      maxParallel: flags.maxParallel,
      wait: flags.wait,
      retries: flags.retries,
      retryScale: flags.retryScale,
      driver,
      signal: context.signal,
      onNote: (note) => context.log.info(note),
      onProgress: ({ batches, shards }) => progress?.update(batches.done + shards.done),
    });
    progress?.end();
    if (run.status === null) {
      const { scatter, reduce, finish } = run.submissions[0];
      if (context.json) context.out.json({ runDirectory: address, jobs: { scatter, reduce, finish } });
      else context.out.write([scatter, reduce, finish].filter((job) => job !== null).join("\n") + "\n");
      return;
    }
    await printFinished(directory, run.status, { submissions: run.submissions }, context);
  } finally {
    progress?.end();
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
  if (context.json) context.out.json({ ...report, ...more });
  else {
    const cells = Object.entries(report.cells).map(([order, count]) => `${formatCount(count)} at ${order}`);
    context.out.table(["what", "value"], [
      ["store", report.store],
      ["granules", `${formatCount(status.granules.scattered)} of ${formatCount(status.granules.total)} read`],
      ["observations", formatCount(report.observations)],
      ["cells", cells.join(", ")],
    ]);
  }
  if (report.failed.length === 0) return;
  for (const { collection, id, reason } of report.failed) context.log.error(`${collection} ${id}: ${reason}`);
  throw new GranaryError(
    "granule",
    `${report.failed.length} of ${status.granules.total} granules could not be read;` +
      ` ${report.incompleteParents.length} parent cells lack them, and the store says so` +
      " (say --resume to try them again)",
    { details: { failed: report.failed.map(({ id }) => id) } },
  );
}

function collect(flag: string, before: string[] | undefined): string[] {
  return [...before ?? [], flag];
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Wanted a whole number.");
  return Number(text);
}

function factor(text: string): number {
  const value = Number(text);
  if (!(value >= 1 && value <= 100)) throw new InvalidArgumentError("Wanted a number from 1 to 100.");
  return value;
}
