/** `--backend` and what goes with it: who does the tasks of a planned run. */
import { type CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { inputError } from "../../core/errors.ts";
import { parseBytes } from "../../core/units.ts";
import { countOf, numberWithin, whole } from "./numbers.ts";
import { gather, gathering } from "./repeated.ts";

const BACKENDS = ["local", "slurm", "lambda"] as const;

export interface BackendFlags {
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

/** Jobs of Slurm. */
export interface SlurmBackend {
  kind: "slurm";
  partition?: string;
  account?: string;
  time?: string;
  cpus?: number;
  memoryBytes?: number;
  flags?: string[];
  maxParallel?: number;
  wait: boolean;
  retries?: number;
  retryScale?: number;
}

/** A Lambda function. */
export interface LambdaBackend {
  kind: "lambda";
  functionName: string;
  region?: string;
  maxParallel?: number;
  retries?: number;
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
  command.optionsGroup("Backend:");
  command
    .addOption(
      new Option(
        "--backend <name>",
        "what does the tasks: local (this process), slurm (jobs) or lambda (a function)",
      ).choices(BACKENDS).default("local"),
    )
    .option("--max-parallel <n>", "slurm, lambda: tasks that run at the same time", countOf)
    .option("--retries <n>", "slurm, lambda: how often a task that failed is tried again", whole());
  command.optionsGroup("Slurm:");
  command
    .option("--partition <name>", "the partition of the jobs")
    .option("--account <name>", "the account that pays")
    .option("--time <limit>", "time limit of a task, such as 30 (minutes) or 2:00:00")
    .option("--cpus <n>", "cores of a task", countOf)
    .option("--mem <size>", "memory of a task, such as 8GB")
    .addOption(
      gathering(
        new Option("--sbatch-flag <flag>", "one more flag of sbatch's (may be repeated)").argParser(gather),
      ),
    )
    .option("--wait", "follow the jobs to their end, and submit again what failed")
    .option(
      "--retry-scale <x>",
      "time and memory of a next try, as a multiple",
      numberWithin(1, 100),
    );
  command.optionsGroup("Lambda:");
  command
    .option("--function-name <name>", "the function's name or ARN (see granary deploy aws)")
    .option("--aws-region <region>", "the function's region (default: as the AWS tools find it)");
}

/** `us-west-2`: no place on a map has such a name. */
const AWS_REGION = /^[a-z]{2,3}(-[a-z]+)+-\d$/;

/** The backend that the flags ask for; undefined is this process. */
export function backendFrom(
  flags: BackendFlags & { region?: string },
): SlurmBackend | LambdaBackend | undefined {
  const backend = flags.backend ?? "local";
  if (flags.region !== undefined && AWS_REGION.test(flags.region)) {
    throw inputError(
      `--region ${flags.region}: --region names an area on the map (a region of AWS is --aws-region)`,
    );
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
  if (backend === "local") return undefined;
  const { maxParallel, retries } = flags;
  if (backend === "slurm") {
    const { partition, account, time, cpus, mem, sbatchFlag, wait, retryScale } = flags;
    return {
      kind: "slurm",
      partition,
      account,
      time,
      cpus,
      memoryBytes: mem === undefined ? undefined : parseBytes(mem),
      flags: sbatchFlag,
      maxParallel,
      wait: wait ?? false,
      retries,
      retryScale,
    };
  }
  if (flags.functionName === undefined) {
    throw inputError("--backend lambda needs --function-name (granary deploy aws prints what makes one)");
  }
  return { kind: "lambda", functionName: flags.functionName, region: flags.awsRegion, maxParallel, retries };
}
