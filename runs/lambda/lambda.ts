/**
 * A planned run by a Lambda function: an invocation for each task, so many at the same time, stage after
 * stage. A task that ran out of time is invoked again until nothing is left of it.
 */
import { GranaryError } from "../../core/errors.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import { mapBounded } from "../../core/concurrency.ts";
import type { JobStatus } from "../job.ts";
import type { JobDirectory } from "../run_directory.ts";
import { encodeCheckedJson } from "../../core/files/checked_json.ts";
import { addInvocation, BILL_KEY, emptyBill, type LambdaBill } from "./lambda_bill.ts";
import { type Invocation, LambdaClient } from "./lambda_client.ts";
import { Hold, type PlaceHolder } from "../slurm/hold.ts";

interface LambdaOptions {
  functionName: string;
  region?: string;
  maxParallel?: number;
  /** How often an invocation that timed out or died is sent again. */
  retries?: number;
  /** The place that the run writes to, where no other run may write meanwhile. */
  place?: PlaceHolder;
  signal?: AbortSignal;
  onNote?(note: string): void;
  onProgress?(done: number, tasks: number): void;
}

const LAMBDA_DEFAULTS = { maxParallel: 50, retries: 2 } as const;

/** Does all tasks that are left of the run; finishing it is the caller's. Returns the bill. */
export async function runOnLambda(
  directory: JobDirectory,
  status: JobStatus,
  planKey: string,
  opener: SourceOpener,
  options: LambdaOptions,
): Promise<LambdaBill> {
  const { functionName, maxParallel = LAMBDA_DEFAULTS.maxParallel } = options;
  const client = await LambdaClient.open(opener, functionName, options.region, maxParallel);
  const bill = await directory.record<LambdaBill>(BILL_KEY) ?? emptyBill();
  const run = new LambdaRun(client, { run_dir: directory.address, plan: planKey }, bill, options);
  const stages = status.stages.map(({ name, left, failed }) => ({
    name,
    tasks: [...new Set([...left, ...failed])].sort((a, b) => a - b),
  }));
  const total = stages.reduce((sum, { tasks }) => sum + tasks.length, 0);
  let done = 0;
  const held = await Hold.take(directory.target, options.place, { signal: options.signal, goesOn: true });
  try {
    for (const { name, tasks } of stages) {
      await mapBounded(tasks, maxParallel, async (task) => {
        options.signal?.throwIfAborted();
        await run.task(name, task);
        options.onProgress?.(++done, total);
      });
    }
  } finally {
    bill.retried += client.throttled;
    await directory.target.put(BILL_KEY, encodeCheckedJson(JSON.stringify(bill)));
    await held.release();
  }
  return bill;
}

class LambdaRun {
  constructor(
    readonly client: LambdaClient,
    readonly common: Record<string, unknown>,
    readonly bill: LambdaBill,
    readonly options: LambdaOptions,
  ) {}

  /** One task to its end. */
  async task(stage: string, task: number): Promise<void> {
    const what = `${stage} task ${task}`;
    let deaths = 0;
    for (;;) {
      const invocation = await this.client.invoke({ ...this.common, stage, task });
      addInvocation(this.bill, invocation.logTail, invocation.seconds);
      if (invocation.functionError !== undefined) {
        deaths = this.#died(what, invocation, deaths);
        continue;
      }
      const { left } = invocation.payload as { left?: number };
      if (left === undefined || left === 0) return;
      this.options.onNote?.(`${what}: ${left} left; invoking it again`);
    }
  }

  /** Whether a failed invocation may be sent again: one that granary itself refused may not. */
  #died(what: string, { payload, functionError }: Invocation, deaths: number): number {
    const { errorType, errorMessage } = payload as { errorType?: string; errorMessage?: string };
    const reported = `${what}: ${errorMessage ?? functionError}`;
    const tag = /^granary\.(input|credential|io)$/.exec(errorType ?? "")?.[1];
    if (tag === "input" || tag === "credential") throw new GranaryError(tag, reported);
    if (deaths >= (this.options.retries ?? LAMBDA_DEFAULTS.retries)) {
      throw new GranaryError(
        "io",
        `${reported}, ${deaths + 1} times (its log tells more; say --resume to go on)`,
      );
    }
    this.bill.retried += 1;
    this.options.onNote?.(`${reported}; invoking it again`);
    return deaths + 1;
  }
}
