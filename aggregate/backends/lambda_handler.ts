/** Does the pieces that a Lambda function is asked for, with what earlier invocations left warm. */
import { Buffer } from "node:buffer";
import process from "node:process";
import { GranaryError, inputError } from "../../core/errors.ts";
import { finish, PieceWorker } from "../work.ts";
import { parseEvent } from "../../runs/lambda/lambda_event.ts";

/** Of the function's memory, what a piece may use; the rest is for the system and for what is cached. */
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
  #worker: PieceWorker | undefined;
  #invocations = 0;

  constructor(readonly warn: (message: string) => void, readonly env = process.env) {}

  /** The answer to an event, as JSON. A scatter that ran out of time says how many granules are left. */
  async handle(event: Uint8Array, deadlineMs: number): Promise<string> {
    const { runDirectory, planKey, task } = parseEvent(Buffer.from(event).toString("utf8"));
    const started = Date.now();
    const warm = this.#worker !== undefined;
    this.#invocations += 1;
    const about = () => ({ warm, seconds: (Date.now() - started) / 1000 });
    if ("finish" in task) {
      return JSON.stringify({ ...await finish(runDirectory, { onWarning: this.warn }), ...about() });
    }
    const worker = this.#worker ??= new PieceWorker({
      memoryBytes: this.#memoryBytes(),
      onWarning: this.warn,
    });
    const enough = new AbortController();
    const remaining = deadlineMs - started;
    const timer = setTimeout(() => enough.abort(), Math.max(0, remaining - savingMs(remaining)));
    try {
      const done = await worker.do(runDirectory, task, enough.signal, planKey);
      if ("batch" in done && done.granules.left > 0 && done.granules.read === 0) {
        throw inputError(
          `scatter batch ${done.batch}: the function has not the time to read one granule` +
            " (raise its timeout or its memory)",
        );
      }
      return JSON.stringify({ ...done, ...about() });
    } catch (error) {
      this.#worker = undefined;
      await worker.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #memoryBytes(): number | undefined {
    const megabytes = Number(this.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
    return megabytes > 0 ? Math.floor(megabytes * 1024 * 1024 * MEMORY_SHARE) : undefined;
  }

  async close(): Promise<void> {
    await this.#worker?.close();
    this.#worker = undefined;
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
