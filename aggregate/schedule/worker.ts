/** The worker thread: listens first, then answers each message in turn. */
import { parentPort } from "node:worker_threads";
import { serializeError } from "../../core/errors.ts";
import { BridgeClient } from "../../core/access/bridge.ts";
import { Answerer } from "./answerer.ts";
import type { FromWorker, ToWorker } from "../engine/contract.ts";

const port = parentPort;
if (port === null) throw new Error("worker.ts runs in a worker thread only");

const say = (message: FromWorker): void => port.postMessage(message);
const bridge = new BridgeClient((request) => say({ type: "bridge", request }));
const answerer = new Answerer({ bridge });
let chain: Promise<void> = Promise.resolve();

port.on("message", (message: ToWorker) => {
  chain = chain.then(() => answerer.answer(message)).then(
    (answer) => {
      if (answer !== undefined) say(answer);
    },
    // Not a task's failure but the context's: every task after it would fail too.
    (error) => say({ type: "crashed", error: serializeError(error) }),
  );
});
