/**
 * A planned run by a Lambda function: an invocation for each piece, so many at the same time. A scatter
 * that ran out of time is invoked again until nothing is left of it.
 */
import { GranaryError } from "../../core/errors.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import { mapBounded } from "../../core/concurrency.ts";
import { Lease } from "../../runs/lease.ts";
import type { RunDirectory } from "../run/run_directory.ts";
import { sealJson, unsealJson } from "../../core/files/sealed_json.ts";
import type { RunStatus } from "../run/pieces.ts";
import { addInvocation, BILL_KEY, emptyBill, type LambdaBill } from "../../runs/lambda/lambda_bill.ts";
import { type Invocation, LambdaClient } from "../../runs/lambda/lambda_client.ts";
import { jobLeaseOptions } from "../../runs/slurm/slurm_lease.ts";

interface LambdaOptions {
  functionName: string;
  region?: string;
  maxParallel?: number;
  /** How often an invocation that timed out or died is sent again. */
  retries?: number;
  signal?: AbortSignal;
  onNote?(note: string): void;
  onProgress?(piecesDone: number, pieces: number): void;
}

const LAMBDA_DEFAULTS = { maxParallel: 50, retries: 2 } as const;

/** Does all pieces that are left of the run; sealing the store is the caller's. Returns the bill. */
export async function runOnLambda(
  directory: RunDirectory,
  status: RunStatus,
  planKey: string,
  opener: SourceOpener,
  options: LambdaOptions,
): Promise<LambdaBill> {
  const { functionName, maxParallel = LAMBDA_DEFAULTS.maxParallel } = options;
  const client = await LambdaClient.open(opener, functionName, options.region, maxParallel);
  const earlier = await directory.target.get(BILL_KEY);
  const bill: LambdaBill = earlier === undefined ? emptyBill() : unsealJson(earlier) as LambdaBill;
  const address = directory.folder ?? directory.name;
  const run = new LambdaRun(client, { run_dir: address, plan: planKey }, bill, options);
  const scatter = [...new Set([...status.batches.left, ...status.batches.failed])].sort((a, b) => a - b);
  const reduce = [...new Set([...status.shards.left, ...status.shards.lacking])].sort((a, b) => a - b);
  const pieces = scatter.length + reduce.length;
  let done = 0;
  const each = async (task: { scatter: number } | { reduce: number }) => {
    options.signal?.throwIfAborted();
    await run.piece(task);
    options.onProgress?.(++done, pieces);
  };
  const lease = await Lease.take(directory.target, { signal: options.signal, ...jobLeaseOptions() });
  try {
    await mapBounded(scatter, maxParallel, (n) => each({ scatter: n }));
    await mapBounded(reduce, maxParallel, (n) => each({ reduce: n }));
  } finally {
    bill.retried += client.throttled;
    await directory.target.put(BILL_KEY, sealJson(JSON.stringify(bill)));
    await lease.release();
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

  /** One piece to its end. */
  async piece(task: { scatter: number } | { reduce: number }): Promise<void> {
    const what = "scatter" in task ? `scatter batch ${task.scatter}` : `shard ${task.reduce}`;
    let deaths = 0;
    for (;;) {
      const invocation = await this.client.invoke({ ...this.common, ...task });
      addInvocation(this.bill, invocation.logTail, invocation.seconds);
      if (invocation.functionError !== undefined) {
        deaths = this.#died(what, invocation, deaths);
        continue;
      }
      const { granules } = invocation.payload as { granules?: { left: number } };
      if (granules === undefined || granules.left === 0) return;
      this.options.onNote?.(`${what}: ${granules.left} granules are left; invoking it again`);
    }
  }

  /** Whether a failed invocation may be sent again: one that was told why by granary may not. */
  #died(what: string, { payload, functionError }: Invocation, deaths: number): number {
    const { errorType, errorMessage } = payload as { errorType?: string; errorMessage?: string };
    const told = `${what}: ${errorMessage ?? functionError}`;
    const tag = /^granary\.(input|credential|io)$/.exec(errorType ?? "")?.[1];
    if (tag === "input" || tag === "credential") throw new GranaryError(tag, told);
    if (deaths >= (this.options.retries ?? LAMBDA_DEFAULTS.retries)) {
      throw new GranaryError(
        "io",
        `${told}, ${deaths + 1} times (its log tells more; say --resume to go on)`,
      );
    }
    this.bill.retried += 1;
    this.options.onNote?.(`${told}; invoking it again`);
    return deaths + 1;
  }
}
