/** The worker thread of a run. */
import { compileLaterAtFirst } from "../../core/compile_later.ts";
import { answerMessages } from "../../core/workers/worker_port.ts";
import type { FromWorker, ToWorker } from "../engine/contract.ts";
import { TaskRunner } from "./task_runner.ts";

compileLaterAtFirst();
answerMessages<ToWorker, FromWorker>((bridge) => {
  const runner = new TaskRunner({ bridge });
  return (message) => runner.answer(message);
});
