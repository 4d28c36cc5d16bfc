/** Answers messages, in a worker thread or on this one: a failure is an answer like any other. */
import { serializeError } from "../../core/errors.ts";
import type { FromWorker, ToWorker } from "../engine/contract.ts";
import { TaskRunner, type TaskRunnerOptions } from "./task_runner.ts";

export class Answerer {
  #runner: TaskRunner | undefined;

  constructor(readonly options: TaskRunnerOptions) {}

  /** The answer to a task; a context has none. */
  async answer(message: ToWorker): Promise<FromWorker | undefined> {
    if (message.type === "start") {
      this.#runner = new TaskRunner(message.context, message.worker, this.options);
      return undefined;
    }
    const { id } = message;
    try {
      switch (message.type) {
        case "scatter":
          return { type: "scattered", id, outcome: await this.#started().scatter(message.task) };
        case "spill":
          return { type: "spilled", id, outcome: this.#started().spill(message.task) };
        case "reduce":
          return { type: "reduced", id, outcome: this.#started().reduce(message.task) };
      }
    } catch (error) {
      const slabs = this.#runner?.reportSlabs() ?? { opened: [], filled: [] };
      return { type: "failed", id, error: serializeError(error), slabs };
    }
  }

  #started(): TaskRunner {
    if (this.#runner === undefined) throw new Error("a task came before the context of its run");
    return this.#runner;
  }
}
