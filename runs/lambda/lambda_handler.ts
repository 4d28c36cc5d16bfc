/** Does the tasks that a Lambda function is asked for, with what earlier invocations left warm. */
import { Buffer } from "node:buffer";
import process from "node:process";
import { GranaryError, inputError } from "../../core/errors.ts";
import type { JobKind, JobKinds, TaskWorker } from "../job.ts";
import { openJob } from "../open_job.ts";
import { parseEvent } from "./lambda_event.ts";

/** Of the function's memory, what a task may use; the rest is for the system and for what is cached. */
const MEMORY_SHARE = 0.75;

/** Time that is kept for saving what was read: a share of what an invocation has, within bounds. */
const SAVING_SHARE = 0.15;
const LEAST_SAVING_MS = 2_000;
const MOST_SAVING_MS = 60_000;

/** Milliseconds before the deadline at which no further granule is begun. */
function savingMs(remainingMs: number): number {
  return Math.min(remainingMs / 2, MOST_SAVING_MS, Math.max(LEAST_SAVING_MS, remainingMs * SAVING_SHARE));
}

export class LambdaHandler {
  readonly #workers = new Map<JobKind, TaskWorker>();
  #invocations = 0;

  constructor(
    readonly kinds: JobKinds,
    readonly warn: (message: string) => void,
    readonly env = process.env,
  ) {}

  /** The answer to an event, as JSON. A task that ran out of time says how much is left. */
  async handle(event: Uint8Array, deadlineMs: number): Promise<string> {
    const { runDirectory, planKey, task } = parseEvent(Buffer.from(event).toString("utf8"));
    const started = Date.now();
    const warm = this.#invocations > 0;
    this.#invocations += 1;
    const about = () => ({ warm, seconds: (Date.now() - started) / 1000 });
    if ("planFrom" in task) return JSON.stringify({ ...await this.#plan(runDirectory, task), ...about() });
    const job = await openJob(runDirectory, this.kinds, { onWarning: this.warn });
    if ("finish" in task) {
      const { failed, detail } = await job.finish(runDirectory, { onWarning: this.warn });
      return JSON.stringify({ ...detail, failed, ...about() });
    }
    const worker = this.#workers.get(job) ?? job.worker({
      memoryBytes: this.#memoryBytes(),
      onWarning: this.warn,
    });
    this.#workers.set(job, worker);
    const enough = new AbortController();
    const remaining = deadlineMs - started;
    const timer = setTimeout(() => enough.abort(), Math.max(0, remaining - savingMs(remaining)));
    try {
      const { detail, ...done } = await worker.do(runDirectory, task.stage, task.task, {
        enough: enough.signal,
        planKey,
      });
      if (done.left > 0 && done.begun === 0) {
        throw inputError(
          `${task.stage} task ${task.task}: the function has not the time to do one part of it` +
            " (raise its timeout or its memory)",
        );
      }
      return JSON.stringify({ ...detail, ...done, ...about() });
    } catch (error) {
      this.#workers.delete(job);
      await worker.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #plan(runDirectory: string, { kind, planFrom }: { kind: string; planFrom: string }) {
    const job = await this.kinds[kind]?.();
    if (job?.plan === undefined) throw inputError(`no runs of kind "${kind}" are planned by a function`);
    return await job.plan(planFrom, runDirectory, { onWarning: this.warn });
  }

  #memoryBytes(): number | undefined {
    const megabytes = Number(this.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
    return megabytes > 0 ? Math.floor(megabytes * 1024 * 1024 * MEMORY_SHARE) : undefined;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.close()));
    this.#workers.clear();
  }
}

/** An error in the form of Lambda's runtimes. */
export function lambdaError(
  error: unknown,
): { errorType: string; errorMessage: string; stackTrace: string[] } {
  const known = error instanceof Error ? error : new Error(String(error));
  const tagged = error instanceof GranaryError;
  return {
    errorType: tagged ? `granary.${error.tag}` : `granary.bug`,
    errorMessage: known.message,
    stackTrace: tagged ? [] : (known.stack ?? "").split("\n").slice(1).map((line) => line.trim()),
  };
}
