/** `--backend` and what goes with it: who does the pieces of a planned run. */
import { type CommandUnknownOpts, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { GranaryError, inputError } from "../base/errors.ts";
import { formatCount, parseBytes } from "../base/units.ts";
import type { FinishedRun, RunStatus } from "../aggregate/run/pieces.ts";
import type { RunDirectory } from "../aggregate/run/run_directory.ts";
import type { CliContext } from "./context.ts";

const BACKENDS = ["local", "slurm"] as const;

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
}

/** What only Slurm understands. */
const SLURM_FLAGS = ["partition", "account", "time", "cpus", "mem", "sbatchFlag"] as const;

export function addBackendOptions(command: CommandUnknownOpts): void {
  command
    .addOption(
      new Option("--backend <who>", "who does the work: this process, or jobs of Slurm")
        .choices(BACKENDS).default("local"),
    )
    .option("--partition <name>", "slurm: the partition of the jobs")
    .option("--account <name>", "slurm: the account that pays")
    .option("--time <limit>", "slurm: time limit of a task, such as 30 (minutes) or 2:00:00")
    .option("--cpus <n>", "slurm: cores of a task", wholeNumber)
    .option("--mem <size>", "slurm: memory of a task, such as 8GB")
    .option("--sbatch-flag <flag>", "slurm: one more flag of sbatch's (may be repeated)", collect)
    .option("--max-parallel <n>", "pieces that are done at the same time", wholeNumber)
    .option("--wait", "slurm: follow the jobs to their end, and submit again what failed")
    .option("--retries <n>", "how often what failed is tried again", wholeNumber)
    .option("--retry-scale <x>", "slurm: time and memory of a next try, as a multiple", factor);
}

/** The backend that the flags ask for; undefined is this process. */
export function backendFrom(flags: BackendFlags): BackendFlags | undefined {
  const used = (name: keyof BackendFlags) => flags[name] !== undefined;
  if (flags.backend === "slurm") return flags;
  const idle = [...SLURM_FLAGS, "maxParallel", "wait", "retries", "retryScale"].filter((name) =>
    used(name as keyof BackendFlags)
  );
  if (idle.length > 0) {
    const flag = idle[0].replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw inputError(`--${flag} is for another backend than this process (say --backend slurm too)`);
  }
  return undefined;
}

/** Hands a planned run to its backend and prints what came of it. */
export async function runBackend(
  flags: BackendFlags,
  directory: RunDirectory,
  driver: string | undefined,
  context: CliContext,
): Promise<void> {
  const { status } = await import("../aggregate/work.ts");
  const { runOnSlurm } = await import("../aggregate/backends/slurm.ts");
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
