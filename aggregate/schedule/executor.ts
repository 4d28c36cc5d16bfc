/**
 * Who runs tasks: worker threads, or this thread as their twin for tests and debugging. Each executor
 * has lanes; a lane does one task at a time and answers every task once.
 */
import { Worker } from "node:worker_threads";
import { deserializeError, GranaryError } from "../../core/errors.ts";
import type { BridgeServer } from "../../core/access/bridge.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import type { FromWorker, RunContext, ToWorker } from "../engine/contract.ts";
import { Answerer } from "./answerer.ts";
import type { TaskRunnerOptions } from "./task_runner.ts";

export interface Executor {
  readonly lanes: number;
  /** Sends the context of a run to every lane; tasks of that run follow. */
  start(context: RunContext): void;
  post(lane: number, message: ToWorker): void;
  /** Set before the first post. */
  onMessage: (lane: number, message: FromWorker) => void;
  /** A lane that died without answering: the run cannot go on. */
  onCrash: (lane: number, error: Error) => void;
  close(): Promise<void>;
}

/** Worker threads, started at once so that they are up when the plan is. */
export class ThreadExecutor implements Executor {
  onMessage: Executor["onMessage"] = () => {};
  onCrash: Executor["onCrash"] = () => {};
  #workers: Worker[];
  #closing = false;

  /** `opener` reads remote bytes for the workers; it holds the credentials, which they never see. */
  constructor(readonly lanes: number, opener?: () => Promise<SourceOpener>) {
    this.#workers = Array.from({ length: lanes }, (_, lane) => {
      const worker = new Worker(new URL("./worker.ts", import.meta.url));
      let bridge: Promise<BridgeServer> | undefined;
      worker.on("message", (message: FromWorker) => {
        if (message.type === "crashed") return this.#crash(lane, deserializeError(message.error));
        if (message.type !== "bridge") return this.onMessage(lane, message);
        bridge ??= serveBridge(opener);
        bridge.then((server) => server.handle(message.request)).catch((error) => this.#crash(lane, error));
      });
      worker.on("error", (error: Error) => this.#crash(lane, error));
      worker.on("messageerror", (error: Error) => this.#crash(lane, error));
      worker.on("exit", (code: number) => {
        this.#crash(lane, new GranaryError("io", `worker ${lane} ended with code ${code} (out of memory?)`));
      });
      return worker;
    });
  }

  #crash(lane: number, error: Error): void {
    if (!this.#closing) this.onCrash(lane, error);
  }

  start(context: RunContext): void {
    this.#workers.forEach((_, worker) => this.post(worker, { type: "start", context, worker: worker + 1 }));
  }

  post(lane: number, message: ToWorker): void {
    this.#workers[lane].postMessage(message);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

async function serveBridge(opener: (() => Promise<SourceOpener>) | undefined): Promise<BridgeServer> {
  if (opener === undefined) {
    throw new Error("a worker asked for remote bytes in a run without remote granules");
  }
  const { BridgeServer } = await import("../../core/access/bridge.ts");
  return new BridgeServer(await opener());
}

/** The same on this thread, one task after the other. */
export class InlineExecutor implements Executor {
  readonly lanes = 1;
  onMessage: Executor["onMessage"] = () => {};
  onCrash: Executor["onCrash"] = () => {};
  #answerer: Answerer;
  #chain: Promise<void> = Promise.resolve();

  constructor(options: TaskRunnerOptions = {}) {
    this.#answerer = new Answerer(options);
  }

  start(context: RunContext): void {
    this.post(0, { type: "start", context, worker: 1 });
  }

  post(lane: number, message: ToWorker): void {
    this.#chain = this.#chain
      .then(() => this.#answerer.answer(message))
      .then((answer) => {
        if (answer !== undefined) this.onMessage(lane, answer);
      })
      .catch((error) => this.onCrash(lane, error));
  }

  async close(): Promise<void> {
    await this.#chain;
  }
}

/** Worker threads, or this thread for none. `opener` reads what is not on a local disk. */
export function startExecutor(workers: number, opener?: () => Promise<SourceOpener>): Executor {
  return workers === 0 ? new InlineExecutor() : new ThreadExecutor(workers, opener);
}
