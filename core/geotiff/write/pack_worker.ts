/** The worker thread that compresses tiles. */
import { answerTask, type TaskAnswer, type TaskMessage } from "../../workers/task_queue.ts";
import { answerMessages } from "../../workers/worker_port.ts";
import { compressNow, type Packed } from "./compress.ts";
import type { PackTask } from "./pack_pool.ts";

answerMessages<TaskMessage<PackTask>, TaskAnswer<Packed>>(() =>
  answerTask(({ bytes, compression }) => Promise.resolve(compressNow(bytes, compression)))
);
