/**
 * A planned run by Slurm: an array of tasks for each stage, each after the one before, and a job that
 * finishes the run after the last. The run's lease is theirs until Slurm has done with them.
 */
import fs from "node:fs";
import path from "node:path";
import { GranaryError } from "../../core/errors.ts";
import { sleep } from "../../core/concurrency.ts";
import type { JobStatus, StageStatus } from "../job.ts";
import type { JobDirectory } from "../run_directory.ts";
import { ownCommand } from "../own_command.ts";
import { NoRoomError, submit, taskStates } from "./slurm_commands.ts";
import { cutStages, readLimits, type SlurmLimits } from "./slurm_limits.ts";
import { Hold, type PlaceHolder } from "./hold.ts";
import { leaseOfJobs } from "./slurm_lease.ts";
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
  /** The place that the run writes to, where no other run may write meanwhile. */
  place?: PlaceHolder;
  signal?: AbortSignal;
  onNote?(note: string): void;
  onProgress?(status: JobStatus): void;
}

const SLURM_DEFAULTS = { cpus: 1, retries: 2, retryScale: 1.5, pollSeconds: 10 } as const;

/** Memory of a task's process where the job's own is not set: for itself, and for each core. */
const TASK_BYTES = 1e9;
const TASK_BYTES_PER_CORE = 5e8;

/** How often in a row Slurm may leave a question open before following ends. */
const MOST_SILENCE = 30;

interface Submission {
  /** The arrays, one a stage that has tasks left, each with how many tasks it has. */
  stages: { name: string; job: string; tasks: number }[];
  /** The job that finishes the run; null where there was no room for it. */
  finish: string | null;
}

/** What a submission came to, and why it is not whole: the cluster has no room for the rest. */
interface Submitted {
  submission: Submission;
  noRoom: string | null;
}

interface SlurmRun {
  submissions: Submission[];
  /** Where the run stands when following ended; null without `wait`. */
  status: JobStatus | null;
}

/**
 * Submits what is left of the run in `directory`, in arrays that the cluster takes; with `wait` follows it,
 * submits what found no room when there is some, and submits again what failed.
 */
export async function runOnSlurm(
  directory: JobDirectory,
  status: () => Promise<JobStatus>,
  options: SlurmOptions = {},
): Promise<SlurmRun> {
  const submissions: Submission[] = [];
  const retries = options.wait ? options.retries ?? SLURM_DEFAULTS.retries : 0;
  let now = await status();
  for (let round = 0; round <= retries;) {
    const stages = now.stages.map(({ name, left, failed }) => ({
      name,
      // What could not be done is tried once more in a run that is begun or resumed.
      tasks: submissions.length === 0 ? union(left, failed) : left,
    }));
    const { submission, noRoom } = await submitRun(directory, stages, round, options);
    const jobs = jobsOf(submission);
    if (jobs.length > 0) {
      submissions.push(submission);
      options.onNote?.(describe(submission));
    }
    if (!options.wait) {
      if (noRoom !== null) throw new NoRoomError(`${noRoom}${leftQueued(submission, "say --resume")}`);
      return { submissions, status: null };
    }
    if (noRoom !== null) options.onNote?.(`${noRoom}; the rest is submitted when there is room`);
    if (jobs.length > 0) await follow(jobs, status, options);
    else await sleep((options.pollSeconds ?? SLURM_DEFAULTS.pollSeconds) * 1000, options.signal);
    const before = tasksLeft(now);
    now = await status();
    if (now.finished) return { submissions, status: now };
    // What comes in turn is no try of the same again, as long as tasks get done.
    const inTurn = noRoom !== null && (jobs.length === 0 || tasksLeft(now) < before);
    if (!inTurn) round += 1;
    options.onNote?.(`${leftOf(now.stages)} left${round <= retries ? "; submitting them" : ""}`);
  }
  throw new GranaryError(
    "io",
    `${directory.name}: ${leftOf(now.stages)} not done after ${submissions.length} submissions` +
      ` (their output is in ${logFolder(directory)}; say --resume to go on)`,
  );
}

function tasksLeft({ stages }: JobStatus): number {
  return stages.reduce((sum, { left }) => sum + left.length, 0);
}

function jobsOf({ stages, finish }: Submission): string[] {
  return [...stages.map(({ job }) => job), ...finish === null ? [] : [finish]];
}

/** What an incomplete submission left in the queue, for a message. */
function leftQueued(submission: Submission, then: string): string {
  const jobs = jobsOf(submission);
  if (jobs.length === 0) return " (nothing is queued: say --resume when there is room, or --wait)";
  return ` (queued and going on: ${
    named(submission)
  }; ${then} when they have ended, and what they do is kept;` +
    ` scancel ${jobs.join(" ")} ends them)`;
}

/** `3 scatter tasks and 2 reduce tasks`. */
function leftOf(stages: readonly StageStatus[]): string {
  return stages.map(({ name, left }) => `${left.length} ${name} ${left.length === 1 ? "task" : "tasks"}`)
    .join(" and ");
}

/** Submits one round: an array a stage, and the job that finishes the run; as much of it as there is room for. */
async function submitRun(
  directory: JobDirectory,
  stages: readonly { name: string; tasks: readonly number[] }[],
  round: number,
  options: SlurmOptions,
): Promise<Submitted> {
  const limits = await readLimits(options);
  const sizes = cutStages(stages.map(({ tasks }) => tasks.length), limits);
  const held = await Hold.take(directory.target, options.place, { signal: options.signal, goesOn: true });
  const made: Submission = { stages: [], finish: null };
  const hold = async (job: string) => {
    await held.handOver(leaseOfJobs([...jobsOf(made), job]));
    return job;
  };
  let noRoom: string | null = null;
  try {
    for (const [at, { name, tasks }] of stages.entries()) {
      if (tasks.length === 0) continue;
      if (sizes[at] === 0) {
        throw new NoRoomError(`the queue has no room for the ${name} array (${limits.by})`);
      }
      const array = await submitArray(directory, name, tasks, sizes[at], limits, made, round, options);
      made.stages.push({ ...array, job: await hold(array.job) });
    }
    if (limits.room !== null && jobsOf(made).length > 0) {
      const used = made.stages.reduce((sum, stage) => sum + stage.tasks, 0);
      if (used >= limits.room) throw new NoRoomError(`the queue has no room for the last job (${limits.by})`);
    }
    const args = [...jobFlags(directory, "finish", round, 1, limits, options), ...after(jobsOf(made))];
    made.finish = await hold(
      await submit(args, finishScript([...ownCommand(), "run", "finish", directory.address])),
    );
  } catch (error) {
    // Jobs that were submitted hold the run; without any nobody does.
    if (jobsOf(made).length === 0) await held.release();
    if (!(error instanceof NoRoomError)) {
      if (jobsOf(made).length === 0 || !(error instanceof GranaryError)) throw error;
      throw new GranaryError(error.tag, error.message + leftQueued(made, "say --resume"), { cause: error });
    }
    noRoom = error.message;
  }
  return { submission: made, noRoom };
}

/** Submits a stage as an array of at most `most` tasks, or of fewer: as many as are taken. */
async function submitArray(
  directory: JobDirectory,
  name: string,
  tasks: readonly number[],
  most: number,
  limits: SlurmLimits,
  made: Submission,
  round: number,
  options: SlurmOptions,
): Promise<{ name: string; job: string; tasks: number }> {
  const limit = options.maxParallel === undefined ? "" : `%${options.maxParallel}`;
  const work = [...ownCommand(), "run", "work", directory.address, "--quiet", ...workFlags(options)];
  for (;;) {
    const groups = groupTasks(tasks, most);
    const longest = Math.max(...groups.map((group) => group.length));
    const args = [
      ...jobFlags(directory, name, round, longest, limits, options),
      ...after(jobsOf(made)),
      `--array=0-${groups.length - 1}${limit}`,
    ];
    try {
      return { name, job: await submit(args, arrayScript(name, groups, work)), tasks: groups.length };
    } catch (error) {
      if (!(error instanceof NoRoomError) || groups.length === 1) throw error;
      most = Math.floor(groups.length / 2);
    }
  }
}

/** Whatever the earlier tasks ended with: a shard needs some of the batches only. */
function after(jobs: readonly string[]): string[] {
  return jobs.length === 0 ? [] : [`--dependency=afterany:${jobs.at(-1)}`];
}

/** Flags of a job that does `tasks` tasks one after the other: `--time` is that of each. */
function jobFlags(
  directory: JobDirectory,
  kind: string,
  round: number,
  tasks: number,
  { maxMinutes }: SlurmLimits,
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
    const each = parseSlurmMinutes(options.time) * scale;
    // A job of several tasks is not refused for what a job of one would be taken with.
    const all = Math.max(each, Math.min(each * tasks, maxMinutes ?? Infinity));
    flags.push(`--time=${formatSlurmMinutes(all)}`);
  }
  if (options.memoryBytes !== undefined) {
    flags.push(`--mem=${Math.ceil((options.memoryBytes * scale) / 1024 ** 2)}M`);
  }
  return [...flags, ...options.flags ?? []];
}

/** A task knows its job's memory from Slurm; where no memory is asked for it is given a modest one. */
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
  jobs: readonly string[],
  status: () => Promise<JobStatus>,
  options: SlurmOptions,
): Promise<void> {
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

function describe(submission: Submission): string {
  return `submitted ${named(submission)}`;
}

function named({ stages, finish }: Submission): string {
  const arrays = stages.map(({ name, job, tasks }) => `${name} array ${job} (${tasks} tasks)`);
  return [...arrays, ...finish === null ? [] : [`finishing job ${finish}`]].join(", ");
}

function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}
