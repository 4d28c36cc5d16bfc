/** A worker thread's side: it listens first, then answers each message in its turn. */
import { parentPort } from "node:worker_threads";
import { serializeError } from "../errors.ts";
import { BridgeClient } from "../access/bridge.ts";
import type { WorkerNotice } from "./slots.ts";

/**
 * Answers every message by what `makeAnswer` gives, which gets what reads remote bytes. An answer that is
 * undefined is none. Throws outside of a worker thread.
 */
export function answerMessages<To, From>(
  makeAnswer: (bridge: BridgeClient) => (message: To) => Promise<From | undefined>,
): void {
  const port = parentPort;
  if (port === null) throw new Error("this module runs in a worker thread only");
  const notify = (notice: WorkerNotice): void => port.postMessage(notice);
  const answer = makeAnswer(new BridgeClient((request) => notify({ type: "bridge", request })));
  let chain: Promise<void> = Promise.resolve();
  port.on("message", (message: To) => {
    chain = chain.then(() => answer(message)).then(
      (found) => {
        if (found !== undefined) port.postMessage(found);
      },
      // Not a task's failure but the context's: every task after it would fail too.
      (error) => notify({ type: "crashed", error: serializeError(error) }),
    );
  });
}
