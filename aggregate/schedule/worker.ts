/** The worker thread of a run. */
import { answerMessages } from "../../core/workers/worker_port.ts";
import type { FromWorker, ToWorker } from "../engine/contract.ts";
import { Answerer } from "./answerer.ts";

answerMessages<ToWorker, FromWorker>((bridge) => {
  const answerer = new Answerer({ bridge });
  return (message) => answerer.answer(message);
});
