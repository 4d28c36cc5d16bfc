/** The worker thread: listens first, then answers each message with the task runner's answer. */
import { parentPort } from "node:worker_threads";
import { BridgeClient } from "../../catalog/access/bridge.ts";
import { serializeError } from "../../base/errors.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { TaskRunner } from "./task_runner.ts";

const port = parentPort;
if (port === null) throw new Error("worker.ts runs in a worker thread only");

const bridge = new BridgeClient((request) => port.postMessage({ type: "bridge", request }));
let runner: TaskRunner | undefined;
let chain: Promise<void> = Promise.resolve();

port.on("message", (message: ToWorker) => {
  chain = chain.then(async () => {
    let answer: FromWorker | undefined;
    try {
      if (message.type === "start") runner = new TaskRunner(message.context, message.worker, { bridge });
      else answer = await runner!.answer(message);
    } catch (error) {
      answer = {
        type: "failed",
        id: message.type === "start" ? -1 : message.id,
        error: serializeError(error),
        slabs: { opened: [], filled: [] },
      };
    }
    if (answer !== undefined) port.postMessage(answer);
  });
});
