/** The worker thread that compresses tiles. */
import { answerTask, type TaskAnswer, type TaskMessage } from "../../workers/task_queue.ts";
import { answerMessages } from "../../workers/worker_port.ts";
import { compressNow } from "./compress.ts";
import type { PackTask } from "./pack_pool.ts";

answerMessages<TaskMessage<PackTask>, TaskAnswer<Uint8Array>>(() =>
  answerTask(({ bytes, compression }) => Promise.resolve(compressNow(bytes, compression)))
);
