/**
 * A planned run by Slurm: an array of tasks for each stage, each after the one before, and a job that
 * finishes the run after the last. The run's lease is theirs until Slurm has done with them.
 */
import fs from "node:fs";
import path from "node:path";
import { GranaryError } from "../../core/errors.ts";
import { sleep } from "../../core/concurrency.ts";
import { Lease } from "../lease.ts";
import type { JobStatus, StageStatus } from "../job.ts";
import type { JobDirectory } from "../run_directory.ts";
import { ownCommand } from "../own_command.ts";
import { maxArraySize, submit, taskStates } from "./slurm_commands.ts";
import { jobLeaseOptions, leaseOfJobs } from "./slurm_lease.ts";
import {
  arrayScript,
  finishScript,
  formatSlurmMinutes,
  groupTasks,
  parseSlurmMinutes,
} from "./slurm_script.ts";

interface SlurmOptions {
  partition?: string;
  account?: string;
  /** As Slurm reads it. */
  time?: string;
  cpus?: number;
  memoryBytes?: number;
  /** More flags of sbatch's, each as one word. */
  flags?: readonly string[];
  /** Tasks of an array that run at the same time. */
  maxParallel?: number;
  /** Follow the jobs until they have ended. */
  wait?: boolean;
  /** How often what failed is submitted again; with `wait` only. */
  retries?: number;
  /** What time and memory are multiplied by at each of these. */
  retryScale?: number;
  pollSeconds?: number;
  driver?: string;
  signal?: AbortSignal;
  onNote?(note: string): void;
  onProgress?(status: JobStatus): void;
}

const SLURM_DEFAULTS = { cpus: 1, retries: 2, retryScale: 1.5, pollSeconds: 10 } as const;

/** Memory of a task's process where the job's own is not told: for itself, and for each core. */
const TASK_BYTES = 1e9;
const TASK_BYTES_PER_CORE = 5e8;

/** How often in a row Slurm may leave a question open before following ends. */
const MOST_SILENCE = 30;

interface Submission {
  /** The arrays, one a stage that has tasks left. */
  stages: { name: string; job: string; tasks: number }[];
  finish: string;
}

interface SlurmRun {
  submissions: Submission[];
  /** Where the run stands when following ended; null without `wait`. */
  status: JobStatus | null;
}

/** Submits what is left of the run in `directory`; with `wait` follows it and submits again what failed. */
export async function runOnSlurm(
  directory: JobDirectory,
  status: () => Promise<JobStatus>,
  options: SlurmOptions = {},
): Promise<SlurmRun> {
  const submissions: Submission[] = [];
  const retries = options.wait ? options.retries ?? SLURM_DEFAULTS.retries : 0;
  let now = await status();
  for (let round = 0; round <= retries; round++) {
    const stages = now.stages.map(({ name, left, failed }) => ({
      name,
      // What could not be done is tried once more in a run that is begun or resumed.
      tasks: round === 0 ? union(left, failed) : left,
    }));
    const submission = await submitRun(directory, stages, round, options);
    submissions.push(submission);
    options.onNote?.(describe(submission));
    if (!options.wait) return { submissions, status: null };
    await follow(submission, status, options);
    now = await status();
    if (now.finished) return { submissions, status: now };
    options.onNote?.(
      `${leftOf(now.stages)} left${round < retries ? "; submitting them again" : ""}`,
    );
  }
  throw new GranaryError(
    "io",
    `${directory.name}: ${leftOf(now.stages)} not done after ${submissions.length} submissions` +
      ` (their output is in ${logFolder(directory)}; say --resume to go on)`,
  );
}

/** `3 scatter tasks and 2 reduce tasks`. */
function leftOf(stages: readonly StageStatus[]): string {
  return stages.map(({ name, left }) => `${left.length} ${name} ${left.length === 1 ? "task" : "tasks"}`)
    .join(" and ");
}

/** Submits one round: an array a stage, and the job that finishes the run. */
async function submitRun(
  directory: JobDirectory,
  stages: readonly { name: string; tasks: readonly number[] }[],
  round: number,
  options: SlurmOptions,
): Promise<Submission> {
  const most = await maxArraySize();
  const lease = await Lease.take(directory.target, { signal: options.signal, ...jobLeaseOptions() });
  const jobs: string[] = [];
  try {
    const hold = async (job: string) => {
      jobs.push(job);
      await lease.handOver(leaseOfJobs(jobs));
      return job;
    };
    const made: Submission = { stages: [], finish: "" };
    for (const { name, tasks } of stages) {
      if (tasks.length === 0) continue;
      const groups = groupTasks(tasks, most);
      const limit = options.maxParallel === undefined ? "" : `%${options.maxParallel}`;
      const args = [
        ...jobFlags(directory, name, round, options),
        ...after(jobs),
        `--array=0-${groups.length - 1}${limit}`,
      ];
      const work = [...ownCommand(), "run", "work", directory.address, "--quiet", ...workFlags(options)];
      const job = await hold(await submit(args, arrayScript(name, groups, work)));
      made.stages.push({ name, job, tasks: groups.length });
    }
    const args = [...jobFlags(directory, "finish", round, options), ...after(jobs)];
    made.finish = await hold(
      await submit(args, finishScript([...ownCommand(), "run", "finish", directory.address])),
    );
    return made;
  } catch (error) {
    // Jobs that were submitted hold the run; without any nobody does.
    if (jobs.length === 0) await lease.release();
    throw error;
  }
}

/** Whatever the earlier tasks ended with: a shard needs some of the batches only. */
function after(jobs: readonly string[]): string[] {
  return jobs.length === 0 ? [] : [`--dependency=afterany:${jobs.at(-1)}`];
}

function jobFlags(
  directory: JobDirectory,
  kind: string,
  round: number,
  options: SlurmOptions,
): string[] {
  const scale = (options.retryScale ?? SLURM_DEFAULTS.retryScale) ** round;
  const array = kind === "finish" ? "%j" : "%A_%a";
  const flags = [
    `--job-name=granary-${kind}`,
    `--cpus-per-task=${options.cpus ?? SLURM_DEFAULTS.cpus}`,
    "--nodes=1",
    "--ntasks=1",
    "--requeue",
    "--open-mode=append",
    `--output=${path.join(logFolder(directory), `${kind}-${array}.log`)}`,
  ];
  if (options.partition !== undefined) flags.push(`--partition=${options.partition}`);
  if (options.account !== undefined) flags.push(`--account=${options.account}`);
  if (options.time !== undefined) {
    flags.push(`--time=${formatSlurmMinutes(parseSlurmMinutes(options.time) * scale)}`);
  }
  if (options.memoryBytes !== undefined) {
    flags.push(`--mem=${Math.ceil((options.memoryBytes * scale) / 1024 ** 2)}M`);
  }
  return [...flags, ...options.flags ?? []];
}

/** A task knows its job's memory from Slurm; where no memory is asked for it is told a modest one. */
function workFlags({ cpus = SLURM_DEFAULTS.cpus, memoryBytes, driver }: SlurmOptions): string[] {
  const memory = memoryBytes === undefined ? ["--memory", `${TASK_BYTES + TASK_BYTES_PER_CORE * cpus}`] : [];
  return [...memory, ...driver === undefined ? [] : ["--driver", driver]];
}

/** Jobs write their output into the run directory, or where they were submitted if that is elsewhere. */
function logFolder(directory: JobDirectory): string {
  if (directory.folder === null) return path.resolve(".");
  const folder = path.join(directory.folder, "slurm");
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

/** Waits until Slurm has done with the jobs. */
async function follow(
  submission: Submission,
  status: () => Promise<JobStatus>,
  options: SlurmOptions,
): Promise<void> {
  const jobs = [...submission.stages.map(({ job }) => job), submission.finish];
  const seconds = options.pollSeconds ?? SLURM_DEFAULTS.pollSeconds;
  let silence = 0;
  for (;;) {
    const states = await taskStates(jobs);
    silence = states === undefined ? silence + 1 : 0;
    if (states?.length === 0) return;
    if (silence > MOST_SILENCE) {
      throw new GranaryError(
        "io",
        `squeue does not tell of the jobs ${jobs.join(", ")} (they go on: ask granary run status)`,
      );
    }
    options.onProgress?.(await status());
    try {
      await sleep(seconds * 1000, options.signal);
    } catch (error) {
      if (options.signal?.aborted) {
        options.onNote?.(
          `the jobs ${jobs.join(", ")} go on without being followed (scancel ${jobs.join(" ")} ends them)`,
        );
      }
      throw error;
    }
  }
}

function describe({ stages, finish }: Submission): string {
  const arrays = stages.map(({ name, job, tasks }) => `${name} array ${job} (${tasks} tasks)`);
  return `submitted ${[...arrays, `finishing job ${finish}`].join(", ")}`;
}

function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}
