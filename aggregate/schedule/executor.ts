/** Who runs a run's tasks: worker threads, or this thread in their place for tests and debugging. */
import { Worker } from "node:worker_threads";
import type { SourceOpener } from "../../core/access/open.ts";
import { kernelModule } from "../../core/kernels/kernels.ts";
import { InlineSlots, type Slots, ThreadSlots } from "../../core/workers/slots.ts";
import type { FromWorker, RunContext, ToWorker } from "../engine/contract.ts";
import { TaskRunner, type TaskRunnerOptions } from "./task_runner.ts";

export interface Executor extends Slots<ToWorker, FromWorker> {
  /** Sends the context of a run to every slot; tasks of that run follow. */
  start(context: RunContext): void;
}

export class ThreadExecutor extends ThreadSlots<ToWorker, FromWorker> implements Executor {
  constructor(slots: number, opener?: () => Promise<SourceOpener>) {
    super(
      slots,
      () => new Worker(new URL("./worker.ts", import.meta.url), { workerData: { kernels: kernelModule() } }),
      opener,
    );
  }

  start(context: RunContext): void {
    for (let slot = 0; slot < this.slots; slot++) {
      this.post(slot, { type: "start", context, worker: slot + 1 });
    }
  }
}

/** The same on this thread, one task after the other. */
export class InlineExecutor extends InlineSlots<ToWorker, FromWorker> implements Executor {
  constructor(options: TaskRunnerOptions = {}) {
    const runner = new TaskRunner(options);
    super((message) => runner.answer(message));
  }

  start(context: RunContext): void {
    this.post(0, { type: "start", context, worker: 1 });
  }
}

/** Worker threads, or this thread for none. `opener` reads what is not on a local disk. */
export function startExecutor(workers: number, opener?: () => Promise<SourceOpener>): Executor {
  return workers > 0 ? new ThreadExecutor(workers, opener) : new InlineExecutor();
}
